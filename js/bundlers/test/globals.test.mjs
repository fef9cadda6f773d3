// A single file shares its top level with the class of the user, which must not take a name that the
// trampoline expects to be JavaScript's or TypeScript's own: `class Math` would break `Math.min`.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import ts from "typescript-5";
import { modules } from "../../test/support/artifact.mjs";
import { root } from "../../test/support/program.mjs";

/** Names in the sources, of values and of types, that no module declares. */
function globalsOfSources() {
  const files = modules.map(({ name }) => join(root, "src", `${name}.ts`));
  const options = { target: ts.ScriptTarget.ES2022, lib: ["lib.es2022.d.ts"], types: [], strict: true };
  const program = ts.createProgram(files, options);
  const checker = program.getTypeChecker();
  const any = ts.SymbolFlags.Value | ts.SymbolFlags.Type | ts.SymbolFlags.Namespace;
  const names = new Set();
  const visit = (node) => {
    if (ts.isIdentifier(node)) {
      // What the scope outside of all modules gives to this name, and this place as well.
      const global = checker.resolveName(node.text, undefined, any, false);
      const parent = node.parent;
      const member = ts.isPropertyAccessExpression(parent) && parent.name === node;
      if (global !== undefined && !member && checker.getSymbolAtLocation(node) === global) names.add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  for (const file of files) visit(program.getSourceFile(file));
  return [...names].sort();
}

test("the crate names every global that the sources use, and no other", () => {
  const [, list] = /const GLOBALS: &\[&str\] = &\[([^\]]*)\]/.exec(readFileSync(join(root, "lib.rs"), "utf8"));
  const named = [...list.matchAll(/"(\w+)"/g)].map(([, name]) => name);
  assert.deepEqual(named, globalsOfSources());
  assert.ok(named.includes("Math") && named.includes("Record"));
});
