/**
 * For Genezio's classes where its host pushes: what it calls an HTTP method with, and what it wants back.
 */

import { textOf, viewOf } from "./bytes.js";
import { bodyIn, fields, headersIn, queryIn, text } from "./event-request.js";
import { eventResponse } from "./event-response.js";
import type { EventResponse } from "./event-response.js";
import { isObject } from "./http-event.js";
import { wholeBody } from "./http-response.js";
import type { Standby } from "./standby.js";

/**
 * Answers a call of a class's HTTP method. The program sees the path behind `/<class>/<method>`, which is Genezio's
 * own: on Lambda, where the program polls, a function URL has no such beginning either. Where the program holds the
 * class itself, it sees the method by its own name `inside`.
 */
export async function genezioMethod(standby: Standby, request: unknown, inside = ""): Promise<object> {
  const { http, headers, queryStringParameters, body, rawBody } = fields(request);
  const { method, path, protocol, sourceIp } = fields(http);
  const [, rest = inside ? "" : "/"] = /^\/[^/]*\/[^/?]*(\/[^?]*)?/.exec(text(path)) ?? [];
  const response = await standby.http({
    method: text(method) || "GET",
    path: inside + rest,
    // Of the query only names and values are left.
    query: queryIn(queryStringParameters),
    headers: headersIn(headers),
    // `body` is parsed already where that could be done; only bytes are those that came.
    body: bodyIn(body instanceof Uint8Array ? body : rawBody, false),
    sourceIp: text(sourceIp) || undefined,
    protocol: protocolOf(protocol),
  });
  const answer = await eventResponse(response);
  // Genezio encodes a Buffer itself.
  const content = answer.isBase64Encoded ? viewOf(await wholeBody(response)) : answer.body;
  return { statusCode: answer.statusCode, headers: headersWithCookies(answer), body: content };
}

/**
 * Calls a method of the class that the program holds, as Genezio's own clients do; rejects with the error that it
 * answers. Whoever calls, if that is wanted, comes first, with the headers of the request.
 */
export function genezioCall<T>(standby: Standby, method: string, params: readonly unknown[]): Promise<T> {
  const { isGnzContext, headers } = fields(params[0]);
  if (isGnzContext !== true) return callProgram(standby, method, params, []);
  // One in two spellings is one, as for Genezio's HTTP methods.
  const lower = [...headersIn(headers)].map(([name, value]) => [name.toLowerCase(), value] as const);
  return callProgram(standby, method, params, [...new Map(lower)].filter(isTheCallers));
}

/** Calls one that its clock calls. */
export async function genezioCron(standby: Standby, method: string): Promise<void> {
  await callProgram(standby, method, [], [["genezio-event", "cron"]]);
}

/** Not what is about the body that came, nor what makes a call one of the clock's. */
function isTheCallers([name]: readonly [string, string]): boolean {
  return !/^(content-.*|transfer-encoding|connection|genezio-event)$/.test(name);
}

async function callProgram<T>(
  standby: Standby,
  method: string,
  params: readonly unknown[],
  headers: readonly (readonly [string, string])[],
): Promise<T> {
  const response = await standby.http({
    method: "POST",
    path: "/",
    query: "",
    headers: [...headers, ["content-type", "application/json"]],
    body: bodyIn(JSON.stringify({ jsonrpc: "2.0", method, params, id: 1 }, replaced), false),
  });
  const answer = textOf(await wholeBody(response)) ?? "";
  let reply: Readonly<Record<string, unknown>> = {};
  try {
    reply = fields(JSON.parse(answer, revived));
  } catch {
    // Said below.
  }
  if (isObject(reply["error"])) {
    const { message, code, info } = reply["error"];
    throw Object.assign(new Error(text(message)), { code, info });
  }
  if (!("result" in reply)) throw new Error(`\`${method}\` was answered ${response.status} and no result: ${answer}`);
  return reply["result"] as T;
}

/** Genezio's loader makes `bigint` of what travels as text. */
function replaced(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? { $bigint: String(value) } : value;
}

function revived(_: string, value: unknown): unknown {
  return isObject(value) && typeof value["$bigint"] === "string" ? BigInt(value["$bigint"]) : value;
}

/** Of a list in `cookies` Genezio sends the last alone; a header may have a list. */
export function headersWithCookies({ headers, cookies }: EventResponse): Record<string, string | readonly string[]> {
  return cookies.length === 0 ? headers : { ...headers, "set-cookie": cookies };
}

/** Genezio's local server says `1.1`. */
export function protocolOf(value: unknown): string | undefined {
  const protocol = text(value);
  return /^\d/.test(protocol) ? `HTTP/${protocol}` : protocol || undefined;
}
