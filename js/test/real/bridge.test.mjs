// The bridge in real Node processes, between a real HTTP client and a real program.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { describe, test } from "node:test";
import { modules } from "../support/artifact.mjs";
import { root, sha256 } from "../support/program.mjs";
import { nodes, startHost, temporaryFolder } from "../support/run.mjs";

const script = Buffer.from(`#!/bin/sh\nexec '${process.execPath}' '${join(root, "test/support/polls.cjs")}'\n`);

/** A host's module beside the trampoline and a payload file that is a script. */
function deployed(t, text) {
  const folder = temporaryFolder(t);
  const trap = join(folder, "trap");
  mkdirSync(trap);
  for (const { name, types } of modules) {
    if (!types) writeFileSync(join(trap, `${name}.js`), readFileSync(join(root, "dist", `${name}.js`)));
  }
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  writeFileSync(join(trap, "hello.bin"), script);
  chmodSync(join(trap, "hello.bin"), 0o755);
  const entry = join(folder, "host.js");
  const program = `{ sha256: "${sha256(script)}", size: ${script.length}, file: "hello.bin" }`;
  writeFileSync(entry, `const payload = { name: "hello", programs: { ${process.arch}: ${program} } };\n${text}`);
  return { folder, entry };
}

const SERVER = `
  import { serve } from "./trap/server.js";
  import { bridge } from "./trap/bridge.js";
  serve(payload, { takeover: "auto", port: "PORT", limit: 1000 }, bridge);
`;

/** A host that serves on a port, and what can be asked of it. */
async function server(t, node, env = {}) {
  const { entry } = deployed(t, SERVER);
  const host = startHost(node, [entry], { env: { AWS_LAMBDA_RUNTIME_API: "", TRAP_LOG: "", PORT: "0", TRAP_HOST: "127.0.0.1", ...env } });
  t.after(() => host.child.kill("SIGKILL"));
  const port = await new Promise((resolve, reject) => {
    let said = "";
    host.child.stderr.on("data", (text) => {
      said += text;
      const [, found] = /listening on http:\/\/127\.0\.0\.1:(\d+)\n/.exec(said) ?? [];
      if (found !== undefined) resolve(Number(found));
    });
    void host.end.then(({ stderr }) => reject(new Error(stderr)));
  });
  /** Asks, and resolves with status, headers and the whole body; `onPart` sees the body as it comes. */
  const ask = (method, path, body, onPart = () => undefined) =>
    new Promise((resolve, reject) => {
      const request = http.request({ host: "127.0.0.1", port, method, path, agent: false }, async (response) => {
        let text = "";
        try {
          for await (const part of response) {
            text += part;
            onPart(text);
          }
        } catch (error) {
          return reject(error);
        }
        resolve({ status: response.statusCode, headers: response.headers, text });
      });
      request.on("error", reject);
      request.end(body);
    });
  return { ...host, ask };
}

/** The processes whose environment has this address of a Runtime API's owner: those a host started. */
function childrenOf(pid) {
  return readdirSync("/proc").filter((entry) => {
    try {
      return /^\d+$/.test(entry) && new RegExp(`^PPid:\\s*${pid}$`, "m").test(readFileSync(`/proc/${entry}/status`, "utf8"));
    } catch {
      return false;
    }
  });
}

function isAlive(pid) {
  try {
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function until(what, found) {
  for (let tries = 0; tries < 1000; tries += 1) {
    if (found()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(`never: ${what}`);
}

for (const { path: node, version } of nodes) {
  describe(`Node ${version}`, () => {
    test("requests reach the program, one after the other the same one", async (t) => {
      const { ask, child, end } = await server(t, node);
      const first = await ask("POST", "/echo/a%2Fb", "body");
      assert.deepEqual([first.status, first.text], [200, "POST /echo/a%2Fb body"]);
      const second = await ask("GET", "/again");
      assert.equal(second.headers["x-pid"], first.headers["x-pid"]);
      assert.equal(childrenOf(child.pid).length, 1);
      child.kill("SIGTERM");
      assert.deepEqual([(await end).status, (await end).stdout], [0, ""]);
    });

    test("requests at once get a program each up to the limit", async (t) => {
      const { ask } = await server(t, node, { TRAP_PROGRAMS: "3" });
      const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => ask("GET", `/slow/20/${at}`)));
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
      assert.deepEqual(answers.map(({ text }) => text.trim()), answers.map((_, at) => `GET /slow/20/${at}`));
      assert.equal(new Set(answers.map(({ headers }) => headers["x-pid"])).size, 3);
    });

    test("more requests than may wait are refused with 503", async (t) => {
      const { ask } = await server(t, node, { TRAP_PROGRAMS: "1", TRAP_WAITING: "2" });
      const answers = await Promise.all(Array.from({ length: 6 }, () => ask("GET", "/slow/100")));
      const busy = answers.filter(({ status }) => status === 503);
      assert.equal(busy.length, 3);
      for (const { text } of busy) assert.match(text, /^TRAP_BUSY: all 1 programs of `hello` are busy and 2 requests wait already/);
    });

    for (const [path, how] of [["/die", "it was killed by SIGKILL"], ["/exit", "it ended with status 3"]]) {
      test(`a program that does ${path} fails its request alone`, async (t) => {
        const { ask } = await server(t, node);
        const failed = await ask("GET", path);
        assert.equal(failed.status, 502);
        assert.equal(failed.text, `TRAP_PROGRAM_ENDED: \`hello\` gave no answer: ${how} before it had answered this request\n`);
        assert.equal((await ask("GET", "/next")).status, 200);
      });
    }

    test("a request beyond its time is answered with 504, and its program ended", async (t) => {
      const { ask, child } = await server(t, node, { TRAP_TIMEOUT: "1" });
      assert.equal((await ask("GET", "/hang")).status, 504);
      await until("the program is gone", () => childrenOf(child.pid).filter(isAlive).length === 0);
      assert.equal((await ask("GET", "/next")).status, 200);
    });

    test("a body beyond the limit is answered with 413", async (t) => {
      const { ask } = await server(t, node);
      assert.equal((await ask("POST", "/", "x".repeat(1000))).status, 200);
      assert.equal((await ask("POST", "/", "x".repeat(1001))).status, 413);
    });

    test("a streamed answer arrives piece by piece", async (t) => {
      const { ask } = await server(t, node);
      const seen = [];
      const { text, headers } = await ask("GET", "/stream/50", undefined, (so_far) => seen.push(so_far));
      assert.deepEqual([text, seen[0], headers["content-type"]], ["first last", "first ", "text/plain"]);
    });

    test("a streamed answer that breaks off is not taken for a whole one", async (t) => {
      const { ask } = await server(t, node);
      await assert.rejects(ask("GET", "/stream/50/break"), { code: "ECONNRESET" });
      assert.equal((await ask("GET", "/next")).status, 200);
    });

    test("a client that goes away takes nobody with it", async (t) => {
      const { ask, child } = await server(t, node, { TRAP_PROGRAMS: "1" });
      await assert.rejects(
        ask("GET", "/stream/100", undefined, () => {
          throw new Error("gone");
        }),
      );
      const { headers } = await ask("GET", "/next");
      assert.deepEqual(childrenOf(child.pid), [headers["x-pid"]]);
    });

    test("a host that is told to end finishes what it has, and leaves nobody behind", async (t) => {
      const { ask, child, end } = await server(t, node);
      // The program has answered once, so that it has the next request as soon as that is there.
      await ask("GET", "/");
      const programs = childrenOf(child.pid);
      assert.equal(programs.length, 1);
      const slow = ask("GET", "/slow/1000");
      await new Promise((resolve) => setTimeout(resolve, 400));
      child.kill("SIGTERM");
      assert.equal((await slow).status, 200);
      assert.deepEqual([(await end).status, (await end).signal], [0, null]);
      await until("no program is left", () => !programs.some(isAlive));
    });

    test("a host that is killed leaves nobody behind", async (t) => {
      const { ask, child, end } = await server(t, node);
      await ask("GET", "/");
      const programs = childrenOf(child.pid);
      assert.equal(programs.length, 1);
      child.kill("SIGKILL");
      await end;
      await until("no program is left", () => !programs.some(isAlive));
    });

    test("a port that is taken, or none, is said in words", async (t) => {
      const taken = http.createServer().listen(0, "127.0.0.1");
      t.after(() => taken.close());
      await new Promise((resolve) => taken.on("listening", resolve));
      const port = String(taken.address().port);
      await assert.rejects(server(t, node, { PORT: port }), /TrapError \[TRAP_PORT\]: cannot listen on 127\.0\.0\.1, port \d+: listen EADDRINUSE/);
      await assert.rejects(server(t, node, { PORT: "http" }), /TrapError \[TRAP_SETTING\]: PORT is `http`, which is no port/);
    });

    const handler = `
      import { start } from "./trap/trampoline.js";
      import { bridge } from "./trap/bridge.js";
      const standby = start(payload, { takeover: "auto" }, bridge);
      const event = { rawPath: "/x", requestContext: { http: { method: "GET" } } };
    `;

    test("a host that only looks at the module ends by itself, and leaves nobody behind", async (t) => {
      const { entry } = deployed(t, `${handler}\nsetTimeout(() => console.log("looked"), 200);`);
      const host = startHost(node, [entry], { env: { AWS_LAMBDA_RUNTIME_API: "", TRAP_LOG: "" } });
      await host.printed(/looked/);
      const programs = childrenOf(host.child.pid);
      const { status, stdout, stderr } = await host.end;
      assert.deepEqual([status, stdout, stderr], [0, "looked\n", ""]);
      await until("no program is left", () => !programs.some(isAlive));
    });

    test("an event keeps a host that has nothing else to do", async (t) => {
      const { entry } = deployed(t, `${handler}\nstandby.handle({ ...event, rawPath: "/slow/300" }).then(({ body }) => console.log(body));`);
      const { status, stdout } = await startHost(node, [entry], { env: { AWS_LAMBDA_RUNTIME_API: "" } }).end;
      assert.deepEqual([status, stdout], [0, "GET /slow/300 \n"]);
    });

    test("a host without a listener of its own dies by the signal it got, after the programs", async (t) => {
      const { entry } = deployed(t, `${handler}\nsetInterval(() => {}, 1000);\nconsole.log((await standby.handle(event)).body);`);
      const host = startHost(node, [entry], { env: { AWS_LAMBDA_RUNTIME_API: "" } });
      await host.printed(/GET/);
      const programs = childrenOf(host.child.pid);
      host.child.kill("SIGTERM");
      assert.equal((await host.end).signal, "SIGTERM");
      assert.ok(!programs.some(isAlive));
    });

    test("a bridge in a file of its own is loaded when it is wanted, and missed when it is not there", async (t) => {
      const { folder, entry } = deployed(
        t,
        `import { lazily } from "./trap/lazy-bridge.js";\n${handler.replace(/import { bridge .*/, "").replace(", bridge)", ', lazily(() => import("./trap/bridge.js")))')}
         standby.handle(event).then(({ body }) => console.log(body), ({ code, message }) => console.log(code, message));`,
      );
      const env = { AWS_LAMBDA_RUNTIME_API: "" };
      assert.equal((await startHost(node, [entry], { env }).end).stdout, "GET /x \n");
      rmSync(join(folder, "trap", "bridge.js"));
      const { status, stdout } = await startHost(node, [entry], { env }).end;
      assert.equal(status, 0);
      assert.match(stdout, /^TRAP_PAYLOAD_MISSING the bridge of `hello`, which this host needs, cannot be loaded: .*\nhelp: deploy the `trap` folder/);
    });

    test("a host whose environment is more than Linux passes on says so, and lives", async (t) => {
      const { entry } = deployed(
        t,
        `process.env.BIG = "x".repeat(200_000);\n${handler}
         for (let time = 1; time <= 2; time += 1) await standby.handle(event).catch(({ code, message }) => console.log(code, message));`,
      );
      const { status, stdout } = await startHost(node, [entry], { env: { AWS_LAMBDA_RUNTIME_API: "" } }).end;
      assert.equal(status, 0);
      assert.equal(stdout.match(/^TRAP_START_FAILED the system does not start `hello`: spawn E2BIG\nhelp: .*size of the environment/gm)?.length, 2, stdout);
    });

    test("a worker thread is fed too, also where the host polls for several events at once", async (t) => {
      const { folder, entry } = deployed(
        t,
        `import { parentPort } from "node:worker_threads";\n${handler}\nparentPort.postMessage((await standby.handle(event)).body);`,
      );
      const main = join(folder, "main.js");
      writeFileSync(main, `import { Worker } from "node:worker_threads";\nnew Worker(${JSON.stringify(entry)}).on("message", (text) => { console.log(text); process.exit(0); });`);
      for (const env of [{ AWS_LAMBDA_RUNTIME_API: "" }, { AWS_LAMBDA_RUNTIME_API: "127.0.0.1:1", AWS_LAMBDA_MAX_CONCURRENCY: "4" }]) {
        const { status, stdout, stderr } = await startHost(node, [main], { env }).end;
        assert.deepEqual([status, stdout], [0, "GET /x \n"], stderr);
        assert.match(stderr, /^trap: hello: bridge, because /);
      }
    });
  });
}
