import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { locate } from "../src/locate.js";
import { moduleFolder, pathOfScript } from "../src/module-folder.js";
import { fakeHost } from "./fake-host.js";
import type { Fakes } from "./fake-host.js";

const program = { sha256: "00", size: 4 };

test("a payload file is looked for with the handler, with the module and in the task root, each also in `trap/`", () => {
  const env = { LAMBDA_TASK_ROOT: "/var/task/", _HANDLER: "functions/index.handler" };
  const lookedFor = (fakes: Fakes): readonly string[] => {
    try {
      locate("hello", "hello.bin", program, fakeHost(fakes).host);
    } catch (error) {
      return [...String(error).matchAll(/(\S+): no such file/g)].map(([, path]) => path ?? "");
    }
    return [];
  };
  assert.deepEqual(lookedFor({ moduleFolder: "/app/dist", env }), [
    "/var/task//functions/trap/hello.bin",
    "/var/task//functions/hello.bin",
    "/app/dist/trap/hello.bin",
    "/app/dist/hello.bin",
    "/var/task/trap/hello.bin",
    "/var/task/hello.bin",
  ]);
  const once = { moduleFolder: "/a", env: { LAMBDA_TASK_ROOT: "/a", _HANDLER: "index.handler" } };
  assert.deepEqual(lookedFor(once), ["/a/trap/hello.bin", "/a/hello.bin"]);
});

test("V8 is not asked for the module when the file lies with the handler", () => {
  const env = { LAMBDA_TASK_ROOT: "/var/task", _HANDLER: "index.handler" };
  const { host } = fakeHost({ env, files: { "/var/task/trap/hello.bin": { size: 4 } } });
  host.moduleFolder = () => assert.fail("asked");
  assert.equal(locate("hello", "hello.bin", program, host), "/var/task/trap/hello.bin");
});

test("a file of another size is passed over", () => {
  const files = { "/app/trap/hello.bin": { size: 3 }, "/app/hello.bin": { size: 4 } };
  const { host } = fakeHost({ moduleFolder: "/app", files });
  assert.equal(locate("hello", "hello.bin", program, host), "/app/hello.bin");
});

test("a missing file is named with every path that was tried", () => {
  const { host } = fakeHost({ moduleFolder: "/app", env: { LAMBDA_TASK_ROOT: "/var/task" } });
  assert.throws(() => locate("hello", "hello.bin", program, host), {
    code: "TRAP_PAYLOAD_MISSING",
    message: /\/var\/task\/hello\.bin: no such file; .*\/app\/hello\.bin: no such file\nhelp: /,
  });
});

test("a file of another size alone is damage", () => {
  const { host } = fakeHost({ moduleFolder: "/app", files: { "/app/hello.bin": { size: 3 } } });
  assert.throws(() => locate("hello", "hello.bin", program, host), {
    code: "TRAP_PAYLOAD_DAMAGED",
    message: /\/app\/hello\.bin: 3 bytes instead of 4/,
  });
});

test("a folder that may not be looked into is named with the reason, and the next is tried", () => {
  const fakes = { closed: ["/app/trap"], moduleFolder: "/app" };
  assert.throws(() => locate("hello", "hello.bin", program, fakeHost(fakes).host), {
    code: "TRAP_PAYLOAD_MISSING",
    message: /\/app\/trap\/hello\.bin: EACCES: permission denied; \/app\/hello\.bin: no such file/,
  });
  const { host } = fakeHost({ ...fakes, files: { "/app/hello.bin": { size: 4 } } });
  assert.equal(locate("hello", "hello.bin", program, host), "/app/hello.bin");
});

test("V8 names scripts by path or by URL", () => {
  assert.equal(pathOfScript("/a b/x.cjs"), "/a b/x.cjs");
  assert.equal(pathOfScript("file:///a%20b/x.mjs?v=1#top"), "/a b/x.mjs");
  assert.equal(pathOfScript("file:///C:/a/x.mjs"), "C:/a/x.mjs");
  assert.equal(pathOfScript(undefined), undefined);
});

test("the folder of the running module is found, and stack traces stay as the host wants them", () => {
  const before = { prepare: Error.prepareStackTrace, limit: Error.stackTraceLimit };
  const prepare = (): string => "mine";
  try {
    Error.prepareStackTrace = prepare;
    Error.stackTraceLimit = 0;
    assert.equal(moduleFolder(), fileURLToPath(new URL("../src", import.meta.url)));
    assert.equal(Error.prepareStackTrace, prepare);
    assert.equal(Error.stackTraceLimit, 0);
  } finally {
    Error.prepareStackTrace = before.prepare;
    Error.stackTraceLimit = before.limit;
  }
});
