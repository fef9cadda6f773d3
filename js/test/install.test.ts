import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { install, installFolders, newFile } from "../src/install.js";
import type { Installed } from "../src/install.js";
import { fakeHost } from "./fake-host.js";
import type { FakeFile, Fakes } from "./fake-host.js";

const CONTENT = "\x7fELF";
const program = { sha256: `hash of ${CONTENT}`, size: CONTENT.length };
const NAME = "trap-hash of \x7fELF";
const WRITTEN = [
  `create /tmp/${NAME}.new`,
  `close /tmp/${NAME}.new`,
  `rename /tmp/${NAME}.new to /tmp/${NAME}`,
];

function installed(fakes: Fakes, verify = false): { result: Installed; done: string[] } {
  const { host, done } = fakeHost(fakes);
  const write = newFile(host, (output) => {
    output.appendBase64(Buffer.from(CONTENT, "latin1").toString("base64"));
    return "source text";
  });
  return { result: install("hello", program, write, verify, host), done };
}

test("a cold container writes, closes and renames, a warm one writes nothing", () => {
  assert.deepEqual(installed({}).done, WRITTEN);
  const warm = installed({ files: { [`/tmp/${NAME}`]: { content: CONTENT } } });
  assert.deepEqual(warm.done, []);
  assert.deepEqual(warm.result, { path: `/tmp/${NAME}`, origin: "already installed", skipped: [] });
});

test("what a killed start left is removed when there is no room for another, and only then", () => {
  const left = { [`/tmp/${NAME}.dead`]: { content: "half" } };
  assert.deepEqual(installed({ files: left }).done, WRITTEN);
  const full = { "/tmp": "ENOSPC: no space until there is room" };
  assert.deepEqual(installed({ files: left, broken: full }).done, [`remove /tmp/${NAME}.dead`, ...WRITTEN]);
  assert.equal(installed({ files: left, broken: { "/tmp": "ENOSPC: never" } }).result.path, `/dev/shm/${NAME}`);
});

test("the permission to execute is given where the umask took it away", () => {
  const { result, done } = installed({ umask: 0o777 });
  assert.deepEqual([result.path, done[2]], [`/tmp/${NAME}`, `mode 755 /tmp/${NAME}.new`]);
  assert.deepEqual(installed({ umask: 0o077 }).done, WRITTEN);
});

describe("a file at the target path is replaced when it", () => {
  const files: Record<string, FakeFile> = {
    "is a link": { content: CONTENT, kind: "link" },
    "is a pipe": { content: CONTENT, kind: "other" },
    "belongs to somebody else": { content: CONTENT, owner: 1 },
    "may be written by its group": { content: CONTENT, mode: 0o775 },
    "may be written by everybody": { content: CONTENT, mode: 0o757 },
    "was written half": { content: CONTENT.slice(2) },
    "cannot be executed": { content: CONTENT, mode: 0o644 },
  };
  for (const [name, file] of Object.entries(files)) {
    test(name, () => assert.deepEqual(installed({ files: { [`/tmp/${NAME}`]: file } }).done, WRITTEN));
  }
});

test("a file with another content is found by its hash, when that is asked for", () => {
  const files = { [`/tmp/${NAME}`]: { content: "\x7fELf" } };
  assert.deepEqual(installed({ files }).done, []);
  assert.deepEqual(installed({ files }, true).done, WRITTEN);
});

describe("the next folder is used when the first", () => {
  const cases: Record<string, [Fakes, RegExp]> = {
    "is full": [{ broken: { "/tmp": "ENOSPC: no space left on device" } }, /^\/tmp: ENOSPC: no space left on device$/],
    "is read-only": [{ broken: { "/tmp": "EROFS: read-only file system" } }, /^\/tmp: EROFS/],
    "does not exist": [{ broken: { "/tmp": "ENOENT: no such file or directory" } }, /^\/tmp: ENOENT/],
    "is mounted noexec": [{ noexec: ["/tmp"] }, /^\/tmp: .*noexec/],
    "has a directory in the way": [{ files: { [`/tmp/${NAME}`]: { kind: "directory" } } }, /^\/tmp: a directory is in the way/],
  };
  for (const [name, [fakes, reason]] of Object.entries(cases)) {
    test(name, () => {
      const { result } = installed(fakes);
      assert.equal(result.path, `/dev/shm/${NAME}`);
      assert.match(result.skipped.join(), reason);
    });
  }
});

test("the temporary file is removed when it cannot be executed", () => {
  const { done } = installed({ noexec: ["/tmp"] });
  const temporary = `/tmp/${NAME}.new`;
  assert.deepEqual(done.slice(0, 4), [`create ${temporary}`, `close ${temporary}`, `mode 755 ${temporary}`, `remove ${temporary}`]);
});

test("the error names every folder with its reason, and a way out", () => {
  const fakes: Fakes = {
    env: { TRAP_DIR: "relative" },
    broken: { "/tmp": "ENOSPC: no space left on device" },
    noexec: ["/dev/shm"],
  };
  assert.throws(() => installed(fakes), {
    code: "TRAP_NO_FOLDER",
    message:
      "no folder can hold and execute `hello` (4 bytes); tried relative: is not an absolute path; " +
      "/tmp: ENOSPC: no space left on device; /dev/shm: files in it cannot be executed (mounted noexec?)\n" +
      "help: set TRAP_DIR to a folder where this process may write and execute files, or make room in one of these",
  });
});

test("a written program with another hash is refused, when that is asked for, and removed", () => {
  const { host, done } = fakeHost();
  const write = newFile(host, (output) => `${output.appendBase64("AAAA")}`);
  assert.throws(() => install("hello", program, write, true, host), { code: "TRAP_PAYLOAD_DAMAGED" });
  assert.deepEqual(done.slice(-1), [`remove /tmp/${NAME}.new`]);
});

test("TRAP_DIR comes first, and no folder comes twice", () => {
  assert.deepEqual(installFolders(undefined), ["/tmp", "/dev/shm"]);
  assert.deepEqual(installFolders(""), ["/tmp", "/dev/shm"]);
  assert.deepEqual(installFolders("/data"), ["/data", "/tmp", "/dev/shm"]);
  assert.deepEqual(installFolders("/dev/shm"), ["/dev/shm", "/tmp"]);
});
