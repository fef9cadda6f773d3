import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bytesOf } from "../src/bytes.js";
import { genezioCall, genezioCron, genezioMethod } from "../src/genezio.js";
import { genezioFunction } from "../src/genezio-function.js";
import type { HttpRequest, HttpResponse } from "../src/http.js";
import { netlifyEvent } from "../src/netlify.js";
import { openwhiskAction } from "../src/openwhisk.js";
import type { Standby } from "../src/standby.js";
import { webHandler } from "../src/web.js";

/** A standby that keeps the request and answers with a response. */
function standby(response: Partial<HttpResponse> = {}): Standby & { asked: HttpRequest; headers: [string, string][] } {
  const kept = {
    asked: undefined as unknown as HttpRequest,
    headers: [] as [string, string][],
    handle: () => Promise.reject(new Error("not asked for")),
    http: async (request: HttpRequest) => {
      kept.asked = request;
      kept.headers = [...request.headers].map(([name, value]) => [name, value]);
      return { status: 200, headers: [], body: bytesOf("ok"), ...response };
    },
  };
  return kept;
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const BINARY = Buffer.from([0xff, 0x00, 0xfe]);
const twoCookies: Partial<HttpResponse> = { headers: [["Set-Cookie", "a=1"], ["X-A", "1"], ["set-cookie", "b=2"], ["x-a", "2"]] };

describe("a method of a Genezio class", () => {
  const request = {
    headers: { accept: "a", many: ["1", "2"], wrong: 3 },
    http: { method: "PUT", path: "/Hello/http/a%2Fb/", protocol: "1.1", sourceIp: "10.0.0.1" },
    queryStringParameters: { "ä b": "1&2", c: ["1", "2"] },
    body: { parsed: true },
    rawBody: '{"parsed":true}',
  };
  test("gets what follows its own path, and the body as it came", async () => {
    const kept = standby();
    assert.deepEqual(await genezioMethod(kept, request), { statusCode: 200, headers: {}, body: "ok" });
    const { method, path, query, body, sourceIp, protocol } = kept.asked;
    assert.deepEqual([method, path, query, text(body)], ["PUT", "/a%2Fb/", "%C3%A4%20b=1%262&c=1&c=2", '{"parsed":true}']);
    assert.deepEqual([sourceIp, protocol], ["10.0.0.1", "HTTP/1.1"]);
    assert.deepEqual(kept.headers, [["accept", "a"], ["many", "1"], ["many", "2"]]);
  });
  test("gets bytes as bytes, both ways", async () => {
    const kept = standby({ body: BINARY });
    const answer = await genezioMethod(kept, { ...request, http: { path: "/Hello/http" }, body: BINARY, rawBody: "/wD+" });
    assert.deepEqual(kept.asked.body, BINARY);
    assert.deepEqual([kept.asked.method, kept.asked.path], ["GET", "/"]);
    assert.deepEqual(answer, { statusCode: 200, headers: {}, body: BINARY });
  });
  test("sends every cookie and joins other headers", async () => {
    const answer = await genezioMethod(standby(twoCookies), request);
    assert.deepEqual(answer, { statusCode: 200, headers: { "x-a": "1, 2", "set-cookie": ["a=1", "b=2"] }, body: "ok" });
  });
  test("survives whatever it is called with", async () => {
    for (const odd of [undefined, null, 1, "x", [], { http: [], headers: "x" }]) {
      const kept = standby();
      await genezioMethod(kept, odd);
      assert.deepEqual([kept.asked.path, kept.asked.body.length], ["/", 0]);
    }
  });
});

describe("a method of a class that the program holds", () => {
  const answer = (reply: unknown, status = 200): Partial<HttpResponse> => ({ status, body: bytesOf(JSON.stringify(reply)) });
  test("is called by JSON-RPC, with numbers that travel as text", async () => {
    const kept = standby(answer({ jsonrpc: "2.0", result: [{ $bigint: "9007199254740993" }], error: null, id: 1 }));
    const result = await genezioCall(kept, "Shop.of", [{ id: 2n ** 64n }, null]);
    assert.deepEqual(result, [9007199254740993n]);
    const { method, path, body } = kept.asked;
    const sent = '{"jsonrpc":"2.0","method":"Shop.of","params":[{"id":{"$bigint":"18446744073709551616"}},null],"id":1}';
    assert.deepEqual([method, path, text(body)], ["POST", "/", sent]);
    assert.deepEqual(kept.headers, [["content-type", "application/json"]]);
  });
  test("is told who calls, but not by whom the clock is", async () => {
    const kept = standby(answer({ result: null }));
    const headers = { "x-own": "b", "X-Own": "a", "Content-Length": "5", "genezio-event": "cron" };
    assert.equal(await genezioCall(kept, "Shop.who", [{ isGnzContext: true, headers }]), null);
    assert.deepEqual(kept.headers, [["x-own", "a"], ["content-type", "application/json"]]);
    await genezioCall(kept, "Shop.who", [{ headers }]);
    assert.deepEqual(kept.headers, [["content-type", "application/json"]]);
    await genezioCron(kept, "Shop.nightly");
    assert.deepEqual(kept.headers, [["genezio-event", "cron"], ["content-type", "application/json"]]);
  });
  test("rejects as it is told to, and where there was no answer of its own", async () => {
    const failure = { message: "none left", code: 7, info: { of: "crabs" } };
    await assert.rejects(genezioCall(standby(answer({ error: failure }, 400)), "Shop.of", []), failure);
    const message = "`Shop.of` was answered 502 and no result: ok";
    await assert.rejects(genezioCall(standby({ status: 502 }), "Shop.of", []), { message });
  });
  test("takes requests at its own name", async () => {
    const kept = standby();
    for (const [path, seen] of [["/Shop/hook", "/Shop/hook"], ["/Mine/hook/a%2Fb?x", "/Shop/hook/a%2Fb"]]) {
      await genezioMethod(kept, { http: { path } }, "/Shop/hook");
      assert.equal(kept.asked.path, seen);
    }
  });
});

test("a function of Genezio gets path and query as they are, and says itself what is base64", async () => {
  const kept = standby({ body: BINARY, ...twoCookies });
  const event = {
    rawPath: "/a%2Fb",
    rawQueryString: "?x=1&x=2",
    headers: { accept: "a" },
    requestContext: { http: { method: "POST", protocol: "HTTP/1.1" } },
    body: "/wD+",
    isBase64Encoded: true,
    responseStream: {},
  };
  assert.deepEqual(await genezioFunction(kept, event), {
    statusCode: 200,
    headers: { "x-a": "1, 2", "set-cookie": ["a=1", "b=2"] },
    body: "/wD+",
    isBase64Encoded: true,
  });
  const { method, path, query, body } = kept.asked;
  assert.deepEqual([method, path, query, Buffer.from(body)], ["POST", "/a%2Fb", "x=1&x=2", BINARY]);
});

describe("an event of Netlify", () => {
  test("gives path and query as they were sent, and every header once", async () => {
    const kept = standby(twoCookies);
    const answer = await netlifyEvent(
      kept,
      {
        rawUrl: "https://x.netlify.app/a%2Fb/?x=1&x=%C3%A4",
        path: "/a/b/",
        httpMethod: "POST",
        headers: { accept: "b", "x-two": "2" },
        multiValueHeaders: { accept: ["a", "b"] },
        body: "text",
        isBase64Encoded: false,
      },
      {},
    );
    const { method, path, query, body } = kept.asked;
    assert.deepEqual([method, path, query, text(body)], ["POST", "/a%2Fb/", "x=1&x=%C3%A4", "text"]);
    assert.deepEqual(kept.headers, [["accept", "a"], ["accept", "b"], ["x-two", "2"]]);
    assert.deepEqual(answer, {
      statusCode: 200,
      headers: { "x-a": "1, 2" },
      multiValueHeaders: { "set-cookie": ["a=1", "b=2"] },
      body: "ok",
      isBase64Encoded: false,
    });
  });
  test("without its address is pieced together", async () => {
    const kept = standby({ body: BINARY });
    const event = { path: "/a b", httpMethod: "GET", multiValueQueryStringParameters: { x: ["1", "2"] }, queryStringParameters: { x: "2" } };
    const answer = await netlifyEvent(kept, event, {});
    assert.deepEqual([kept.asked.path, kept.asked.query], ["/a b", "x=1&x=2"]);
    assert.deepEqual(answer, { statusCode: 200, headers: {}, body: "/wD+", isBase64Encoded: true });
  });
});

describe("an action of OpenWhisk", () => {
  test("gets a raw request", async () => {
    const kept = standby(twoCookies);
    const answer = await openwhiskAction(kept, {
      __ow_method: "post",
      __ow_path: "/a%2Fb",
      __ow_query: "x=1",
      __ow_headers: { "content-type": "application/octet-stream" },
      __ow_body: "/wD+",
    });
    const { method, path, query, body } = kept.asked;
    assert.deepEqual([method, path, query, Buffer.from(body)], ["POST", "/a%2Fb", "x=1", BINARY]);
    assert.deepEqual(answer, { statusCode: 200, headers: { "x-a": "1, 2", "set-cookie": ["a=1", "b=2"] }, body: "ok" });
  });
  test("takes a body of text as text", async () => {
    for (const type of ["text/plain; charset=utf-8", "application/json", "application/x-www-form-urlencoded"]) {
      const kept = standby();
      await openwhiskAction(kept, { __ow_body: "plain", __ow_headers: { "content-type": type } });
      assert.equal(text(kept.asked.body), "plain", type);
    }
  });
  test("gets one from DigitalOcean", async () => {
    const kept = standby({ body: BINARY });
    const http = { method: "PUT", path: "", queryString: "x=1", headers: { a: "1" }, body: "/wD+", isBase64Encoded: true };
    const answer = await openwhiskAction(kept, { http });
    assert.deepEqual([kept.asked.method, kept.asked.path, kept.asked.query], ["PUT", "/", "x=1"]);
    assert.deepEqual(Buffer.from(kept.asked.body), BINARY);
    assert.deepEqual(answer, { statusCode: 200, headers: { "content-type": "application/octet-stream" }, body: "/wD+" });
  });
});

describe("a Request", () => {
  test("reaches the program as it was sent, and a Response comes back", async () => {
    const kept = standby(twoCookies);
    const request = new Request("https://x.example/a%2Fb/?x=1&x=%C3%A4#no", { method: "POST", body: BINARY, headers: { accept: "a" } });
    const response = (await webHandler(kept)(request as never, { ip: "10.0.0.1" })) as unknown as Response;
    const { method, path, query, body, sourceIp } = kept.asked;
    assert.deepEqual([method, path, query, Buffer.from(body), sourceIp], ["POST", "/a%2Fb/", "x=1&x=%C3%A4", BINARY, "10.0.0.1"]);
    assert.equal(response.headers.get("x-a"), "1, 2");
    assert.deepEqual(response.headers.getSetCookie(), ["a=1", "b=2"]);
    assert.equal(await response.text(), "ok");
  });
  test("may be answered without a body", async () => {
    for (const status of [204, 304]) {
      const kept = standby({ status, body: bytesOf("") });
      const response = (await webHandler(kept)(new Request("https://x.example") as never)) as unknown as Response;
      assert.deepEqual([response.status, response.body, kept.asked.path], [status, null, "/"]);
    }
  });
  test("may be answered piece by piece", async () => {
    async function* body(): AsyncGenerator<Uint8Array, void> {
      yield bytesOf("one ");
      yield bytesOf("two");
    }
    const response = (await webHandler(standby({ body: body() }))(new Request("https://x.example") as never)) as unknown as Response;
    assert.equal(await response.text(), "one two");
  });
  test("whose answer breaks off hears of it", async () => {
    async function* body(): AsyncGenerator<Uint8Array, void> {
      yield bytesOf("one ");
      throw new Error("the program is gone");
    }
    const response = (await webHandler(standby({ body: body() }))(new Request("https://x.example") as never)) as unknown as Response;
    await assert.rejects(response.text(), /the program is gone/);
  });
});
