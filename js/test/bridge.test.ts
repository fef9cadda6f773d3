import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Bridge } from "../src/bridge.js";
import { TrapError } from "../src/errors.js";
import type { HttpRequest } from "../src/http.js";
import { wholeBody } from "../src/http-response.js";
import { fakeBridge, settle } from "./fake-bridge.js";
import { fakeHost } from "./fake-host.js";
import type { Fakes } from "./fake-host.js";

/** A bridge, and a program that does with every event what the test says. */
function bridge({ env = {}, place = () => "/tmp/program" }: { env?: NonNullable<Fakes["env"]>; place?: () => string } = {}) {
  const fake = fakeBridge();
  const { host, done } = fakeHost({ env });
  const made = new Bridge({ name: "hello", place, timeout: "HOST_SECONDS" }, host, fake.host);
  /** Answers the next event; resolves with its text and headers. */
  const answer = async (body: string, verb: "response" | "error" = "response", headers?: Record<string, string>) => {
    await settle();
    const child = fake.children.at(-1) ?? assert.fail("no program");
    const delivered = await child.poll();
    const id = delivered.headers["lambda-runtime-aws-request-id"] ?? "";
    void child.post(`invocation/${id}/${verb}`, body, headers);
    return delivered;
  };
  return { ...fake, made, done, answer };
}

const get: HttpRequest = { method: "GET", path: "/a", query: "", headers: [["host", "x.example"]], body: new Uint8Array(0) };

test("the program is started before the first event, with what runtimes of Lambda want to know", async () => {
  const { children } = bridge({ env: { PATH: "/bin", AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "512", AWS_LAMBDA_RUNTIME_API: "somebody else's" } });
  await settle();
  assert.deepEqual({ ...children[0]?.env }, {
    AWS_LAMBDA_FUNCTION_NAME: "hello",
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "512",
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: "trap",
    AWS_LAMBDA_LOG_STREAM_NAME: "trap",
    AWS_LAMBDA_RUNTIME_API: "127.0.0.1:4000",
    PATH: "/bin",
  });
});

describe("an event", () => {
  test("reaches the program as it is, and its answer the host", async () => {
    const { made, answer } = bridge();
    const handled = made.handle({ Records: [{ ä: 1 }] });
    const { body, headers } = await answer('{"batchItemFailures":[]}');
    assert.equal(body, '{"Records":[{"ä":1}]}');
    assert.equal(headers["lambda-runtime-invoked-function-arn"], "arn:aws:lambda:us-east-1:000000000000:function:hello");
    assert.deepEqual(await handled, { batchItemFailures: [] });
  });
  test("has the host's id, deadline and names", async () => {
    const { made, answer, host } = bridge({ env: { _X_AMZN_TRACE_ID: "Root=1" } });
    const context = {
      awsRequestId: "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
      invokedFunctionArn: "arn:aws:lambda:eu-west-1:1:function:f",
      clientContext: { custom: { a: 1 } },
      identity: null,
      time: 5000,
      getRemainingTimeInMillis() {
        return this.time;
      },
    };
    void made.handle({}, context);
    const { headers } = await answer("{}");
    assert.deepEqual(headers, {
      "content-type": "application/json",
      "lambda-runtime-aws-request-id": context.awsRequestId,
      "lambda-runtime-client-context": '{"custom":{"a":1}}',
      "lambda-runtime-deadline-ms": String(host.now() + 5000),
      "lambda-runtime-invoked-function-arn": context.invokedFunctionArn,
      "lambda-runtime-trace-id": "Root=1",
    });
  });
  test("of a host that says other things has ours", async () => {
    const { made, answer } = bridge();
    void made.handle({}, { awsRequestId: "../..", invokedFunctionArn: "a\r\nb", getRemainingTimeInMillis: () => "soon" });
    const { headers } = await answer("{}");
    assert.equal(headers["lambda-runtime-aws-request-id"], "id-1");
    assert.match(headers["lambda-runtime-invoked-function-arn"] ?? "", /^arn:aws:lambda:us-east-1:0+:function:hello$/);
  });
  test("that the program reports as failed fails in its words", async () => {
    const { made, answer, done } = bridge();
    const handled = made.handle({});
    handled.catch(() => undefined);
    await answer('{"errorType":"NoSuchOrder","errorMessage":"there is none"}', "error");
    await assert.rejects(handled, { name: "NoSuchOrder", message: "there is none" });
    assert.deepEqual(done, ["log trap: hello: NoSuchOrder: there is none"]);
  });
  test("whose answer is streamed gets it as one", async () => {
    const { made, answer } = bridge();
    const handled = made.handle({});
    await answer(`{"statusCode":201,"cookies":["a=1"]}${"\0".repeat(8)}body`, "response", {
      "lambda-runtime-function-response-mode": "streaming",
      "content-type": "application/vnd.awslambda.http-integration-response",
    });
    assert.deepEqual(await handled, { statusCode: 201, headers: {}, cookies: ["a=1"], body: "body", isBase64Encoded: false });
  });
  test("whose answer is no JSON fails", async () => {
    const { made, answer } = bridge();
    const handled = made.handle({});
    handled.catch(() => undefined);
    await answer("not JSON");
    await assert.rejects(handled, { code: "TRAP_BAD_ANSWER" });
  });
  test("may be answered with nothing", async () => {
    const { made, answer } = bridge();
    const handled = made.handle(undefined);
    assert.equal((await answer("")).body, "null");
    assert.equal(await handled, undefined);
  });
});

describe("an HTTP request", () => {
  test("is an event of a function URL, and the answer a response", async () => {
    const { made, answer } = bridge();
    const response = made.http(get);
    const { body, headers } = await answer('{"statusCode":201,"body":"made"}');
    const event = JSON.parse(body) as { rawPath: string; requestContext: { requestId: string } };
    assert.equal(event.rawPath, "/a");
    assert.equal(event.requestContext.requestId, headers["lambda-runtime-aws-request-id"]);
    assert.equal((await response).status, 201);
  });
  const failing: readonly [name: string, status: number, said: RegExp, logged: RegExp, fail: (of: ReturnType<typeof bridge>) => Promise<unknown>][] = [
    ["that the program fails", 502, /^TRAP_PROGRAM_ERROR: .*the log of the host says why/, /E: secret/, ({ answer }) => answer('{"errorType":"E","errorMessage":"secret"}', "error")],
    ["that is answered with no response", 502, /^TRAP_BAD_ANSWER: the answer of `hello` cannot be passed on: the status code 42/, /TRAP_BAD_ANSWER/, ({ answer }) => answer('{"statusCode":42}')],
    [
      "whose program dies",
      502,
      /^TRAP_PROGRAM_ENDED: `hello` gave no answer: it was killed by SIGKILL before/,
      /\[TRAP_PROGRAM_ENDED\] `hello` gave no answer/,
      async ({ children }) => {
        await settle();
        await children[0]?.poll();
        await children[0]?.end({ signal: "SIGKILL" });
      },
    ],
    ["that takes too long", 504, /^TRAP_DEADLINE: /, /TRAP_DEADLINE/, ({ pass }) => pass(900_000)],
    [
      "that comes while the host ends",
      503,
      /^TRAP_STOPPING: /,
      /TRAP_STOPPING/,
      async ({ signal }) => {
        await settle();
        void signal("SIGTERM");
      },
    ],
  ];
  for (const [name, status, said, logged, fail] of failing) {
    test(`${name} is answered with ${status}`, async () => {
      const made = bridge();
      const response = made.made.http(get);
      await fail(made);
      const answer = await response;
      assert.equal(answer.status, status);
      const text = Buffer.from(await wholeBody(answer)).toString();
      assert.match(text, said);
      assert.doesNotMatch(text, /secret/);
      assert.equal(made.done.length, 1);
      assert.match(made.done[0] ?? "", logged);
    });
  }
  test("for which no program can be started is answered with 500, and why is for the log alone", async () => {
    const { made, done } = bridge({
      place: () => {
        throw new TrapError("TRAP_NO_FOLDER", "tried /secret/folder", "make room");
      },
    });
    const answer = await made.http(get);
    assert.equal(answer.status, 500);
    assert.equal(Buffer.from(await wholeBody(answer)).toString(), "TRAP_NO_FOLDER: the request could not be answered; the log of the host says why\n");
    assert.deepEqual(done, ["log trap: hello: [TRAP_NO_FOLDER] tried /secret/folder"]);
  });
});

describe("the environment", () => {
  test("says how many programs there may be, how many requests wait, and how long one takes", async () => {
    const { made, children, pass } = bridge({ env: { TRAP_PROGRAMS: "1", TRAP_WAITING: "1", TRAP_TIMEOUT: "2" } });
    const first = made.http(get);
    void made.http(get);
    const third = await made.http(get);
    assert.equal(third.status, 503);
    await settle();
    await children[0]?.poll();
    assert.equal(children.length, 1);
    await pass(2000);
    assert.equal((await first).status, 504);
  });
  test("of a host says how long a request may take, where nobody else does", async () => {
    for (const [env, milliseconds] of [
      [{ HOST_SECONDS: "3" }, 3000],
      [{ HOST_SECONDS: "3", TRAP_TIMEOUT: "2" }, 2000],
      [{ HOST_SECONDS: "0" }, 900_000],
      [{}, 900_000],
    ] as const) {
      const { made, answer, host } = bridge({ env });
      void made.http(get);
      const { headers } = await answer("{}");
      assert.equal(headers["lambda-runtime-deadline-ms"], String(host.now() + milliseconds));
    }
  });
  for (const [name, value] of [["TRAP_PROGRAMS", "0"], ["TRAP_WAITING", "many"], ["TRAP_TIMEOUT", "1.5"]] as const) {
    test(`with ${name}=${value} is refused`, () => {
      assert.throws(() => bridge({ env: { [name]: value } }), { code: "TRAP_SETTING", message: new RegExp(`${name} is .${value}.`) });
    });
  }
});
