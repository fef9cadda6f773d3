/**
 * HTTP to events of a Lambda function URL (payload 2.0), and answers back to HTTP. Pure.
 *
 * The shapes: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
 */

import { base64Of, bytesOf, textOf } from "./bytes.js";
import type { HttpRequest, HttpResponse } from "./http.js";

/** The content type of a streamed answer that begins with status and headers. */
const PRELUDE_TYPE = "application/vnd.awslambda.http-integration-response";

/** Zero bytes between that beginning and the body. */
const PRELUDE_END = 8;

/** A longer beginning than this is none. */
const LONGEST_PRELUDE = 1_048_576;

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** The event for a request. `id` is the request's, `now` milliseconds since 1970. */
export function eventOf(request: HttpRequest, id: string, now: number): object {
  const { headers, cookies } = headersOf(request.headers);
  const domain = headers["host"] ?? "localhost";
  const prefix = domain.split(".", 1)[0] ?? "";
  const parameters = parametersOf(request.query);
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: request.path,
    rawQueryString: request.query,
    ...(cookies.length > 0 ? { cookies } : {}),
    headers,
    ...(parameters === undefined ? {} : { queryStringParameters: parameters }),
    requestContext: {
      accountId: "anonymous",
      apiId: prefix,
      domainName: domain,
      domainPrefix: prefix,
      http: {
        method: request.method,
        path: request.path,
        protocol: request.protocol ?? "HTTP/1.1",
        sourceIp: request.sourceIp ?? "127.0.0.1",
        userAgent: headers["user-agent"] ?? "",
      },
      requestId: id,
      routeKey: "$default",
      stage: "$default",
      time: commonLogTime(new Date(now)),
      timeEpoch: now,
    },
    ...bodyOf(request.body, headers),
  };
}

/** Lower-case names; values of a repeated name joined by commas; cookies apart. */
function headersOf(given: HttpRequest["headers"]): { headers: Record<string, string>; cookies: string[] } {
  const headers = Object.create(null) as Record<string, string>;
  const cookies: string[] = [];
  for (const [name, value] of given) {
    const lower = name.toLowerCase();
    if (lower === "cookie") {
      for (const cookie of value.split(";")) if (cookie.trim() !== "") cookies.push(cookie.trim());
      continue;
    }
    const before = headers[lower];
    headers[lower] = before === undefined ? value : `${before},${value}`;
  }
  return { headers, cookies };
}

/** Decoded as forms are; values of a repeated name joined by commas. */
function parametersOf(query: string): Record<string, string> | undefined {
  if (query === "") return undefined;
  const parameters = Object.create(null) as Record<string, string>;
  for (const pair of query.split("&")) {
    if (pair === "") continue;
    const end = pair.indexOf("=");
    const name = decoded(end < 0 ? pair : pair.slice(0, end));
    const value = end < 0 ? "" : decoded(pair.slice(end + 1));
    const before = parameters[name];
    parameters[name] = before === undefined ? value : `${before},${value}`;
  }
  return parameters;
}

/** `+` is a space and `%XX` a byte; what is neither, or is no text, stays as it is. */
function decoded(text: string): string {
  return text.replace(/\+/g, " ").replace(/(?:%[0-9a-f]{2})+/gi, (bytes) => {
    try {
      return decodeURIComponent(bytes);
    } catch {
      return bytes;
    }
  });
}

function bodyOf(body: Uint8Array, headers: Record<string, string>): object {
  if (body.length === 0) return { isBase64Encoded: false };
  const text = isText(headers) ? textOf(body) : undefined;
  if (text !== undefined) return { body: text, isBase64Encoded: false };
  return { body: base64Of(body), isBase64Encoded: true };
}

/** Only these travel as text; a form, for one, does not. */
function isText(headers: Record<string, string>): boolean {
  if (headers["content-encoding"] !== undefined) return false;
  const type = headers["content-type"];
  if (type === undefined) return true;
  const essence = (type.split(";", 1)[0] ?? "").trim().toLowerCase();
  return /^text\/|\+json$|\+xml$|^application\/(json|javascript|xml)$/.test(essence);
}

/** For example `12/Mar/2020:19:03:58 +0000`. */
function commonLogTime(time: Date): string {
  const two = (number: number): string => String(number).padStart(2, "0");
  const day = `${two(time.getUTCDate())}/${MONTHS[time.getUTCMonth()]}/${time.getUTCFullYear()}`;
  return `${day}:${two(time.getUTCHours())}:${two(time.getUTCMinutes())}:${two(time.getUTCSeconds())} +0000`;
}

/** A program's answer is no HTTP response; the message says why, as a fragment. */
export class NoResponse extends Error {}

/** The response that a buffered answer stands for. Throws {@link NoResponse}. */
export function responseOf(answer: Uint8Array): HttpResponse {
  const value = parsed(textOf(answer));
  if (isObject(value) && "statusCode" in value) return responseOfObject(value, contentOf(value));
  // Anything else is taken as the body of a success.
  return { status: 200, headers: [["content-type", "application/json"]], body: answer };
}

/** The response that a streamed answer stands for, once its beginning is there. Rejects with {@link NoResponse}. */
export async function streamedResponse(
  type: string | undefined,
  pieces: AsyncIterable<Uint8Array>,
): Promise<HttpResponse> {
  const iterator = pieces[Symbol.asyncIterator]();
  if (type?.startsWith(PRELUDE_TYPE) !== true) {
    const headers: HttpResponse["headers"] = [["content-type", type ?? "application/octet-stream"]];
    return { status: 200, headers, body: rest(new Uint8Array(0), iterator) };
  }
  let read = new Uint8Array(0);
  for (;;) {
    const end = endOfPrelude(read);
    if (end !== undefined) {
      const value = parsed(textOf(read.subarray(0, end)));
      if (!isObject(value)) throw new NoResponse("its streamed answer does not begin with a JSON object");
      return responseOfObject(value, rest(read.subarray(end + PRELUDE_END), iterator));
    }
    if (read.length > LONGEST_PRELUDE) throw new NoResponse("its streamed answer does not begin with status and headers");
    const next = await iterator.next();
    if (next.done === true) throw new NoResponse("its streamed answer ends before its body begins");
    const longer = new Uint8Array(read.length + next.value.length);
    longer.set(read);
    longer.set(next.value, read.length);
    read = longer;
  }
}

/** Where the zero bytes begin. */
function endOfPrelude(bytes: Uint8Array): number | undefined {
  for (let at = bytes.indexOf(0); at >= 0; at = bytes.indexOf(0, at + 1)) {
    let zeros = 1;
    while (zeros < PRELUDE_END && bytes[at + zeros] === 0) zeros += 1;
    if (zeros === PRELUDE_END) return at;
  }
  return undefined;
}

async function* rest(first: Uint8Array, iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  try {
    if (first.length > 0) yield first;
    for (;;) {
      const next = await iterator.next();
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

/** Whether a value is an object with names of its own, as JSON has them. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function contentOf({ body, isBase64Encoded }: Record<string, unknown>): Uint8Array {
  if (body === undefined || body === null) return new Uint8Array(0);
  const text = typeof body === "string" ? body : JSON.stringify(body);
  if (isBase64Encoded !== true) return bytesOf(text, "utf8");
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new NoResponse("`isBase64Encoded` is true and the body is not base64");
  return bytesOf(text, "base64");
}

function responseOfObject(value: Record<string, unknown>, body: HttpResponse["body"]): HttpResponse {
  const headers: [string, string][] = [];
  const cookies = Array.isArray(value["cookies"]) && value["cookies"].length > 0 ? value["cookies"] : undefined;
  const multiple = isObject(value["multiValueHeaders"]) ? value["multiValueHeaders"] : {};
  const givenBelow = new Set(Object.keys(multiple).map((name) => name.toLowerCase()));
  // Programs that give a header both ways repeat one of its several values in `headers`, and those that list
  // their cookies may have them as headers too. Each is sent once.
  const append = (name: string, given: unknown): void => {
    if (given === undefined || given === null) return;
    if (Array.isArray(given)) return given.forEach((one) => append(name, one));
    const text = String(given);
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || /[^\t\x20-\x7e\x80-\uffff]/.test(text)) {
      throw new NoResponse(`the header ${JSON.stringify(name)} has a name or value that HTTP does not allow`);
    }
    headers.push([name, text]);
  };
  const isListed = (name: string): boolean => cookies !== undefined && name.toLowerCase() === "set-cookie";
  if (isObject(value["headers"])) {
    for (const [name, given] of Object.entries(value["headers"])) {
      if (!givenBelow.has(name.toLowerCase()) && !isListed(name)) append(name, given);
    }
  }
  for (const [name, given] of Object.entries(multiple)) if (!isListed(name)) append(name, given);
  append("set-cookie", cookies);
  if (body instanceof Uint8Array && body.length > 0 && !headers.some(([name]) => name.toLowerCase() === "content-type")) {
    headers.push(["content-type", "application/json"]);
  }
  return { status: statusOf(value["statusCode"]), headers, body };
}

function statusOf(value: unknown): number {
  const status = typeof value === "string" ? Number(value) : (value ?? 200);
  // 1xx are no answers, and Node throws at what has other than three digits.
  if (typeof status === "number" && Number.isInteger(status) && status >= 200 && status <= 999) return status;
  throw new NoResponse(`the status code ${JSON.stringify(value)} is not an HTTP status`);
}
