import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { TrapError } from "../src/errors.js";
import { Pool } from "../src/pool.js";
import type { Limits } from "../src/pool.js";
import type { Answer } from "../src/runtime-api.js";
import { fakeBridge, settle } from "./fake-bridge.js";

/** A pool with what can be done to it. */
function pool(limits: Partial<Limits> = {}, { place = (): string => "/tmp/program", obeys = ["SIGKILL"] } = {}) {
  const fake = fakeBridge({ obeys });
  const made = new Pool("hello", () => ({ path: place(), env: { A: "1" } }), { programs: 3, waiting: 5, ...limits }, fake.host);
  const run = (id: string, milliseconds = 10_000): Promise<Answer> => {
    const answer = made.run({ id, event: `{"id":"${id}"}`, deadline: fake.host.now() + milliseconds, headers: { "x-more": id } });
    // Looked at later: until then nobody is to complain.
    answer.catch(() => undefined);
    return answer;
  };
  const child = (at: number) => fake.children[at] ?? assert.fail(`no child ${at}`);
  return { ...fake, pool: made, run, child };
}

const code = (wanted: string, why = /./) => (error: unknown): boolean => {
  assert.ok(error instanceof TrapError, String(error));
  assert.equal(error.code, wanted);
  assert.match(error.what, why);
  return true;
};

const bodyOf = (answer: Answer): string => (answer.kind === "streamed" ? "(streamed)" : Buffer.from(answer.body).toString());

test("an event goes to a program that is started for it, and its answer back", async () => {
  const { run, child, keeping } = pool();
  const answer = run("e1");
  await settle();
  const { path, env } = child(0);
  assert.equal(path, "/tmp/program");
  assert.deepEqual(env, { A: "1", AWS_LAMBDA_RUNTIME_API: "127.0.0.1:4000" });
  const delivered = await child(0).poll();
  assert.equal(delivered.body, '{"id":"e1"}');
  assert.deepEqual(delivered.headers, {
    "content-type": "application/json",
    "lambda-runtime-aws-request-id": "e1",
    "lambda-runtime-deadline-ms": "1010000",
    "x-more": "e1",
  });
  assert.equal(keeping(), 1);
  const accepted = await child(0).post("invocation/e1/response", '"done"');
  assert.equal(accepted.status, 202);
  assert.equal(bodyOf(await answer), '"done"');
  assert.equal(keeping(), 0);
});

test("an idle program takes the next event; only events at once want more programs", async () => {
  const { pool: made, run, child, children } = pool();
  made.warm();
  await settle();
  let next = child(0).poll();
  for (const id of ["e1", "e2", "e3"]) {
    const answer = run(id);
    assert.equal((await next).body, `{"id":"${id}"}`);
    await child(0).post(`invocation/${id}/response`, id);
    assert.equal(bodyOf(await answer), id);
    next = child(0).poll();
  }
  assert.equal(children.length, 1);
});

test("a program that has just answered is waited for, and only if it does not ask again another is started", async () => {
  const { run, child, children, pass } = pool();
  const first = run("e1");
  await settle();
  await child(0).poll();
  await child(0).post("invocation/e1/response", "1");
  await first;
  void run("e2");
  void run("e3");
  await settle();
  assert.equal(children.length, 2);
  assert.equal((await child(0).poll()).body, '{"id":"e2"}');
  await child(0).post("invocation/e2/response", "2");
  void run("e4");
  await pass(49);
  assert.equal(children.length, 2);
  await pass(1);
  assert.equal(children.length, 3);
});

test("events at once get a program each up to the limit, and then wait in order", async () => {
  const { run, child, children } = pool({ programs: 2 });
  const answers = ["e1", "e2", "e3", "e4"].map((id) => run(id));
  await settle();
  assert.equal(children.length, 2);
  assert.equal((await child(1).poll()).body, '{"id":"e1"}');
  assert.equal((await child(0).poll()).body, '{"id":"e2"}');
  for (const [id, at] of [["e1", 1], ["e2", 0]] as const) await child(at).post(`invocation/${id}/response`, id);
  assert.equal((await child(0).poll()).body, '{"id":"e3"}');
  assert.equal((await child(1).poll()).body, '{"id":"e4"}');
  await child(0).post("invocation/e3/response", "e3");
  await child(1).post("invocation/e4/response", "e4");
  assert.deepEqual((await Promise.all(answers)).map(bodyOf), ["e1", "e2", "e3", "e4"]);
  assert.equal(children.length, 2);
});

test("more events than may wait are refused at once", async () => {
  const { run } = pool({ programs: 1, waiting: 2 });
  for (const id of ["e1", "e2", "e3"]) void run(id);
  await assert.rejects(run("e4"), code("TRAP_BUSY", /all 1 programs of `hello` are busy and 2 requests wait/));
});

describe("a program that ends", () => {
  test("fails what it had, and the next event starts another at once", async () => {
    const { run, child, children } = pool();
    const first = run("e1");
    await settle();
    await child(0).poll();
    await child(0).end({ signal: "SIGSEGV" });
    await assert.rejects(first, code("TRAP_PROGRAM_ENDED", /it was killed by SIGSEGV before it had answered this request/));
    assert.equal(child(0).served, false);
    const second = run("e2");
    await settle();
    await child(1).poll();
    await child(1).post("invocation/e2/response", "2");
    assert.equal(bodyOf(await second), "2");
    assert.equal(children.length, 2);
  });
  test("before it asked for anything fails the event that waited longest, with what it said", async () => {
    const { run, child } = pool({ programs: 1 });
    const first = run("e1");
    const second = run("e2");
    await settle();
    await child(0).post("init/error", '{"errorMessage":"no database","errorType":"X"}');
    await child(0).end({ status: 1 });
    await assert.rejects(first, code("TRAP_PROGRAM_ENDED", /it ended with status 1 before it asked for a request, and said: no database$/));
    await child(1).poll();
    await child(1).post("invocation/e2/response", "2");
    assert.equal(bodyOf(await second), "2");
  });
  test("again and again is started later each time, and at once after an answer", async () => {
    const { run, child, children, pass } = pool({ programs: 1 });
    const pauses: number[] = [];
    for (let round = 0; round < 9; round += 1) {
      void run(`e${round}`);
      let waited = 0;
      for (; children.length === round; waited += 50) await pass(waited === 0 ? 0 : 50);
      pauses.push(Math.max(0, waited - 50));
      await child(round).end({ status: 1 });
    }
    assert.deepEqual(pauses, [0, 0, 100, 200, 400, 800, 1600, 3200, 5000]);
    void run("good");
    await pass(5000);
    await child(9).poll();
    await child(9).post("invocation/good/response", "");
    await child(9).end({ status: 0 });
    void run("next");
    await settle();
    assert.equal(children.length, 11);
  });
  test("after it had answered is no failure: all that were killed at once are started at once again", async () => {
    const { run, child, children } = pool();
    for (const round of [0, 3, 6]) {
      const asked = [0, 1, 2].map((at) => run(`e${round + at}`));
      await settle();
      assert.equal(children.length, round + 3);
      for (const at of [0, 1, 2]) await child(round + at).poll();
      for (const at of [0, 1, 2]) await child(round + at).post(`invocation/e${round + at}/response`, "1");
      await Promise.all(asked);
      for (const at of [0, 1, 2]) await child(round + at).end({ signal: "SIGKILL" });
    }
  });
  test("counts once for all that run together", async () => {
    const { run, child, children, pass } = pool();
    for (const id of ["e0", "e1", "e2", "e3", "e4", "e5"]) void run(id);
    await settle();
    assert.equal(children.length, 3);
    // Three at once, and three that were started in their place: two failures in a row.
    for (const at of [0, 1, 2, 3, 4, 5]) await child(at).end({ status: 1 });
    void run("e6");
    await pass(50);
    assert.equal(children.length, 6);
    await pass(50);
    assert.equal(children.length, 7);
  });
  test("when it could not be started says so", async () => {
    const { run, child } = pool();
    const answer = run("e1");
    await settle();
    await child(0).end({ refused: Object.assign(new Error("spawn ENOEXEC"), { code: "ENOEXEC" }) });
    await assert.rejects(answer, code("TRAP_START_FAILED", /does not start `hello`: spawn ENOEXEC/));
  });
  test("while nothing is asked of it is no failure of anything", async () => {
    const { pool: made, run, child } = pool();
    made.warm();
    await settle();
    void child(0).poll();
    await settle();
    await child(0).end({ status: 0 });
    const answer = run("e1");
    await settle();
    await child(1).poll();
    await child(1).post("invocation/e1/response", "1");
    assert.equal(bodyOf(await answer), "1");
  });
});

test("where the program cannot be put on disk, every event that waits hears why", async () => {
  const { pool: made, run, children } = pool({}, {
    place: () => {
      throw new TrapError("TRAP_NO_FOLDER", "no folder", "make room");
    },
  });
  made.warm();
  await assert.rejects(run("e1"), code("TRAP_NO_FOLDER"));
  await assert.rejects(run("e2"), code("TRAP_NO_FOLDER"));
  assert.equal(children.length, 0);
});

describe("when the time for an event is up", () => {
  test("its program is killed, and others are not", async () => {
    const { run, child, pass } = pool();
    const slow = run("slow", 1000);
    const other = run("other", 5000);
    await settle();
    await child(1).poll();
    await child(0).poll();
    await pass(1000);
    await assert.rejects(slow, code("TRAP_DEADLINE", /had not answered this request and was ended/));
    assert.deepEqual([child(0).signals, child(1).signals], [[], ["SIGKILL"]]);
    await child(0).post("invocation/other/response", "fine");
    assert.equal(bodyOf(await other), "fine");
  });
  test("while it waits it is dropped, and no program hears of it", async () => {
    const { run, child, pass } = pool({ programs: 1 });
    void run("first", 5000);
    const waiting = run("waiting", 1000);
    await settle();
    await child(0).poll();
    await pass(1000);
    await assert.rejects(waiting, code("TRAP_DEADLINE", /was not free for this request/));
    assert.deepEqual(child(0).signals, []);
  });
});

describe("the Runtime API", () => {
  test("gives out an unfinished event again", async () => {
    const { run, child } = pool();
    void run("e1");
    await settle();
    await child(0).poll();
    assert.equal((await child(0).poll()).body, '{"id":"e1"}');
  });
  test("takes one answer to an event it gave out, and no other", async () => {
    const { run, child } = pool();
    const answer = run("e1");
    await settle();
    await child(0).poll();
    assert.equal((await child(0).post("invocation/e2/response", "")).status, 400);
    assert.equal((await child(0).post("invocation/e1/error", '{"errorMessage":"no"}')).status, 202);
    assert.deepEqual(await answer, { kind: "error", body: Buffer.from('{"errorMessage":"no"}') });
    assert.equal((await child(0).post("invocation/e1/response", "")).status, 400);
  });
  test("knows a runtime that wants to be shut down gracefully", async () => {
    const { pool: made, child } = pool();
    made.warm();
    await settle();
    const registered = await child(0).ask("POST", "/2020-01-01/extension/register");
    assert.equal(registered.status, 200);
    assert.ok(registered.headers["lambda-extension-identifier"]);
  });
  test("refuses everything else", async () => {
    const { pool: made, child } = pool();
    made.warm();
    await settle();
    for (const [method, path, status] of [
      ["POST", "/2018-06-01/runtime/invocation/next", 405],
      ["GET", "/2018-06-01/runtime/invocation/e1/response", 405],
      ["GET", "/2018-06-01/runtime/init/error", 405],
      ["GET", "/", 404],
    ] as const) {
      assert.equal((await child(0).ask(method, path)).status, status, path);
    }
  });
  test("passes a streamed answer on as it comes, and keeps the program busy until its end", async () => {
    const { run, child } = pool({ programs: 1 });
    const answer = run("e1");
    const waiting = run("e2");
    await settle();
    await child(0).poll();
    let write: (piece: string | undefined) => void = () => undefined;
    async function* body(): AsyncGenerator<Uint8Array, void> {
      for (;;) {
        const piece = await new Promise<string | undefined>((resolve) => (write = resolve));
        if (piece === undefined) return;
        yield Buffer.from(piece);
      }
    }
    const headers = { "lambda-runtime-function-response-mode": "streaming", "content-type": "text/plain" };
    const posted = child(0).post("invocation/e1/response", body(), headers);
    const streamed = await answer;
    assert.ok(streamed.kind === "streamed" && streamed.type === "text/plain");
    const pieces = streamed.pieces[Symbol.asyncIterator]();
    for (const piece of ["one", "two"]) {
      const next = pieces.next();
      await settle();
      write(piece);
      assert.equal(Buffer.from((await next).value as Uint8Array).toString(), piece);
    }
    const last = pieces.next();
    await settle();
    write(undefined);
    assert.equal((await last).done, true);
    assert.equal((await posted).status, 202);
    const polled = child(0).poll();
    assert.equal((await polled).body, '{"id":"e2"}');
    void waiting;
  });
  test("breaks a streamed answer off when the program says that it failed", async () => {
    const { run, child } = pool();
    const answer = run("e1");
    await settle();
    await child(0).poll();
    const headers = { "lambda-runtime-function-response-mode": "streaming", "trailer:lambda-runtime-function-error-type": "Broken" };
    void child(0).post("invocation/e1/response", "part", headers);
    const streamed = await answer;
    assert.ok(streamed.kind === "streamed");
    await assert.rejects(async () => {
      for await (const _piece of streamed.pieces);
    }, /broke its answer off: Broken/);
  });
});

describe("when the host is to end", () => {
  test("idle programs get the signal at once, busy ones when they have answered", async () => {
    const { run, child, signal } = pool({}, { obeys: ["SIGTERM"] });
    const busy = run("e1");
    const idle = run("e2");
    await settle();
    await child(1).poll();
    await child(0).poll();
    await child(0).post("invocation/e2/response", "2");
    await idle;
    const ended = signal("SIGTERM");
    await settle();
    assert.deepEqual([child(0).signals, child(1).signals], [["SIGTERM"], []]);
    await assert.rejects(run("e3"), code("TRAP_STOPPING"));
    await child(1).post("invocation/e1/response", "1");
    assert.equal(bodyOf(await busy), "1");
    await ended;
    assert.deepEqual(child(1).signals, ["SIGTERM"]);
  });
  test("what waits is refused", async () => {
    const { run, child, signal } = pool({ programs: 1 });
    void run("e1");
    const waiting = run("e2");
    await settle();
    await child(0).poll();
    void signal("SIGTERM");
    await assert.rejects(waiting, code("TRAP_STOPPING", /its host is ending/));
  });
  test("patience has an end, and then force is used", async () => {
    const { run, child, signal, pass } = pool();
    const hung = run("e1", 60_000);
    await settle();
    await child(0).poll();
    const ended = signal("SIGTERM");
    await pass(7000);
    assert.deepEqual(child(0).signals, ["SIGTERM"]);
    await pass(2000);
    await ended;
    assert.deepEqual(child(0).signals, ["SIGTERM", "SIGKILL"]);
    await assert.rejects(hung, code("TRAP_PROGRAM_ENDED", /SIGKILL/));
  });
  test("a second signal is passed on at once", async () => {
    const { run, child, signal } = pool();
    void run("e1");
    await settle();
    await child(0).poll();
    void signal("SIGINT");
    assert.deepEqual(child(0).signals, []);
    void signal("SIGINT");
    assert.deepEqual(child(0).signals, ["SIGINT"]);
  });
  test("without a word, programs are killed", async () => {
    const { pool: made, child, leave } = pool();
    made.warm();
    await settle();
    leave();
    assert.deepEqual(child(0).signals, ["SIGKILL"]);
  });
});
