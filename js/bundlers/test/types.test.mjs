// The emitted TypeScript passes the strictest checks of several compilers, with and without Node's types.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { writeArtifact, writeSingleFile } from "../../test/support/artifact.mjs";
import { program, root } from "../../test/support/program.mjs";
import { temporaryFolder } from "../../test/support/run.mjs";

const modulesOf = (...path) => join(root, "bundlers", "node_modules", ...path);
// Types do not depend on how long the payload is.
const small = { ...program(), bytes: program().bytes.subarray(0, 3000) };

const strict = {
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noPropertyAccessFromIndexSignature: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  isolatedModules: true,
  noEmit: true,
};

const settings = {
  "ES modules for Node": { target: "es2022", module: "nodenext", verbatimModuleSyntax: true },
  "ES modules for a bundler": { target: "es2020", module: "esnext", moduleResolution: "bundler", verbatimModuleSyntax: true },
  CommonJS: { target: "es2020", module: "nodenext", commonjs: true },
};

for (const compiler of ["typescript", "typescript-5"]) {
  for (const [name, { commonjs = false, ...options }] of Object.entries(settings)) {
    for (const types of ["no types", "the types of Node 20", "the newest types of Node"]) {
      test(`${compiler} accepts modules and a single file: ${name}, ${types}`, async (t) => {
        const folder = temporaryFolder(t);
        if (types !== "no types") {
          const from = types === "the types of Node 20" ? "node-20" : "node";
          mkdirSync(join(folder, "node_modules", "@types"), { recursive: true });
          cpSync(modulesOf("@types", from), join(folder, "node_modules", "@types", "node"), { recursive: true });
          cpSync(modulesOf("undici-types"), join(folder, "node_modules", "undici-types"), { recursive: true });
        }
        mkdirSync(join(folder, "single"));
        const files = [
          writeArtifact(folder, small, { language: "ts" }),
          writeSingleFile(join(folder, "single"), small, { language: "ts" }),
        ];
        writeFileSync(join(folder, "package.json"), JSON.stringify({ type: commonjs ? "commonjs" : "module" }));
        const compilerOptions = { ...strict, ...options, lib: [options.target], types: types === "no types" ? [] : ["node"], skipLibCheck: true };
        writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
        const run = promisify(execFile)(process.execPath, [modulesOf(compiler, "bin", "tsc"), "-p", folder]);
        await run.catch((error) => assert.fail(error.stdout));
      });
    }
  }
}
