import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NoResponse, eventOf, responseOf, streamedResponse } from "../src/http-event.js";
import type { HttpRequest, HttpResponse } from "../src/http.js";
import { wholeBody } from "../src/http-response.js";

const plain: HttpRequest = { method: "GET", path: "/", query: "", headers: [], body: new Uint8Array(0) };
const event = (request: Partial<HttpRequest>): Record<string, unknown> => ({
  ...eventOf({ ...plain, ...request }, "an-id", Date.UTC(2020, 2, 12, 19, 3, 58), ),
});

describe("an event", () => {
  test("is one of a function URL", () => {
    assert.deepEqual(JSON.parse(JSON.stringify(event({ headers: [["Host", "x.example"], ["User-Agent", "me"]], sourceIp: "10.0.0.1" }))), {
      version: "2.0",
      routeKey: "$default",
      rawPath: "/",
      rawQueryString: "",
      headers: { host: "x.example", "user-agent": "me" },
      requestContext: {
        accountId: "anonymous",
        apiId: "x",
        domainName: "x.example",
        domainPrefix: "x",
        http: { method: "GET", path: "/", protocol: "HTTP/1.1", sourceIp: "10.0.0.1", userAgent: "me" },
        requestId: "an-id",
        routeKey: "$default",
        stage: "$default",
        time: "12/Mar/2020:19:03:58 +0000",
        timeEpoch: Date.UTC(2020, 2, 12, 19, 3, 58),
      },
      isBase64Encoded: false,
    });
  });
  test("joins repeated headers and keeps cookies apart", () => {
    const headers: HttpRequest["headers"] = [["Accept", "a"], ["ACCEPT", "b"], ["Cookie", "x=1; y=2"], ["cookie", "z=3"]];
    const { headers: joined, cookies } = event({ headers });
    assert.deepEqual({ ...(joined as object) }, { accept: "a,b" });
    assert.deepEqual(cookies, ["x=1", "y=2", "z=3"]);
  });
  test("has the query as it came and decoded", () => {
    const query = "a=1&b=x%20y+z&a=2&&flag&e=%C3%A9&broken=%zz%4&bad=%ff";
    const { rawQueryString, queryStringParameters } = event({ query });
    assert.equal(rawQueryString, query);
    const expected = { a: "1,2", b: "x y z", flag: "", e: "é", broken: "%zz%4", bad: "%ff" };
    assert.deepEqual({ ...(queryStringParameters as object) }, expected);
  });
  test("is not confused by names of the language", () => {
    const { headers, queryStringParameters } = event({ headers: [["__proto__", "x"]], query: "__proto__=y&constructor=z" });
    assert.equal(JSON.stringify(headers), '{"__proto__":"x"}');
    assert.equal(JSON.stringify(queryStringParameters), '{"__proto__":"y","constructor":"z"}');
  });
  const bodies: readonly [name: string, type: string | undefined, body: Buffer, isBase64: boolean][] = [
    ["JSON", "application/json; charset=utf-8", Buffer.from('{"ä":1}'), false],
    ["text of no type", undefined, Buffer.from("ä"), false],
    ["text of a type of its own", "application/vnd.x+json", Buffer.from("{}"), false],
    ["a form", "application/x-www-form-urlencoded", Buffer.from("a=1"), true],
    ["text that is none", "text/plain", Buffer.from([0xff, 0xfe]), true],
    ["bytes", "application/octet-stream", Buffer.from("a"), true],
  ];
  for (const [name, type, body, isBase64] of bodies) {
    test(`carries ${name} as ${isBase64 ? "base64" : "text"}`, () => {
      const given = event({ body, headers: type === undefined ? [] : [["content-type", type]] });
      assert.equal(given["isBase64Encoded"], isBase64);
      assert.deepEqual(Buffer.from(String(given["body"]), isBase64 ? "base64" : "utf8"), body);
    });
  }
  test("carries compressed text as base64", () => {
    const headers: HttpRequest["headers"] = [["content-type", "text/plain"], ["content-encoding", "gzip"]];
    assert.equal(event({ body: Buffer.from("x"), headers })["isBase64Encoded"], true);
  });
});

const answered = (answer: unknown): HttpResponse => responseOf(Buffer.from(JSON.stringify(answer)));
const text = async (response: HttpResponse): Promise<string> => Buffer.from(await wholeBody(response)).toString();

describe("an answer", () => {
  test("with a status is a response", async () => {
    const response = answered({ statusCode: "201", headers: { A: "1" }, body: "text" });
    assert.equal(response.status, 201);
    assert.deepEqual(response.headers, [["A", "1"], ["content-type", "application/json"]]);
    assert.equal(await text(response), "text");
  });
  test("without one is the body of a success", async () => {
    const response = answered({ hello: "you" });
    assert.equal(response.status, 200);
    assert.equal(await text(response), '{"hello":"you"}');
  });
  test("sends a header that is given both ways once, and every cookie", () => {
    const { headers } = answered({
      statusCode: 204,
      headers: { "X-Two": "last", "Set-Cookie": "a=1", "x-one": 1, none: null },
      multiValueHeaders: { "x-two": ["first", "last"] },
      cookies: ["a=1", "b=2"],
    });
    assert.deepEqual(headers, [["x-one", "1"], ["x-two", "first"], ["x-two", "last"], ["set-cookie", "a=1"], ["set-cookie", "b=2"]]);
  });
  test("may have bytes", async () => {
    const { body } = answered({ statusCode: 200, body: "/wA=", isBase64Encoded: true });
    assert.deepEqual(body, Buffer.from([0xff, 0]));
  });
  const bad: readonly [answer: unknown, why: RegExp][] = [
    [{ statusCode: 99 }, /status code 99/],
    [{ statusCode: "ok" }, /status code "ok"/],
    [{ statusCode: 101 }, /status code 101/],
    [{ statusCode: 200, headers: { "a b": "1" } }, /header "a b"/],
    [{ statusCode: 200, headers: { a: "1\r\nset-cookie: x" } }, /header "a"/],
    [{ statusCode: 200, body: "a*", isBase64Encoded: true }, /not base64/],
  ];
  for (const [answer, why] of bad) {
    test(`is refused when it is ${JSON.stringify(answer)}`, () => {
      assert.throws(() => answered(answer), (error) => error instanceof NoResponse && why.test(error.message));
    });
  }
});

describe("a streamed answer", () => {
  const TYPE = "application/vnd.awslambda.http-integration-response";
  const whole = Buffer.concat([Buffer.from('{"statusCode":201,"headers":{"a":"0\\u0030"},"cookies":["c=1"]}'), Buffer.alloc(8), Buffer.from("bo\0dy")]);
  async function* cut(bytes: Buffer, size: number): AsyncGenerator<Uint8Array, void> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  for (const size of [1, 3, 64, 1000]) {
    test(`begins with status and headers, in pieces of ${size} bytes too`, async () => {
      const response = await streamedResponse(TYPE, cut(whole, size));
      assert.equal(response.status, 201);
      assert.deepEqual(response.headers, [["a", "00"], ["set-cookie", "c=1"]]);
      assert.equal(await text(response), "bo\0dy");
    });
  }
  test("may be the body alone", async () => {
    const response = await streamedResponse("text/plain", cut(Buffer.from("body"), 2));
    assert.deepEqual([response.status, response.headers], [200, [["content-type", "text/plain"]]]);
    assert.equal(await text(response), "body");
  });
  test("is refused when it never gets to its body", async () => {
    await assert.rejects(streamedResponse(TYPE, cut(Buffer.from('{"statusCode":200}'), 4)), /ends before its body/);
    await assert.rejects(streamedResponse(TYPE, cut(Buffer.alloc(3_000_000, "x"), 65536)), /does not begin with status/);
    await assert.rejects(streamedResponse(TYPE, cut(Buffer.concat([Buffer.from("[]"), Buffer.alloc(8)]), 4)), /JSON object/);
  });
  test("lets go of the program when its reader stops", async () => {
    let isReleased = false;
    async function* pieces(): AsyncGenerator<Uint8Array, void> {
      try {
        for (;;) yield Buffer.from("x");
      } finally {
        isReleased = true;
      }
    }
    const { body } = await streamedResponse("text/plain", pieces());
    assert.ok(!(body instanceof Uint8Array));
    for await (const _piece of body) break;
    assert.ok(isReleased);
  });
});
