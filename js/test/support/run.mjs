// Runs a host: a real Node process around an artifact.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./program.mjs";

/**
 * The Node versions to test: the one that runs the tests, and those of TRAP_TEST_NODE_DIRS (folders with
 * `bin/node`, separated by colons) or else of js/bundlers/node_modules.
 */
export const nodes = [process.execPath, ...nodeFolders().map((folder) => join(folder, "bin", "node"))]
  .map((path) => ({ path, version: execFileSync(path, ["--version"], { encoding: "utf8" }).trim() }))
  .filter(({ version }, at, all) => all.findIndex((node) => node.version === version) === at);

function nodeFolders() {
  const named = process.env.TRAP_TEST_NODE_DIRS;
  if (named) return named.split(":").filter((folder) => folder !== "");
  const installed = ["node-22", "node-24"].map((name) => join(root, "bundlers", "node_modules", name));
  const there = installed.filter((folder) => existsSync(folder));
  if (process.env.CI === "true" && there.length < installed.length) {
    throw new Error("Node 22 and 24 are missing: run `npm ci` in js/bundlers or set TRAP_TEST_NODE_DIRS");
  }
  if (there.length < installed.length) test("Node 22 and 24", { skip: "run `npm ci` in js/bundlers to test them" });
  return there;
}

/** Whether this Node can replace its process. */
export function hasExecve(version) {
  const [major, minor] = version.slice(1).split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 15);
}

/** A folder that is removed when the test ends. Not in /tmp: some tests mount something else there. */
export function temporaryFolder(t) {
  const parent = join(root, "target", "tmp");
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, "test-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Starts a host on a polling platform, as far as a host can tell: AWS_LAMBDA_RUNTIME_API is set.
 * `end` resolves with how it ended, `printed(pattern)` with its stdout once that matches (or it has ended).
 */
export function startHost(command, args, { env = {}, cwd } = {}) {
  const variables = { PATH: process.env.PATH, AWS_LAMBDA_RUNTIME_API: "127.0.0.1:1", TRAP_LOG: "debug", ...env };
  const child = spawn(command, args, { env: variables, cwd, stdio: ["pipe", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  const end = new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status, signal) => resolve({ status, signal, stdout, stderr, pid: child.pid }));
  });
  const printed = (pattern) =>
    new Promise((resolve) => {
      const look = () => pattern.test(stdout) && resolve(stdout);
      look();
      child.stdout.on("data", look);
      void end.then(() => resolve(stdout));
    });
  return { child, printed, end };
}

/** Runs a host to its end. */
export function runHost(node, entry, options) {
  return startHost(node, [entry], options).end;
}

/** One value of what the test program said about itself. */
export function said(stdout, name) {
  return new RegExp(`^${name} (.*)$`, "m").exec(stdout)?.[1];
}

/** Whether this test may mount; says so in the runner's summary when not, and fails under CI. */
export function mayMount(t) {
  if (spawnSync("unshare", ["-m", "true"]).status === 0) return true;
  if (process.env.CI === "true") throw new Error("CI must run as root with `unshare`: this test mounts file systems");
  t.skip("needs root and `unshare` to mount file systems");
  return false;
}

/**
 * Runs a host in a mount namespace of its own, after the `mounts` (lines of shell). There the artifact is
 * /mnt/artifact, because the checkout may lie in a folder that the test mounts something over, and /mnt/to
 * is an empty folder. Stdout ends with `left in FOLDER: NAMES` for /tmp, /dev/shm and /mnt/to.
 */
export function runMounted(node, folder, mounts, { as = [], env } = {}) {
  const script = [
    "set -e",
    tmpfs("/mnt", "mode=755"),
    "mkdir /mnt/artifact /mnt/to",
    "touch /mnt/node",
    'mount --bind "$1" /mnt/node',
    'mount --bind "$2" /mnt/artifact',
    "shift 2",
    "cd /mnt",
    ...mounts,
    "set +e",
    '"$@" /mnt/node /mnt/artifact/service.js',
    "status=$?",
    'for folder in /tmp /dev/shm /mnt/to; do echo "left in $folder: $(ls -A $folder 2>&1 | tr "\\n" " ")"; done',
    "exit $status",
  ];
  const prefix = as.length > 0 ? as : ["env"];
  const args = ["-m", "--propagation", "private", "sh", "-c", script.join("\n"), "sh", node, folder, ...prefix];
  return startHost("unshare", args, { env }).end;
}

/** The shell line that mounts an empty file system in memory. */
export function tmpfs(folder, options = "mode=1777") {
  return `mount -t tmpfs -o ${options} trap-test ${folder}`;
}
