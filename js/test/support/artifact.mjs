// Artifacts as `cargo trap build` writes them: the trampoline, a generated payload module, a class.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./program.mjs";

/** Base64 characters in one literal of a payload module. */
const LITERAL = 65536;

/** The stub for this machine, as it is committed. */
const stub = readFileSync(join(root, "..", "trap-native", "stub", `${process.arch}.so`));

/** Name of the stub of a `file` payload. */
const STUB_FILE = "hello.stub";

/** Names of the trampoline's modules in dependency order, as the crate lists them; `optional` for those that not every artifact has. */
export const modules = ["MODULES", "OPTIONAL"].flatMap((list) => {
  const [, text] = new RegExp(`^pub const ${list}: &\\[Module\\] = &\\[\\n?([^\\]]*)\\];`, "m").exec(readFileSync(join(root, "lib.rs"), "utf8"));
  return [...text.matchAll(/module!\("([a-z-]+)"(, types)?\)/g)].map(([, name, types]) => ({
    name,
    types: types !== undefined,
    optional: list === "OPTIONAL",
  }));
});

/**
 * Text of a generated payload module.
 * @param {{ bytes: Buffer, size: number, sha256: string }} program
 * @param {{ language: "ts" | "js", arch?: string, file?: string, typed?: boolean }} how
 */
export function payloadModule(program, { language, arch = process.arch, file, typed = language === "ts" }) {
  const facts = `sha256: "${program.sha256}", size: ${program.size}`;
  const data =
    file === undefined
      ? `base64: ${arch}, stub: { base64: "${stub.toString("base64")}" }`
      : `file: "${file}", stub: { file: "${STUB_FILE}" }`;
  const type = typed ? ": Payload" : "";
  const lines = [`export const payload${type} = { name: "hello", programs: { ${arch}: { ${facts}, ${data} } } };`];
  if (typed) lines.unshift(`import type { Payload } from "./payload-type.js";`);
  if (file === undefined) {
    const text = program.bytes.toString("base64");
    const literals = [];
    for (let at = 0; at < text.length; at += LITERAL) literals.push(`"${text.slice(at, at + LITERAL)}",`);
    lines.push("", `function ${arch}()${language === "ts" ? ": readonly string[]" : ""} {`, "return [", ...literals, "];", "}");
  }
  return `${lines.join("\n")}\n`;
}

const classText = (language, takeover) => `
export class Service {
  constructor() {
    start(payload, { takeover: "${takeover}" });
  }

  hello()${language === "ts" ? ": string" : ""} {
    return "not taken over";
  }
}

new Service();
`;

/** Writes an artifact of several modules into `folder` and returns the path of its entry. */
export function writeArtifact(folder, program, { language = "js", takeover = "auto", payload, file, mode = 0o755 } = {}) {
  const from = language === "ts" ? "src" : "dist";
  mkdirSync(join(folder, "trap"), { recursive: true });
  for (const { name, types } of modules) {
    if (types && language === "js") continue;
    writeFileSync(join(folder, "trap", `${name}.${language}`), readFileSync(join(root, from, `${name}.${language}`)));
  }
  writeFileSync(join(folder, "package.json"), `{ "type": "module" }\n`);
  writeFileSync(join(folder, "trap", `payload.${language}`), payload ?? payloadModule(program, { language, file }));
  if (file !== undefined) {
    writeFileSync(join(folder, "trap", file), program.bytes);
    chmodSync(join(folder, "trap", file), mode);
    writeFileSync(join(folder, "trap", STUB_FILE), stub);
  }
  const entry = join(folder, `service.${language}`);
  const imports = `import { payload } from "./trap/payload.js";\nimport { start } from "./trap/trampoline.js";\n`;
  writeFileSync(entry, imports + classText(language, takeover));
  return entry;
}

/** Writes the same artifact as one file, as the crate's `single_file` puts it together. */
export function writeSingleFile(folder, program, { language = "js", takeover = "auto" } = {}) {
  const from = language === "ts" ? "src" : "dist";
  const texts = modules
    .filter(({ types, optional }) => !optional && (language === "ts" || !types))
    .map(({ name }) => readFileSync(join(root, from, `${name}.${language}`), "utf8"));
  texts.push(payloadModule(program, { language, typed: false }).replace("const payload =", language === "ts" ? "const payload: Payload =" : "const payload ="));
  const text = texts.join("\n").replace(/^import [^;]*;$/gm, "").replace(/^export (?!\{)/gm, "");
  const entry = join(folder, `service.${language}`);
  writeFileSync(entry, text + classText(language, takeover));
  return entry;
}
