// What happens to a payload that did not survive: fallback where the values are intact, refusal where not.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { payloadModule, writeArtifact } from "../../test/support/artifact.mjs";
import { program, sha256 } from "../../test/support/program.mjs";
import { nodes, runHost, temporaryFolder } from "../../test/support/run.mjs";

const built = program();
const run = fileURLToPath(new URL("../tools/run.mjs", import.meta.url));
const intact = payloadModule(built, { language: "js" });

/** The payload with other characters in its program: the stub, which stands before it, has as many zeros. */
function inProgram(text, characters) {
  const start = text.indexOf("return [");
  return text.slice(0, start) + text.slice(start).replace("AAAAAAAA", characters);
}

/** Bundles an artifact with this payload module to one file with long lines. */
async function bundled(t, payload, format) {
  const folder = temporaryFolder(t);
  const entry = writeArtifact(folder, built, { payload });
  const outfile = join(folder, format === "esm" ? "out.mjs" : "out.cjs");
  const options = { entry, outfile, format, minify: true };
  await promisify(execFile)(nodes.at(-1).path, [run, "esbuild", JSON.stringify(options)]);
  // Everything on one line, as platforms leave it that transform the bundle once more. The line ends that
  // are left stand in template literals.
  writeFileSync(outfile, readFileSync(outfile, "utf8").trimEnd().replace(/\n/g, "\\n"));
  const to = join(folder, "to");
  mkdirSync(to);
  return { outfile, to };
}

for (const { path: node, version } of nodes) {
  describe(`Node ${version}`, () => {
    for (const format of ["esm", "cjs"]) {
      test(`a function whose source says nothing is called (${format})`, async (t) => {
        const payload = intact.replace(`base64: ${process.arch}`, `base64: ${process.arch}.bind(null)`);
        assert.notEqual(payload, intact);
        const { outfile, to } = await bundled(t, payload, format);
        const host = await runHost(node, outfile, { env: { TRAP_DIR: to } });
        assert.equal(host.status, 7, host.stderr.slice(0, 2000));
        assert.match(host.stderr, /payload: evaluated\)\n$/);
        assert.equal(sha256(readFileSync(join(to, readdirSync(to)[0]))), built.sha256);
      });

      const damages = {
        "a missing literal": (text) => text.replace(/\n"[^"]{65536}",/, ""),
        "a character that is not base64": (text) => inProgram(text, "AAAA*AAA"),
      };
      for (const [name, damage] of Object.entries(damages)) {
        test(`${name} is refused, and the log does not show the payload (${format})`, async (t) => {
          const payload = damage(intact);
          assert.notEqual(payload, intact);
          const { outfile, to } = await bundled(t, payload, format);
          const host = await runHost(node, outfile, { env: { TRAP_DIR: to } });
          assert.deepEqual([host.status, host.signal, host.stdout], [1, null, ""]);
          assert.match(host.stderr, /TrapError \[TRAP_PAYLOAD_DAMAGED\]: the payload of `hello` is damaged/);
          assert.ok(host.stderr.length < 3000, `${host.stderr.length} characters on stderr`);
          assert.deepEqual(readdirSync(to), []);
        });
      }

      test(`one changed character is found with TRAP_VERIFY=1 (${format})`, async (t) => {
        const payload = inProgram(intact, "AAAAAAAB");
        assert.notEqual(payload, intact);
        const { outfile, to } = await bundled(t, payload, format);
        const host = await runHost(node, outfile, { env: { TRAP_DIR: to, TRAP_VERIFY: "1" } });
        assert.equal(host.status, 1);
        assert.match(host.stderr, /TRAP_PAYLOAD_DAMAGED\]: .* its SHA-256 is [0-9a-f]{64} instead of/);
        assert.deepEqual(readdirSync(to), []);
      });
    }
  });
}
