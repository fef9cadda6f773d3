// Installing on real file systems: what lies in the way, what is full, what does not execute.
import assert from "node:assert/strict";
import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { writeArtifact } from "../support/artifact.mjs";
import { program, sha256 } from "../support/program.mjs";
import { mayMount, nodes, runHost, runMounted, said, startHost, temporaryFolder, tmpfs } from "../support/run.mjs";

const built = program();
/** Runs a command as an ordinary user. */
const as = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
const NAME = `trap-${built.sha256.slice(0, 16)}`;

for (const { path: node, version } of nodes) {
  describe(`Node ${version}`, () => {
    /** An artifact, and an empty folder for TRAP_DIR. */
    function artifact(t, how = {}) {
      const folder = temporaryFolder(t);
      const to = join(folder, "to");
      mkdirSync(to);
      return { folder, entry: writeArtifact(folder, built, how), to, target: join(to, NAME), env: { TRAP_DIR: to } };
    }

    /** Asserts that the program ran and that exactly it, and nothing else, is in the folder. */
    function assertInstalled(host, { to, target }) {
      assert.equal(host.status, 7, host.stderr);
      assert.equal(said(host.stdout, "args"), `["${target}"]`);
      assert.equal(sha256(readFileSync(target)), built.sha256);
      assert.deepEqual(readdirSync(to), [NAME]);
      const facts = lstatSync(target);
      assert.ok(facts.isFile());
      assert.equal(facts.mode & 0o7777, 0o755);
      assert.equal(facts.uid, process.getuid());
    }

    test("eight starts at once all run the program and leave one file", async (t) => {
      const where = artifact(t);
      const hosts = await Promise.all(Array.from({ length: 8 }, () => runHost(node, where.entry, where)));
      for (const host of hosts) assertInstalled(host, where);
    });

    test("a second start does not write again", async (t) => {
      const where = artifact(t);
      assertInstalled(await runHost(node, where.entry, where), where);
      const { ino } = statSync(where.target);
      const again = await runHost(node, where.entry, where);
      assert.match(again.stderr, /payload: already installed/);
      assert.equal(statSync(where.target).ino, ino);
    });

    test("what a killed start left makes room when there is none", async (t) => {
      if (!mayMount(t)) return;
      const { folder } = artifact(t);
      // Room for the program once, but not twice.
      const size = Math.ceil((built.size * 1.5) / 4096) * 4;
      const to = tmpfs("/mnt/to", `size=${size}k`);
      // The process with the id of this shell is gone when the host starts.
      const left = `sh -c 'head -c ${built.size} /dev/zero > /mnt/to/${NAME}.$$-left'`;
      const mounts = [tmpfs("/tmp"), tmpfs("/dev/shm"), to, left];
      const host = await runMounted(node, folder, mounts, { env: { TRAP_DIR: "/mnt/to" } });
      assert.equal(said(host.stdout, "exe"), `/mnt/to/${NAME}`, host.stderr);
      assert.match(host.stdout, new RegExp(`^left in /mnt/to: ${NAME} $`, "m"));
    });

    test("the effective user owns what is installed", async (t) => {
      if (!mayMount(t)) return;
      const { folder, entry } = artifact(t);
      chmodSync(folder, 0o755);
      writeFileSync(join(folder, "built"), built.bytes, { mode: 0o755 });
      writeFileSync(entry, `process.seteuid(65534);\n${readFileSync(entry, "utf8")}`);
      const theirs = [`cp -p /mnt/artifact/built /mnt/to/${NAME}`, `chown 65534 /mnt/to/${NAME}`];
      const mounts = [tmpfs("/tmp"), tmpfs("/dev/shm"), ...theirs];
      const host = await runMounted(node, folder, mounts, { env: { TRAP_DIR: "/mnt/to" } });
      assert.match(host.stderr, /program \/mnt\/to\/.*already installed/);
    });

    describe("what lies at the target path is replaced:", () => {
      const ways = {
        "a link to a foreign program": ({ folder, target }) => {
          writeFileSync(join(folder, "foreign"), "#!/bin/sh\nexit 99\n", { mode: 0o755 });
          symlinkSync(join(folder, "foreign"), target);
          return () => assert.match(readFileSync(join(folder, "foreign"), "utf8"), /exit 99/);
        },
        "a dangling link": ({ target }) => symlinkSync("/nowhere/at/all", target),
        "a half-written program": ({ target }) => writeFileSync(target, built.bytes.subarray(0, 100_000), { mode: 0o755 }),
        "a program that its group may write": ({ target }) => {
          writeFileSync(target, built.bytes);
          chmodSync(target, 0o775);
        },
        "a program that is not executable": ({ target }) => writeFileSync(target, built.bytes, { mode: 0o644 }),
      };
      for (const [name, prepare] of Object.entries(ways)) {
        test(name, async (t) => {
          const where = artifact(t);
          const after = prepare(where);
          assertInstalled(await runHost(node, where.entry, where), where);
          after?.();
        });
      }
      test("somebody else's program", async (t) => {
        if (!mayMount(t)) return;
        const where = artifact(t);
        writeFileSync(where.target, built.bytes, { mode: 0o755 });
        chownSync(where.target, 12345, 12345);
        assertInstalled(await runHost(node, where.entry, where), where);
      });
      test("another program of the same size, when TRAP_VERIFY=1", async (t) => {
        const where = artifact(t);
        writeFileSync(where.target, Buffer.from(built.bytes).fill(1, built.size - 8), { mode: 0o755 });
        const env = { ...where.env, TRAP_VERIFY: "1" };
        assertInstalled(await runHost(node, where.entry, { env }), where);
      });
    });

    test("a umask does not take the permission to execute away", async (t) => {
      const where = artifact(t);
      const masking = join(where.folder, "masking.js");
      writeFileSync(masking, `process.umask(0o777);\nawait import(${JSON.stringify(where.entry)});\n`);
      assertInstalled(await runHost(node, masking, where), where);
    });

    describe("the next folder is used when the first", () => {
      const TO = "/mnt/to";
      const cases = {
        "is full": [tmpfs(TO, "size=128k"), /ENOSPC: no space left on device/, ""],
        "is read-only": [tmpfs(TO, "ro"), /EROFS: read-only file system/, ""],
        "is mounted noexec": [tmpfs(TO, "noexec"), /files in it cannot be executed \(mounted noexec\?\)/, ""],
        "does not exist": [`rmdir ${TO}`, /ENOENT: no such file or directory/, "ls: .* "],
        "has a directory in the way": [`mkdir ${TO}/${NAME}`, /a directory is in the way/, `${NAME} `],
      };
      for (const [name, [mount, reason, left]] of Object.entries(cases)) {
        test(name, async (t) => {
          if (!mayMount(t)) return;
          const mounts = [tmpfs("/tmp"), tmpfs("/dev/shm"), mount];
          const host = await runMounted(node, artifact(t).folder, mounts, { env: { TRAP_DIR: TO } });
          assert.equal(host.status, 7, host.stderr);
          assert.equal(said(host.stdout, "exe"), `/tmp/${NAME}`);
          assert.match(host.stderr, reason);
          assert.match(host.stdout, new RegExp(`^left in /tmp: ${NAME} $`, "m"));
          assert.match(host.stdout, new RegExp(`^left in ${TO}: ${left}$`, "m"));
        });
      }
    });

    test("/dev/shm is used when /tmp does not execute", async (t) => {
      if (!mayMount(t)) return;
      const host = await runMounted(node, artifact(t).folder, [tmpfs("/tmp", "noexec"), tmpfs("/dev/shm")]);
      assert.equal(said(host.stdout, "exe"), `/dev/shm/${NAME}`);
    });

    test("the error names every folder, and nothing is left in any", async (t) => {
      if (!mayMount(t)) return;
      const mounts = [tmpfs("/mnt/to", "size=128k"), tmpfs("/tmp", "noexec"), tmpfs("/dev/shm", "ro")];
      const host = await runMounted(node, artifact(t).folder, mounts, { env: { TRAP_DIR: "/mnt/to" } });
      assert.equal(host.status, 1);
      assert.match(host.stderr, /TrapError \[TRAP_NO_FOLDER\]: no folder can hold and execute `hello`/);
      assert.match(host.stderr, /tried \/mnt\/to: ENOSPC: no space left on device; \/tmp: files in it/);
      assert.match(host.stderr, /\/dev\/shm: EROFS: read-only file system\nhelp: set TRAP_DIR/);
      for (const folder of ["/mnt/to", "/tmp", "/dev/shm"]) {
        assert.match(host.stdout, new RegExp(`^left in ${folder}: $`, "m"));
      }
    });

    test("a payload file that can be executed needs no folder at all", async (t) => {
      if (!mayMount(t)) return;
      const { folder } = artifact(t, { file: "hello.bin" });
      const host = await runMounted(node, folder, [tmpfs("/tmp", "ro"), tmpfs("/dev/shm", "ro")]);
      assert.equal(said(host.stdout, "exe"), "/mnt/artifact/trap/hello.bin");
    });

    describe("for a user who may not read it, a payload file", () => {
      const FILE = "/mnt/artifact/trap/hello.bin";
      const damaged = (text) => ({ status: 1, stderr: new RegExp(`TrapError \\[TRAP_PAYLOAD_DAMAGED\\]: ${text}: EACCES: permission denied\nhelp: `) });
      const cases = {
        "runs when it may be executed": [0o711, {}, { status: 7, stderr: /file in place/ }],
        "is named when it may not": [0o600, {}, damaged(`\`${FILE}\` cannot be read`)],
        "is named when its hash is asked for": [0o711, { TRAP_VERIFY: "1" }, damaged(`.*SHA-256: \`${FILE}\``)],
        "is named when its folder is closed": [
          0o755,
          { LAMBDA_TASK_ROOT: "/mnt/to" },
          { status: 1, stderr: /TrapError \[TRAP_PAYLOAD_MISSING\]: .*\/mnt\/to\/trap\/hello\.bin: EACCES: permission denied; / },
          [`mkdir -m 700 /mnt/to/trap`, `mv ${FILE} /mnt/to/trap/`],
        ],
      };
      for (const [name, [mode, env, { status, stderr }, prepare = []]] of Object.entries(cases)) {
        test(name, async (t) => {
          if (!mayMount(t)) return;
          const { folder } = artifact(t, { file: "hello.bin", mode });
          chmodSync(folder, 0o755);
          const host = await runMounted(node, folder, [tmpfs("/tmp"), tmpfs("/dev/shm"), ...prepare], { as, env });
          assert.equal(host.status, status, host.stderr);
          assert.match(host.stderr, stderr);
        });
      }
    });

    test("a foreign program in a sticky /tmp is passed over by an ordinary user", async (t) => {
      if (!mayMount(t)) return;
      const { folder } = artifact(t);
      chmodSync(folder, 0o755);
      const foreign = [`printf '#!/bin/sh\\nexit 99\\n' > /tmp/${NAME}`, `chmod 755 /tmp/${NAME}`];
      const host = await runMounted(node, folder, [tmpfs("/tmp"), tmpfs("/dev/shm"), ...foreign], { as });
      assert.equal(said(host.stdout, "exe"), `/dev/shm/${NAME}`, host.stderr);
      assert.match(host.stderr, /skipped \/tmp: E(PERM|ACCES)/);
      assert.match(host.stdout, new RegExp(`^left in /tmp: ${NAME} $`, "m"));
    });
  });
}
