// A payload survives every bundler: the bundled file runs in real Node, the installed program is the one
// that was built, and it came from the source text, not from the fallback.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { writeArtifact, writeSingleFile } from "../../test/support/artifact.mjs";
import { program, sha256 } from "../../test/support/program.mjs";
import { nodes, runHost, temporaryFolder } from "../../test/support/run.mjs";

const built = program();
const newest = nodes.at(-1).path;
const run = fileURLToPath(new URL("../tools/run.mjs", import.meta.url));

/** What each bundler reads: modules it follows itself, or one file; and in which languages. */
const tools = {
  esbuild: { shapes: ["modules", "single"], languages: ["ts", "js"] },
  rolldown: { shapes: ["modules", "single"], languages: ["ts", "js"] },
  rollup: { shapes: ["modules", "single"], languages: ["js"], minifies: false },
  webpack: { shapes: ["modules", "single"], languages: ["js"] },
  babel: { shapes: ["single"], languages: ["ts", "js"] },
  swc: { shapes: ["single"], languages: ["ts", "js"] },
};

for (const [tool, { shapes, languages, minifies = true }] of Object.entries(tools)) {
  describe(tool, () => {
    for (const shape of shapes)
      for (const language of languages)
        for (const format of ["esm", "cjs"])
          for (const minify of minifies ? [false, true] : [false]) {
            const name = `${shape === "modules" ? "modules" : "a single file"} in ${language}, to ${format}${minify ? ", minified" : ""}`;
            test(name, async (t) => {
              const folder = temporaryFolder(t);
              const write = shape === "modules" ? writeArtifact : writeSingleFile;
              const entry = write(folder, built, { language });
              const out = join(folder, "out");
              mkdirSync(out);
              const outfile = join(out, format === "esm" ? "service.mjs" : "service.cjs");
              await promisify(execFile)(newest, [run, tool, JSON.stringify({ entry, outfile, format, minify })]);
              assert.deepEqual(readdirSync(out), [outfile.slice(out.length + 1)]);

              for (const { path, version } of nodes) {
                const to = join(folder, version);
                mkdirSync(to);
                const host = await runHost(path, outfile, { env: { TRAP_DIR: to } });
                assert.equal(host.status, 7, host.stderr.slice(0, 2000));
                assert.match(host.stdout, /^given $/m);
                const [installed, ...others] = readdirSync(to);
                assert.deepEqual(others, []);
                assert.equal(sha256(readFileSync(join(to, installed))), built.sha256);
                assert.match(host.stderr, /payload: source text\)\n$/);
              }
            });
          }
  });
}
