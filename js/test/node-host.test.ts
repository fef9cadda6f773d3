import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { nodeHost } from "../src/node-host.js";

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "trap-host-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test("a file that is started again holds what was written afterwards, and nothing else", (t) => {
  const path = join(folder(t), "new");
  const output = nodeHost().create(path, 0o755);
  assert.equal(output.appendBase64("AAAAAAAA"), 6);
  output.restart();
  assert.equal(output.appendBase64("f0VM"), 3);
  output.close();
  assert.equal(readFileSync(path, "latin1"), "\x7fEL");
});

test("a new file or a copy never takes the place of one that is there", (t) => {
  const path = join(folder(t), "there");
  writeFileSync(path, "mine");
  const host = nodeHost();
  assert.throws(() => host.create(path, 0o755), { code: "EEXIST" });
  assert.throws(() => host.copy(path, path), { code: "EEXIST" });
  assert.equal(readFileSync(path, "utf8"), "mine");
});

test("what a killed start left is removed, and nothing else", (t) => {
  const to = folder(t);
  const path = join(to, "trap-0123");
  const { pid: gone } = spawnSync("true");
  writeFileSync(`${path}.${gone}-left`, "half");
  const kept = ["trap-0123", `trap-0123.${process.ppid}-writing`, `trap-0123.${process.pid}-writing`, "trap-0123.txt", `trap-4567.${gone}-other`];
  for (const name of kept) writeFileSync(join(to, name), "");
  symlinkSync("/nowhere", `${path}.${gone}-link`);
  mkdirSync(`${path}.${gone}-folder`);
  assert.equal(nodeHost().removeLeftovers(path), true);
  assert.equal(nodeHost().removeLeftovers(path), false);
  assert.deepEqual(readdirSync(to).sort(), [...kept, `trap-0123.${gone}-link`, `trap-0123.${gone}-folder`].sort());
});

test("the stack limit of this process is known", () => {
  assert.equal(`${nodeHost().stackLimit() / 1024}`.replace("Infinity", "unlimited"), spawnSync("sh", ["-c", "ulimit -s"]).stdout.toString().trim());
});

test("this thread is the main one", () => assert.equal(nodeHost().isMainThread(), true));
