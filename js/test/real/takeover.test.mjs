// The hand-over in real Node processes, with a real program.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { writeArtifact } from "../support/artifact.mjs";
import { program, sha256 } from "../support/program.mjs";
import { hasExecve, nodes, runHost, said, startHost, temporaryFolder } from "../support/run.mjs";

const built = program();

/** The last line the test program says about itself. */
const READY = /^given .*\n/m;

/** Whether a process has a handler for a signal. */
function handles(pid, number) {
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return ((BigInt(`0x${caught[1]}`) >> BigInt(number - 1)) & 1n) === 1n;
}

/** What a process was started with; empty when there is none. */
function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

for (const { path: node, version } of nodes) {
  describe(`Node ${version}`, () => {
    /** What replaces the process in this Node, best first. */
    const execs = hasExecve(version) ? ["exec:stub", "exec:execve"] : ["exec:stub"];

    /** An artifact in a folder of its own, and the options to run it with. */
    function artifact(t, how = {}, carried = built) {
      const folder = temporaryFolder(t);
      return { folder, entry: writeArtifact(folder, carried, how), env: { TRAP_DIR: folder } };
    }

    for (const takeover of ["auto", ...execs, "spawn"])
      test(`under ${takeover} arguments, folder, environment and status are the program's`, async (t) => {
      const { folder, entry, env } = artifact(t, { takeover });
      const cwd = join(folder, "trap");
      const host = await runHost(node, entry, { cwd, env: { ...env, TRAP_TEST_GIVEN: "ä = 1" } });
      const installed = join(folder, `trap-${built.sha256.slice(0, 16)}`);
      assert.equal(host.status, 7);
      assert.equal(said(host.stdout, "args"), `["${installed}"]`);
      assert.equal(said(host.stdout, "cwd"), cwd);
      assert.equal(said(host.stdout, "given"), "ä = 1");
      assert.equal(said(host.stdout, takeover === "spawn" ? "parent" : "pid"), `${host.pid}`);
      const taken = takeover === "auto" ? "exec:stub" : takeover;
      assert.match(host.stderr, new RegExp(`^trap: hello: ${taken}, because .*payload: source text\\)\n$`));
      assert.deepEqual(readdirSync(folder).filter((name) => name.startsWith("trap-")), [`trap-${built.sha256.slice(0, 16)}`]);
      });

    test("nothing is printed unless TRAP_LOG=debug asks for it", async (t) => {
      const { entry, env } = artifact(t);
      const host = await runHost(node, entry, { env: { ...env, TRAP_LOG: "" } });
      assert.deepEqual([host.status, host.stderr], [7, ""]);
    });

    for (const status of [0, 1, 255]) {
      test(`the host of a spawned program that ends with ${status} ends with ${status}`, async (t) => {
        const { entry, env } = artifact(t, { takeover: "spawn" });
        const host = await runHost(node, entry, { env: { ...env, TRAP_TEST_END: `${status}` } });
        assert.equal(host.status, status);
        assert.equal(said(host.stdout, "parent"), `${host.pid}`);
      });
    }

    for (const signal of ["SIGKILL", "SIGTERM", "SIGSEGV", "SIGABRT", "SIGUSR1"]) {
      for (const takeover of ["spawn", ...execs]) {
        test(`a program killed by ${signal} under ${takeover} takes its host along`, async (t) => {
          const { entry, env } = artifact(t, { takeover });
          const host = startHost(node, [entry], { env: { ...env, TRAP_TEST_END: "wait" } });
          const pid = Number(said(await host.printed(READY), "pid"));
          process.kill(pid, signal);
          if (signal === "SIGSEGV") {
            // Rust's handler takes the first one, which no memory access caused, and removes itself.
            while (handles(pid, 11)) await new Promise(setImmediate);
            process.kill(pid, signal);
          }
          assert.equal((await host.end).signal, signal);
        });
      }
    }

    test("a program killed by a signal that Node cannot name does not look like one that was stopped", async (t) => {
      const { entry, env } = artifact(t, { takeover: "spawn" });
      const host = startHost(node, [entry], { env: { ...env, TRAP_TEST_END: "wait" } });
      process.kill(Number(said(await host.printed(READY), "pid")), 40);
      const { status, signal } = await host.end;
      assert.deepEqual([status, signal], [255, null]);
    });

    // A spawned program has another process id than the shell, and Node resets its signals by itself.
    for (const takeover of execs) {
      test(`signals that Node ignores have their default action in the program under ${takeover}`, async (t) => {
        // `cat` prints its own state, which it finds on stdin: the process id is the shell's all along.
        const bytes = readFileSync(execFileSync("which", ["cat"], { encoding: "utf8" }).trim());
        const cat = { bytes, size: bytes.length, sha256: sha256(bytes) };
        const { entry, env } = artifact(t, { file: "cat", takeover }, cat);
        const host = await startHost("sh", ["-c", 'exec "$@" < /proc/$$/status', "sh", node, entry], { env }).end;
        assert.match(host.stdout, /^Name:\tcat$/m, host.stderr);
        const ignored = BigInt(`0x${/^SigIgn:\t(\w+)$/m.exec(host.stdout)[1]}`);
        const [SIGPIPE, SIGXFSZ] = [1n << 12n, 1n << 24n];
        assert.equal(ignored & (SIGPIPE | SIGXFSZ), 0n);
      });
    }

    for (const takeover of execs)
      test(`no other process is left a while after ${takeover}`, async (t) => {
        const { entry, env } = artifact(t, { takeover });
        const host = startHost(node, [entry], { env: { ...env, TRAP_TEST_END: "wait" } });
        const program = Number(said(await host.printed(READY), "pid"));
        // The stub's keeper is a copy of the host for a moment, its command line included.
        const others = () => readdirSync("/proc").filter((pid) => pid !== `${program}` && commandOf(pid).includes(entry));
        for (const end = Date.now() + 20_000; others().length > 0 && Date.now() < end; ) await new Promise((resolve) => setTimeout(resolve, 10));
        assert.deepEqual(others(), []);
        assert.equal(readFileSync(`/proc/${program}/task/${program}/children`, "utf8"), "");
        host.child.stdin.end("x");
        assert.equal((await host.end).status, 1);
      });

    test("a listener of the host for the signal does not keep it alive", async (t) => {
      const { folder, entry, env } = artifact(t, { takeover: "spawn" });
      const listening = join(folder, "listening.js");
      writeFileSync(listening, `process.on("SIGTERM", () => {});\nawait import(${JSON.stringify(entry)});\n`);
      const host = startHost(node, [listening], { env: { ...env, TRAP_TEST_END: "wait" } });
      process.kill(Number(said(await host.printed(READY), "pid")), "SIGTERM");
      assert.equal((await host.end).signal, "SIGTERM");
    });

    test("stdin reaches the program", async (t) => {
      const { entry, env } = artifact(t);
      const host = startHost(node, [entry], { env: { ...env, TRAP_TEST_END: "wait" } });
      await host.printed(READY);
      host.child.stdin.end("x");
      assert.equal((await host.end).status, 1);
    });

    for (const takeover of [...execs, "spawn"])
      test(`a host that has printed leaves a blocking stdout to the program under ${takeover}`, async (t) => {
      const { folder, entry, env } = artifact(t, { takeover });
      const printing = join(folder, "printing.js");
      writeFileSync(printing, `console.log("host says hello");\nawait import(${JSON.stringify(entry)});\n`);
      const host = await runHost(node, printing, { env });
      assert.match(host.stdout, /^host says hello$/m);
      const flags = parseInt(/\d+/.exec(said(host.stdout, "stdout"))[0], 8);
      assert.equal(flags & 0o4000, 0);
      });

    test("in a worker thread the program is spawned and the thread ends with its status", async (t) => {
      const { folder, entry, env } = artifact(t);
      const main = join(folder, "main.js");
      writeFileSync(
        main,
        `import { Worker } from "node:worker_threads";
         new Worker(${JSON.stringify(entry)}).on("exit", (code) => console.log("worker ended with", code));`,
      );
      const host = await runHost(node, main, { env });
      assert.equal(host.status, 0);
      assert.equal(said(host.stdout, "parent"), `${host.pid}`);
      assert.match(host.stdout, /^worker ended with 7$/m);
      assert.match(host.stderr, /spawn, because the module runs in a worker thread/);
    });

    for (const takeover of ["exec", "exec:stub", "exec:execve"])
      test(`forced ${takeover} in a worker thread is an error, not the end of the host`, async (t) => {
      const { folder, entry, env } = artifact(t, { takeover });
      const main = join(folder, "main.js");
      writeFileSync(
        main,
        `import { Worker } from "node:worker_threads";
         new Worker(${JSON.stringify(entry)}).on("error", (error) => console.log(error.code, error.message));`,
      );
      const host = await runHost(node, main, { env });
      assert.equal(host.status, 0);
      assert.ok(host.stdout.startsWith(`TRAP_EXEC_UNAVAILABLE takeover \`${takeover}\` was forced at build time, but the module runs in a worker`), host.stdout);
      });

    for (const takeover of ["exec", ...execs])
      test(`forced ${takeover} replaces the process`, async (t) => {
        const { entry, env } = artifact(t, { takeover });
        const host = await runHost(node, entry, { env });
        assert.equal(said(host.stdout, "pid"), `${host.pid}`);
      });

    if (!hasExecve(version))
      test("forced exec:execve is refused without process.execve", async (t) => {
        const { entry, env } = artifact(t, { takeover: "exec:execve" });
        const host = await runHost(node, entry, { env });
        assert.match(host.stderr, /TrapError \[TRAP_EXEC_UNAVAILABLE\]: .*no process\.execve/);
      });

    describe("a stub that cannot be loaded", () => {
      const next = execs[1] ?? "spawn";
      const cases = {
        "because Node loads no addons": [{ NODE_OPTIONS: "--no-addons" }, () => undefined],
        "because its file is missing": [{}, (folder) => rmSync(join(folder, "trap", "hello.stub"))],
        "because its file is another": [{}, (folder) => writeFileSync(join(folder, "trap", "hello.stub"), "no stub")],
      };
      for (const [name, [more, prepare]] of Object.entries(cases)) {
        test(`${name} is followed by ${next}`, async (t) => {
          const { folder, entry, env } = artifact(t, { file: "hello.bin" });
          prepare(folder);
          const host = await runHost(node, entry, { env: { ...env, ...more } });
          assert.equal(host.status, 7, host.stderr);
          assert.match(host.stderr, new RegExp(`\ntrap: hello: ${next}, because the one before came back: .+\n$`));
          assert.equal(said(host.stdout, next === "spawn" ? "parent" : "pid"), `${host.pid}`);
        });
        test(`${name} is an error when it was forced`, async (t) => {
          const { folder, entry, env } = artifact(t, { file: "hello.bin", takeover: "exec:stub" });
          prepare(folder);
          const host = await runHost(node, entry, { env: { ...env, ...more } });
          assert.deepEqual([host.status, host.stdout], [1, ""]);
          assert.match(host.stderr, /TrapError \[TRAP_START_FAILED\]/);
        });
      }
    });

    describe("a program that cannot run is an error and does not abort Node:", () => {
      const otherMachine = Buffer.from(built.bytes);
      // RISC-V: nobody who runs these tests is likely to have registered an emulator for it.
      otherMachine.writeUInt16LE(243, 18);
      const noElf = Buffer.from(built.bytes);
      noElf.write("neither ELF nor script");
      const cases = {
        "another machine's": [otherMachine, /this host is \w+ and the file is ELF machine 243/],
        "not one at all": [noElf, /the file is no ELF file|its base64 text does not give/],
      };
      for (const [name, [bytes, message]] of Object.entries(cases)) {
        for (const file of [undefined, "hello.bin"]) {
          test(`${name}, as ${file === undefined ? "base64" : "a file"}`, async (t) => {
            const { entry, env } = artifact(t, { file }, { bytes, size: bytes.length, sha256: sha256(bytes) });
            const host = await runHost(node, entry, { env });
            assert.deepEqual([host.status, host.signal, host.stdout], [1, null, ""]);
            assert.match(host.stderr, message);
            assert.match(host.stderr, /code: 'TRAP_PAYLOAD_DAMAGED'/);
          });
        }
      }
      test("one with a variable that Linux does not pass on", async (t) => {
        const { folder, entry, env } = artifact(t);
        const setting = join(folder, "setting.js");
        writeFileSync(setting, `process.env.BIG = "x".repeat(131072);\nawait import(${JSON.stringify(entry)});\n`);
        const host = await runHost(node, setting, { env });
        assert.deepEqual([host.status, host.signal], [1, null]);
        assert.match(host.stderr, /TrapError \[TRAP_START_FAILED\]: .*E2BIG/);
      });
    });

    describe("an environment of many variables", () => {
      const failed = /TrapError \[TRAP_START_FAILED\]: .*E2BIG/;
      const cases = {
        "of 2 MB reaches the program": ["8192", 20, 7, /exec:stub, because/],
        "of 2.1 MB is an error": ["8192", 21, 1, failed],
        "of 500 KB is one when the stack is small": ["2048", 6, 1, failed],
        "of 6 MB reaches the program when the stack has no limit": ["unlimited", 60, 7, /exec:stub, because/],
      };
      for (const [name, [stack, count, status, said]] of Object.entries(cases)) {
        test(name, async (t) => {
          const { folder, entry, env } = artifact(t);
          const setting = join(folder, "setting.js");
          const set = `for (let at = 0; at < ${count}; at += 1) process.env["BIG" + at] = "x".repeat(100_000);`;
          writeFileSync(setting, `${set}\nawait import(${JSON.stringify(entry)});\n`);
          const host = await startHost("sh", ["-c", `ulimit -s ${stack} && exec "$@"`, "sh", node, setting], { env }).end;
          assert.deepEqual([host.status, host.signal], [status, null], host.stderr);
          assert.match(host.stderr, said);
        });
      }
    });

    test("without a Runtime API a forced takeover lets the host go on, and it hears the reason with its first event", async (t) => {
      const { folder, env } = artifact(t);
      const entry = join(folder, "standby.js");
      writeFileSync(
        entry,
        `import { payload } from "./trap/payload.js";
         import { start } from "./trap/trampoline.js";
         const standby = start(payload, { takeover: "spawn" });
         await standby.handle({}).catch((error) => console.log(error.code, error.message));`,
      );
      const host = await runHost(node, entry, { env: { ...env, AWS_LAMBDA_RUNTIME_API: "" } });
      assert.equal(host.status, 0);
      assert.match(host.stdout, /^TRAP_NO_RUNTIME_API .*\nhelp: .*--takeover auto/);
    });

    describe("a Node without process.getBuiltinModule is told so", () => {
      const cases = {
        // A line of a bundle may hold the payload: what Node shows must be our own.
        "without a line of the artifact": ["", /^trap-host:\d+\n.*throw new Kind/],
        "also where text may not become code": ["--disallow-code-generation-from-strings", /^/],
      };
      for (const [name, [flags, shown]] of Object.entries(cases)) {
        test(name, async (t) => {
          const { folder, env } = artifact(t);
          const old = join(folder, "old.js");
          // Node shows the line of an error that no promise carries, as those of CommonJS modules.
          const lines = [
            "delete process.getBuiltinModule;",
            `const { start } = await import(${JSON.stringify(join(folder, "trap", "trampoline.js"))});`,
            `setImmediate(() => start({ name: "hello", programs: {} }, { takeover: "auto" }));`,
          ];
          writeFileSync(old, lines.join("\n"));
          const host = await startHost(node, [...flags.split(" ").filter(Boolean), old], { env }).end;
          assert.equal(host.status, 1);
          assert.match(host.stderr, /TRAP_NODE_TOO_OLD\]: this host is Node v.*\nhelp: choose Node 20\.16, 22\.3 or later/);
          assert.match(host.stderr, shown);
        });
      }
    });

    describe("a payload file", () => {
      const file = "hello.bin";
      test("is executed where it lies", async (t) => {
        const { folder, entry, env } = artifact(t, { file });
        const host = await runHost(node, entry, { cwd: "/", env });
        assert.equal(said(host.stdout, "exe"), join(folder, "trap", file));
      });
      test("is copied when it cannot be executed there", async (t) => {
        const { folder, entry, env } = artifact(t, { file, mode: 0o444 });
        const host = await runHost(node, entry, { cwd: "/", env });
        assert.equal(said(host.stdout, "exe"), join(folder, `trap-${built.sha256.slice(0, 16)}`));
        assert.match(host.stderr, /payload: copied file/);
      });
      test("is found when the host maps stack traces to sources", async (t) => {
        const { entry, env } = artifact(t, { file });
        const host = await runHost(node, entry, { cwd: "/", env: { ...env, NODE_OPTIONS: "--enable-source-maps" } });
        assert.equal(host.status, 7, host.stderr);
      });
      test("is found in the task root when the host does not let the module ask where it lies", async (t) => {
        const { folder, entry, env } = artifact(t, { file });
        const frozen = { NODE_OPTIONS: "--frozen-intrinsics --no-warnings" };
        const lost = await runHost(node, entry, { env: { ...env, ...frozen } });
        assert.match(lost.stderr, /TRAP_PAYLOAD_MISSING/);
        const found = await runHost(node, entry, { env: { ...env, ...frozen, LAMBDA_TASK_ROOT: folder } });
        assert.equal(found.status, 7, found.stderr);
      });
      test("is found in a folder whose name has to be escaped in a URL", async (t) => {
        const folder = join(temporaryFolder(t), "a b#c%20ä");
        mkdirSync(folder);
        const entry = writeArtifact(folder, built, { file });
        assert.equal((await runHost(node, entry)).status, 7);
      });
      test("is found in the task root, or the error says where it was looked for", async (t) => {
        const { folder, entry, env } = artifact(t, { file });
        const elsewhere = join(folder, "elsewhere");
        mkdirSync(elsewhere);
        const moved = writeArtifact(elsewhere, built, { payload: `export const payload = { name: "hello", programs: { ${process.arch}: { sha256: "${built.sha256}", size: ${built.size}, file: "${file}" } } };` });
        const missing = await runHost(node, moved, { env });
        assert.match(missing.stderr, /TRAP_PAYLOAD_MISSING/);
        assert.ok(missing.stderr.includes(`${join(elsewhere, "trap", file)}: no such file`), missing.stderr);
        const found = await runHost(node, moved, { env: { ...env, LAMBDA_TASK_ROOT: folder } });
        assert.equal(said(found.stdout, "exe"), join(folder, "trap", file));
        assert.ok(entry);
      });
    });
  });
}
