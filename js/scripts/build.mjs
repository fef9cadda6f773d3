// Compiles src/ to dist/, which is committed. `--check` compares instead and fails when dist/ is not what
// src/ gives: `npm run build` accepts the difference.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, cpSync, existsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const scratch = mkdtempSync(join(tmpdir(), "trap-dist-"));
const built = join(scratch, "dist");
let failed = false;
try {
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const run = spawnSync(process.execPath, [tsc, "-p", root, "--outDir", built], { stdio: "inherit" });
  failed = run.status !== 0;
  if (!failed) space(built);
  if (!failed && process.argv.includes("--check")) {
    const stale = differences(built, dist);
    failed = stale.length > 0;
    if (failed) console.error(`dist/ is not what src/ gives: ${stale.join(", ")}\nhelp: run \`npm run build\` in js/`);
  } else if (!failed) {
    rmSync(dist, { recursive: true, force: true });
    cpSync(built, dist, { recursive: true });
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;

/** Gives declarations the blank lines back that tsc leaves out: people read these files in their artifacts. */
function space(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const text = readFileSync(path, "utf8");
    const spaced = text
      .replace(/^( \*\/|\}|\};)\n(?=\/\*\*)/gm, "$1\n\n")
      .replace(/^(\S.*;)\n(?=\/\*\*)/gm, "$1\n\n")
      .replace(/^(\}|\};)\n(?=export |function |class |const |async )/gm, "$1\n\n");
    writeFileSync(path, spaced);
  }
}

/** Names of files that only one folder has, or that differ. */
function differences(left, right) {
  const names = new Set([...readdirSync(left), ...(existsSync(right) ? readdirSync(right) : [])]);
  const read = (folder, name) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : null);
  return [...names].filter((name) => read(left, name) !== read(right, name)).sort();
}
