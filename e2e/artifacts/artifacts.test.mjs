/**
 * Every artifact that can be generated type-checks under `strict`, and its JavaScript form is the same program
 * as its TypeScript form: both look alike once the compiler has taken the types away.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
const cli = join(target, "debug", "cargo-trap");
const tsc = join(root, "js/node_modules/.bin/tsc");
const typeRoots = join(root, "js/node_modules/@types");
const work = mkdtempSync(join(tmpdir(), "trap-artifacts-"));
after(() => rmSync(work, { recursive: true, force: true }));

/** What ELF calls the machines. */
const machines = { arm64: 183, x64: 62 };

/** The smallest program for a machine that the gate lets through, padded so that its payload has several literals. */
function program(arch) {
  const bytes = Buffer.alloc(150_000, 7);
  bytes.fill(0, 0, 120);
  Buffer.from("\x7fELF\x02\x01\x01", "latin1").copy(bytes);
  bytes.writeUInt16LE(2, 16); // an executable
  bytes.writeUInt16LE(machines[arch], 18);
  bytes.writeUInt32LE(1, 20);
  bytes.writeBigUInt64LE(0x10040n, 24); // entry
  bytes.writeBigUInt64LE(64n, 32); // program headers
  bytes.writeUInt16LE(64, 52);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(1, 56);
  bytes.writeUInt16LE(64, 58);
  bytes.writeUInt32LE(1, 64); // loaded
  bytes.writeUInt32LE(5, 68); // readable, executable
  bytes.writeBigUInt64LE(0x10000n, 80);
  bytes.writeBigUInt64LE(BigInt(bytes.length), 96);
  bytes.writeBigUInt64LE(BigInt(bytes.length), 104);
  mkdirSync(join(work, arch));
  const path = join(work, arch, "my-service");
  writeFileSync(path, bytes);
  return path;
}

const programs = { arm64: program("arm64"), x64: program("x64") };
let count = 0;

/** Runs a command; its status is one of its results. */
function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = execFile(command, args, { maxBuffer: 1 << 26, ...options }, (error, stdout, stderr) => {
      resolve({ status: child.exitCode, stdout, stderr: error && child.exitCode === null ? `${error}${stderr}` : stderr });
    });
  });
}

/** A program for the machine that the platform's programs run on unless told otherwise. */
async function programFor(platform) {
  const { stdout } = await run(cli, ["trap", "platforms", platform, "--message-format", "json"]);
  return programs[JSON.parse(stdout).arch];
}

/** Builds an artifact; `undefined` when the platform has no such language. */
async function build(platform, lang, ...flags) {
  const dir = join(work, `${platform}-${(count += 1)}`);
  const args = ["trap", "build", "--program", await programFor(platform), "--platform", platform, "--lang", lang, "--out-dir", dir, ...flags];
  const done = await run(cli, args);
  if (done.status !== 0 && done.stderr.includes("error[lang]")) return undefined;
  // A platform without that takeover has the same shape without it.
  if (done.stderr.includes("error[takeover]")) return await build(platform, lang, ...flags.slice(0, flags.indexOf("--takeover")));
  assert.equal(done.status, 0, done.stderr);
  return dir;
}

async function compile(dir, ...args) {
  const done = await run(tsc, args, { cwd: dir });
  assert.equal(done.status, 0, `tsc ${args.join(" ")}\n${done.stdout}${done.stderr}`);
}

/** All modules below a folder. */
function modules(dir) {
  return readdirSync(dir, { recursive: true }).filter((path) => /\.m?js$/.test(path));
}

/** Those that end in `.js`, with their text. */
function scripts(dir) {
  return modules(dir)
    .filter((path) => path.endsWith(".js"))
    .map((path) => [path, readFileSync(join(dir, path), "utf8")]);
}

const platforms = readdirSync(join(root, "templates/platforms"));
const shapes = [
  ["--payload", "base64"],
  ["--payload", "file"],
  ["--payload", "base64", "--single-file"],
  ["--payload", "file", "--single-file", "--takeover", "spawn"],
];

/** What a project around the artifact may have chosen. */
const projects = {
  "ES modules without Node's types": ["--module", "esnext", "--moduleResolution", "bundler", "--types", ""],
  "ES modules with Node's types": ["--module", "nodenext", "--typeRoots", typeRoots, "--types", "node"],
  "CommonJS with Node's types": ["--module", "commonjs", "--moduleResolution", "bundler", "--typeRoots", typeRoots, "--types", "node"],
};

for (const platform of platforms) {
  describe(platform, { concurrency: availableParallelism() }, () => {
    for (const shape of shapes) {
      test(`type-checks: ${shape.join(" ")}`, async () => {
        const dir = await build(platform, "ts", ...shape);
        if (dir === undefined) {
          // Only JavaScript: what a TypeScript project sees of it are its declarations.
          const script = await build(platform, "js", ...shape);
          const main = JSON.parse(readFileSync(join(script, "trap/my-service.json"), "utf8")).main;
          for (const path of modules(script)) {
            const parsed = await run(process.execPath, ["--check", join(script, path)]);
            assert.equal(parsed.status, 0, parsed.stderr);
          }
          if (!existsSync(join(script, main.replace(/\.m?js$/, ".d.mts")))) return;
          writeFileSync(
            join(script, "consumer.mts"),
            `import { handler } from "./${main}";\nconst answer: Promise<unknown> = handler({});\nvoid answer;\n`,
          );
          await compile(script, "--strict", "--noEmit", "--module", "nodenext", "--target", "es2022", "consumer.mts");
          return;
        }
        if (existsSync(join(dir, "tsconfig.json"))) await compile(dir, "-p", ".");
        for (const options of Object.values(projects)) {
          const strict = ["--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes", "--noEmit", "--target", "es2022"];
          const main = JSON.parse(readFileSync(join(dir, "trap/my-service.json"), "utf8")).main;
          await compile(dir, "--ignoreConfig", ...strict, ...options, main);
        }
      });
    }

    test("is the same program in both languages", async (context) => {
      const ts = await build(platform, "ts", "--payload", "base64");
      const js = await build(platform, "js", "--payload", "base64");
      if (ts === undefined || js === undefined) {
        context.diagnostic("one language only");
        assert.ok(ts ?? js, "at least one language");
        return;
      }
      const emit = ["--ignoreConfig", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler", "--allowJs", "--checkJs", "false", "--removeComments", "--outDir", "out"];
      await compile(ts, ...emit, "my-service.ts");
      await compile(js, ...emit, "my-service.js");
      const [fromTs, fromJs] = [ts, js].map((dir) => new Map(scripts(join(dir, "out"))));
      // A class says its fields in TypeScript only; modules of types alone leave nothing behind.
      const bare = (text) => text.replace(/^    standby;\n/m, "");
      for (const [path, text] of fromJs) assert.equal(bare(fromTs.get(path) ?? ""), bare(text), path);
      for (const [path, text] of fromTs) if (!fromJs.has(path)) assert.match(text, /^export \{\};\s*$/, path);
    });
  });
}

test("a node that reads TypeScript is not needed to load the JavaScript form", async () => {
  const dir = await build("genezio", "js");
  const load = 'const { MyService } = await import("./my-service.js"); const { body } = await new MyService().http({}); console.log(body); process.exit();';
  const loaded = await run(process.execPath, ["--input-type=module", "-e", load], { cwd: dir, env: { PATH: process.env.PATH } });
  // It is for another machine, and so nothing is started; what the class says of it comes from all of its modules.
  assert.match(loaded.stdout, /^TRAP_WRONG_ARCH: the request could not be answered/, loaded.stderr);
});
