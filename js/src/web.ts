/**
 * For hosts that call with a `Request` and want a `Response`, as browsers know them: Netlify's functions.
 */

import type { HttpRequest, HttpResponse } from "./http.js";
import { isForCaller } from "./http-response.js";
import type { Standby } from "./standby.js";

/** What is used of a `Request`. */
export interface WebRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Iterable<readonly [name: string, value: string]>;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** A `Response`; the host knows what that is. */
export interface WebResponse {
  readonly status: number;
}

/** What a host may tell beside the request. */
export interface WebContext {
  /** The caller's address. */
  readonly ip?: unknown;
}

/** What the global object offers for it. */
interface WebGlobal {
  Response: new (body: Uint8Array | object | null, init: { status: number; headers: object }) => WebResponse;
  Headers: new () => { append(name: string, value: string): void };
  ReadableStream: new (source: object) => object;
}

/** A handler for such hosts. */
export function webHandler(standby: Standby): (request: WebRequest, context?: WebContext) => Promise<WebResponse> {
  return async (request, context) => webResponseOf(await standby.http(await requestOfWeb(request, context), context));
}

async function requestOfWeb(request: WebRequest, context: WebContext | undefined): Promise<HttpRequest> {
  const [, path = "/", query = ""] = /^[a-z]+:\/\/[^/?#]*([^?#]*)\??([^#]*)/i.exec(request.url) ?? [];
  return {
    method: request.method,
    path: path === "" ? "/" : path,
    query,
    headers: request.headers,
    body: new Uint8Array(await request.arrayBuffer()),
    sourceIp: typeof context?.ip === "string" ? context.ip : undefined,
  };
}

function webResponseOf(answer: HttpResponse): WebResponse {
  const { Response, Headers, ReadableStream } = globalThis as unknown as WebGlobal;
  const headers = new Headers();
  for (const [name, value] of answer.headers) if (isForCaller(name)) headers.append(name, value);
  const { status, body } = answer;
  if (body instanceof Uint8Array) {
    // An empty body and none are told apart: after an empty one some hosts would send no headers either.
    const hasBody = body.length > 0 && ![204, 205, 304].includes(status);
    return new Response(hasBody ? body : null, { status, headers });
  }
  const iterator = body[Symbol.asyncIterator]();
  const stream = new ReadableStream({
    async pull(controller: { enqueue(part: Uint8Array): void; close(): void }) {
      const next = await iterator.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
    cancel: () => iterator.return?.(),
  });
  return new Response(stream, { status, headers });
}
