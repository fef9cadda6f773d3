import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { TrapError } from "../src/errors.js";
import { environmentObstacle, oversizedVariable } from "../src/handover.js";
import type { Payload, Takeover } from "../src/payload-type.js";
import { start } from "../src/trampoline.js";
import { Bridge } from "../src/bridge.js";
import { fakeBridge } from "./fake-bridge.js";
import { fakeHost } from "./fake-host.js";
import type { Fakes } from "./fake-host.js";

const TEXT = Buffer.from("\x7fELF", "latin1").toString("base64");
const program = { sha256: "0123456789abcdef", size: 4, base64: () => [TEXT] };
const payload: Payload = { name: "hello", programs: { x64: program } };
const PATH = "/tmp/trap-0123456789abcdef";
const polling = { AWS_LAMBDA_RUNTIME_API: "127.0.0.1:9001" };

/** Starts and returns what was done when the process has ended. */
function ends(fakes: Fakes, takeover: Takeover = "auto", carried = payload): string[] {
  const { host, done } = fakeHost(fakes);
  assert.throws(() => start(carried, { takeover }, undefined, host));
  assert.match(done.at(-1) ?? "", /^(stub|execve|exit|die by) /);
  return done;
}

test("auto replaces the process after the program was installed", () => {
  assert.deepEqual(ends({}), [`create ${PATH}.new`, `close ${PATH}.new`, `rename ${PATH}.new to ${PATH}`, `execve ${PATH}`]);
});

describe("a library", () => {
  const addon = { base64: "YWRkb24=" };
  const carried: Payload = { name: "hello", programs: { x64: { ...program, addon } } };
  const inTmp = `library ${PATH} by YWRkb24= in /tmp`;
  test("is installed like a program, and called; the host ends with its status", () => {
    assert.deepEqual(ends({}, "library", carried).slice(-3), [`rename ${PATH}.new to ${PATH}`, inTmp, "exit 0"]);
    assert.deepEqual(ends({ libraryEnd: { status: 101 } }, "library", carried).slice(-2), [inTmp, "exit 101"]);
  });
  test("that is a file is loaded in place, and what loads it lies beside it", () => {
    const at = "/app/trap/hello.x64.so";
    const programs = { x64: { sha256: "0123456789abcdef", size: 4, file: "hello.x64.so", addon: { file: "hello.x64.node" } } };
    const load = (mode: number): string | undefined =>
      ends({ moduleFolder: "/app", files: { [at]: { size: 4, mode } } }, "library", { name: "hello", programs }).at(-2);
    assert.equal(load(0o755), `library ${at} by /app/trap/hello.x64.node`);
    assert.equal(load(0o644), `library ${PATH} by base64 of /app/trap/hello.x64.node in /tmp`, "both go where files can be executed");
  });
  const refusals: readonly [code: string | undefined, message: string, thrown: string, says: RegExp][] = [
    ["TRAP_LIBRARY_WRONG_ARCH", "`x` was built for arm64", "TRAP_LIBRARY_WRONG_ARCH", /^`x` was built for arm64\nhelp: build again with `cargo trap build --arch/],
    ["TRAP_LIBRARY_UNRESOLVED", "`x` cannot be loaded here: undefined symbol: f\nmore", "TRAP_LIBRARY_UNRESOLVED", /undefined symbol: f\nhelp: /],
    ["TRAP_LIBRARY_NO_ENTRY", "no", "TRAP_LIBRARY_NO_ENTRY", /library!\(router\)/],
    ["ERR_DLOPEN_DISABLED", "Cannot load native addon", "TRAP_LIBRARY_UNAVAILABLE", /the addon cannot be loaded: Cannot load native addon\nhelp: build a program/],
    [undefined, "libc.so.6: cannot open", "TRAP_LIBRARY_UNAVAILABLE", /the addon cannot be loaded: libc\.so\.6/],
  ];
  for (const [code, message, thrown, says] of refusals) {
    test(`that is refused (${code ?? "without a code"}) is an error, and the host lives on`, () => {
      const refused = Object.assign(new Error(message), { code });
      const { host, done } = fakeHost({ libraryEnd: { refused } });
      assert.throws(() => start(carried, { takeover: "library" }, undefined, host), { code: thrown, message: says });
      assert.equal(done.at(-1), inTmp);
    });
  }
});

describe("a stub", () => {
  const stub = { base64: "c3R1Yg==" };
  const carried: Payload = { name: "hello", programs: { x64: { ...program, stub } } };
  const inTmp = `stub c3R1Yg== in /tmp for ${PATH}`;
  const back = new Error("/proc/self/fd/17: failed to map segment");
  test("replaces the process, from the folder that could take the program", () => {
    assert.equal(ends({}, "auto", carried).at(-1), inTmp);
    assert.equal(ends({ noexec: ["/tmp"] }, "exec:stub", carried).at(-1), `stub c3R1Yg== in /dev/shm for /dev/shm/trap-0123456789abcdef`);
  });
  test("is followed by execve when it comes back", () => {
    assert.deepEqual(ends({ stubError: back }, "auto", carried).slice(-2), [inTmp, `execve ${PATH}`]);
    assert.deepEqual(ends({ stubError: back }, "exec", carried).slice(-2), [inTmp, `execve ${PATH}`]);
  });
  test("and by spawn after that", () => {
    const node20 = { stubError: back, execve: false };
    assert.deepEqual(ends(node20, "auto", carried).slice(-3), [inTmp, `spawn ${PATH}`, "exit 0"]);
    const both = { stubError: back, execveError: new Error("EACCES: permission denied, execve") };
    assert.deepEqual(ends(both, "auto", carried).slice(-4), [inTmp, `execve ${PATH}`, `spawn ${PATH}`, "exit 0"]);
  });
  test("is followed by nothing when it was forced", () => {
    const { host, done } = fakeHost({ stubError: back });
    assert.throws(() => start(carried, { takeover: "exec:stub" }, undefined, host), { code: "TRAP_START_FAILED", message: /failed to map segment/ });
    assert.equal(done.at(-1), inTmp);
  });
  test("is left out when execve was forced", () => {
    assert.equal(ends({}, "exec:execve", carried).at(-1), `execve ${PATH}`);
  });
  test("is not tried on a worker thread", () => {
    assert.equal(ends({ mainThread: false }, "auto", carried).at(-2), `spawn ${PATH}`);
  });
  test("that comes back is logged with its reason and what follows", () => {
    const done = ends({ stubError: back, env: { ...polling, TRAP_LOG: "debug" } }, "auto", carried);
    const [first, second] = done.filter((line) => line.startsWith("log "));
    assert.match(first ?? "", /^log trap: hello: exec:stub, because this is the main thread of Node; program /);
    assert.equal(second, "log trap: hello: exec:execve, because the one before came back: /proc/self/fd/17: failed to map segment");
  });
  test("of a file payload lies beside the program, wherever that is executed", () => {
    const programs = { x64: { sha256: "0123456789abcdef", size: 4, file: "hello.x64.bin", stub: { file: "hello.x64.stub" } } };
    const at = "/app/trap/hello.x64.bin";
    for (const [mode, path] of [[0o755, at], [0o644, PATH]] as const) {
      const fakes = { moduleFolder: "/app", files: { [at]: { size: 4, mode } } };
      assert.equal(ends(fakes, "auto", { name: "hello", programs }).at(-1), `stub /app/trap/hello.x64.stub for ${path}`);
    }
  });
});

describe("under spawn the host ends with", () => {
  test("the status of the program", () => {
    assert.deepEqual(ends({ childEnd: { status: 3 } }, "spawn").slice(-2), [`spawn ${PATH}`, "exit 3"]);
  });
  test("status 0 as well: it must not look healthy", () => {
    assert.equal(ends({ childEnd: { status: 0 } }, "spawn").at(-1), "exit 0");
  });
  test("the signal that killed the program", () => {
    assert.equal(ends({ childEnd: { signal: "SIGKILL" } }, "spawn").at(-1), "die by SIGKILL");
  });
});

test("a variable that Linux does not pass on is no reason to abort: auto spawns, exec refuses", () => {
  const env = { ...polling, BIG: "ä".repeat(65536) };
  assert.equal(ends({ env }).at(-2), `spawn ${PATH}`);
  assert.throws(() => start(payload, { takeover: "exec" }, undefined, fakeHost({ env }).host), {
    code: "TRAP_EXEC_UNAVAILABLE",
    message: /the variable BIG is longer/,
  });
});

test("the longest variable is counted in bytes, with its name and its end", () => {
  assert.equal(oversizedVariable({ A: "x".repeat(131072 - 3) }), undefined);
  assert.equal(oversizedVariable({ A: "x".repeat(131072 - 2) }), "A");
  assert.equal(oversizedVariable({ A: "ä".repeat(65534) }), undefined);
  assert.equal(oversizedVariable({ A: "ä".repeat(65535) }), "A");
  assert.equal(oversizedVariable({ A: "😀".repeat(32767) }), undefined);
  assert.equal(oversizedVariable({ A: "😀".repeat(32768) }), "A");
});

describe("the whole environment is counted against a quarter of the stack limit:", () => {
  const MIB = 1048576;
  const variables = (count: number): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`V${at}`, "x".repeat(100_000)]));
  const cases: readonly [name: string, count: number, stackLimit: number, refused: boolean][] = [
    ["2 MB fit into the usual 8 MiB", 20, 8 * MIB, false],
    ["2.1 MB do not", 21, 8 * MIB, true],
    ["6.2 MB fit where there is no limit", 62, Infinity, false],
    ["6.3 MB never do", 63, Infinity, true],
    ["100 KB fit whatever the limit is", 1, 0, false],
    ["200 KB do not where the limit is not known", 2, 0, true],
  ];
  for (const [name, count, stackLimit, refused] of cases) {
    test(name, () => {
      const obstacle = environmentObstacle(variables(count), fakeHost({ stackLimit }).host);
      assert.equal(obstacle !== undefined, refused, obstacle?.what ?? "no obstacle");
    });
  }
  test("auto spawns, exec refuses", () => {
    const env = { ...polling, ...variables(21) };
    assert.equal(ends({ env }).at(-2), `spawn ${PATH}`);
    assert.throws(() => start(payload, { takeover: "exec" }, undefined, fakeHost({ env }).host), {
      code: "TRAP_EXEC_UNAVAILABLE",
      message: /the environment takes 21\d{5} bytes, and Linux passes on 20\d{5} /,
    });
  });
});

test("a forced takeover does nothing without a Runtime API, and every event is refused with the reason", async () => {
  for (const takeover of ["exec", "exec:stub", "exec:execve", "spawn"] as const) {
    for (const env of [{}, { AWS_LAMBDA_RUNTIME_API: "" }]) {
      const { host, done } = fakeHost({ env });
      const standby = start(payload, { takeover }, undefined, host);
      const reason = {
        code: "TRAP_NO_RUNTIME_API",
        message: /^`hello` was not started: .*does not poll Lambda's Runtime API, and takeover `[a-z:]+` was forced .*\nhelp: .*--takeover auto/,
      };
      await assert.rejects(standby.handle({}), reason);
      await assert.rejects(standby.http({ method: "GET", path: "/", query: "", headers: [], body: new Uint8Array() }), reason);
      assert.deepEqual(done, []);
    }
  }
});

describe("a program that serves HTTP itself", () => {
  const carried: Payload = { name: "hello", programs: { x64: { ...program, serves: true } } };
  const run = (env: Record<string, string>, port: string): string[] => {
    const { host, done } = fakeHost({ env });
    assert.throws(() => start(carried, { takeover: "auto", port }, undefined, host));
    return done.slice(-3);
  };
  test("takes the process and is told where to serve", () => {
    assert.deepEqual(run({ PORT: "8080" }, "PORT"), ["set PORT=8080", "set TRAP_HOST=0.0.0.0", `execve ${PATH}`]);
  });
  test("is told by its own variable whatever the platform calls it", () => {
    assert.deepEqual(run({ HTTP_PORT: "81", TRAP_HOST: "::1" }, "HTTP_PORT").slice(-2), ["set PORT=81", `execve ${PATH}`]);
  });
});

describe("with TRAP_LOG=debug one line says", () => {
  const logged = (done: readonly string[]): string[] => done.filter((line) => line.startsWith("log "));
  const env = { ...polling, TRAP_LOG: "debug" };
  test("what is done, why, and where the program came from", () => {
    assert.deepEqual(logged(ends({ env })), [
      "log trap: hello: exec:execve, because the payload has no stub for x64, and this is the main thread of Node; " +
        `program ${PATH} (x64; payload: evaluated)`,
    ]);
  });
  test("which folders were passed over", () => {
    const [line] = logged(ends({ env, noexec: ["/tmp"] }));
    assert.match(line ?? "", /program \/dev\/shm\/.*; skipped \/tmp: files in it cannot be executed/);
  });
  test("that nothing is taken over", () => {
    const { host, done } = fakeHost({ env: { TRAP_LOG: "debug" } });
    start(payload, { takeover: "spawn" }, undefined, host);
    assert.deepEqual(done, ["log trap: hello: standby, because AWS_LAMBDA_RUNTIME_API is not set"]);
  });
  test("that the host's events are passed on", () => {
    const { host, done } = fakeHost({ env: { TRAP_LOG: "debug" } });
    start(payload, { takeover: "auto" }, (program, of) => new Bridge(program, of, fakeBridge().host), host);
    assert.equal(done[0], "log trap: hello: bridge, because AWS_LAMBDA_RUNTIME_API is not set, so this host pushes events");
  });
});

describe("a payload file is", () => {
  const carried: Payload = { name: "hello", programs: { x64: { sha256: "0123456789abcdef", size: 4, file: "hello.x64.bin" } } };
  const at = "/app/trap/hello.x64.bin";
  test("executed where it lies when it may be executed", () => {
    const fakes = { moduleFolder: "/app", files: { [at]: { size: 4, owner: 0 } } };
    assert.deepEqual(ends(fakes, "auto", carried), [`execve ${at}`]);
  });
  test("copied when it may not", () => {
    const fakes = { moduleFolder: "/app", files: { [at]: { size: 4, mode: 0o644 } } };
    assert.deepEqual(ends(fakes, "auto", carried), [`copy ${at} to ${PATH}.new`, `mode 755 ${PATH}.new`, `rename ${PATH}.new to ${PATH}`, `execve ${PATH}`]);
  });
  test("compared with its hash when that is asked for", () => {
    const fakes = { env: { ...polling, TRAP_VERIFY: "1" }, moduleFolder: "/app", files: { [at]: { content: "abcd" } } };
    assert.throws(() => start(carried, { takeover: "auto" }, undefined, fakeHost(fakes).host), {
      code: "TRAP_PAYLOAD_DAMAGED",
      message: /its SHA-256 is hash of abcd instead of 0123456789abcdef/,
    });
  });
});

describe("a payload file that cannot be read is", () => {
  const carried: Payload = { name: "hello", programs: { x64: { sha256: "0123456789abcdef", size: 4, file: "hello.bin" } } };
  const at = "/app/trap/hello.bin";
  const fakes = (mode: number): Fakes => ({ moduleFolder: "/app", unreadable: [at], files: { [at]: { size: 4, mode } } });
  test("executed where it lies when it may be executed", () => {
    assert.deepEqual(ends(fakes(0o711), "auto", carried), [`execve ${at}`]);
  });
  const cases: Record<string, [Fakes, RegExp]> = {
    "refused when it may not be executed either": [fakes(0o600), /^`\/app\/trap\/hello\.bin` cannot be read: EACCES: permission denied\nhelp: /],
    "refused when its hash is asked for": [
      { ...fakes(0o711), env: { ...polling, TRAP_VERIFY: "1" } },
      /cannot be compared with its SHA-256: `\/app\/trap\/hello\.bin`: EACCES: permission denied\nhelp: /,
    ],
  };
  for (const [name, [host, message]] of Object.entries(cases)) {
    test(name, () =>
      assert.throws(() => start(carried, { takeover: "auto" }, undefined, fakeHost(host).host), { code: "TRAP_PAYLOAD_DAMAGED", message }));
  }
});

test("a payload of another architecture is named also where a takeover was forced that it has nothing for", () => {
  for (const takeover of ["exec", "exec:stub", "exec:execve", "spawn", "port"] as const) {
    const started = (): unknown => start(payload, { takeover }, undefined, fakeHost({ arch: "arm64", execve: false }).host);
    assert.throws(started, { code: "TRAP_WRONG_ARCH" }, takeover);
  }
});

describe("start throws", () => {
  const cases: Record<string, [Fakes, Payload, string, RegExp]> = {
    "when the payload has another architecture only": [
      { arch: "arm64" },
      payload,
      "TRAP_WRONG_ARCH",
      /^this host is arm64, and the payload of `hello` has x64\nhelp: build with `cargo trap build --arch arm64`/,
    ],
    "when no architecture of the host is supported": [
      { arch: "s390x" },
      { name: "hello", programs: { arm64: program, x64: program } },
      "TRAP_WRONG_ARCH",
      /^this host is s390x, and the payload of `hello` has arm64 and x64\nhelp: choose arm64 and x64 in/,
    ],
    "when the host does not run Linux": [{ system: "darwin" }, payload, "TRAP_WRONG_SYSTEM", /this host runs darwin/],
    "when the payload carries nothing": [
      {},
      { name: "hello", programs: { x64: { sha256: "00", size: 4 } } },
      "TRAP_PAYLOAD_MISSING",
      /neither `base64` nor `file` for x64/,
    ],
    "when the program is for another machine than it says": [
      { machine: 183 },
      payload,
      "TRAP_PAYLOAD_DAMAGED",
      /this host is x64 and the file is arm64/,
    ],
    "when both execve and the child are refused": [
      { execveError: new Error("EPERM: x"), spawnError: new Error("EACCES: permission denied, spawn") },
      payload,
      "TRAP_START_FAILED",
      /does not start `\/tmp\/trap-0123456789abcdef`: EACCES: permission denied\n/,
    ],
    "when the child does not start": [
      { execve: false, spawnError: new Error("spawnSync /tmp/trap E2BIG") },
      payload,
      "TRAP_START_FAILED",
      /E2BIG/,
    ],
  };
  for (const [name, [fakes, carried, code, message]] of Object.entries(cases)) {
    test(name, () => {
      const { host, done } = fakeHost(fakes);
      assert.throws(() => start(carried, { takeover: "auto" }, undefined, host), { code, message });
      assert.ok(!done.some((line) => line.startsWith("log ")));
    });
  }
});

test("a program for another system runs there as a child", () => {
  const carried: Payload = { name: "hello", system: "darwin", programs: { arm64: program } };
  assert.equal(ends({ system: "darwin", arch: "arm64", machine: 0 }, "auto", carried).at(-2), `spawn ${PATH}`);
});

test("an error shows its code where only the stack is shown, and nothing twice", () => {
  const error = new TrapError("TRAP_WRONG_ARCH", "this is so", "do that");
  assert.equal(error.message, "this is so\nhelp: do that");
  assert.match(error.stack ?? "", /^TrapError \[TRAP_WRONG_ARCH\]: this is so\nhelp: do that\n {4}at /);
  assert.deepEqual([error.what, error.advice, error.name], ["this is so", "do that", "TrapError"]);
  assert.deepEqual(Object.keys(error).filter((key) => key !== "name"), ["code"]);
});
