// Runs a host: a real Node process around an artifact.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execFileSync } from "node:child_process";
import { root } from "./program.mjs";

/**
 * The Node versions to test: the one that runs the tests, and those of TRAP_TEST_NODE_DIRS (folders with
 * `bin/node`, separated by colons) or else of js/bundlers/node_modules.
 */
export const nodes = [process.execPath, ...nodeFolders().map((folder) => join(folder, "bin", "node"))].map((path) => ({
  path,
  version: execFileSync(path, ["--version"], { encoding: "utf8" }).trim(),
}));

function nodeFolders() {
  const named = process.env.TRAP_TEST_NODE_DIRS;
  if (named) return named.split(":").filter((folder) => folder !== "");
  const installed = ["node-22", "node-24"].map((name) => join(root, "bundlers", "node_modules", name));
  const there = installed.filter((folder) => existsSync(folder));
  if (process.env.CI === "true" && there.length < installed.length) {
    throw new Error("Node 22 and 24 are missing: run `npm ci` in js/bundlers or set TRAP_TEST_NODE_DIRS");
  }
  return there;
}

/** Whether this Node can replace its process. */
export function hasExecve(version) {
  const [major, minor] = version.slice(1).split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 15);
}

/** A folder that is removed when the test ends. */
export function temporaryFolder(t) {
  const folder = mkdtempSync(join(tmpdir(), "trap-test-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Starts a host on a polling platform, as far as a host can tell: AWS_LAMBDA_RUNTIME_API is set.
 * `end` resolves with how it ended; `firstLines` once the program has said who it is.
 */
export function startHost(command, args, { env = {}, cwd } = {}) {
  const variables = { PATH: process.env.PATH, AWS_LAMBDA_RUNTIME_API: "127.0.0.1:1", TRAP_LOG: "debug", ...env };
  const child = spawn(command, args, { env: variables, cwd, stdio: ["pipe", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  let told;
  const firstLines = new Promise((resolve) => (told = resolve));
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
    if (/^given .*\n/m.test(stdout)) told(stdout);
  });
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  const end = new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status, signal) => {
      told(stdout);
      resolve({ status, signal, stdout, stderr, pid: child.pid });
    });
  });
  return { child, firstLines, end };
}

/** Runs a host to its end. */
export function runHost(node, entry, options) {
  return startHost(node, [entry], options).end;
}

/** One value of what the test program said about itself. */
export function said(stdout, name) {
  return new RegExp(`^${name} (.*)$`, "m").exec(stdout)?.[1];
}
