/**
 * For Apache OpenWhisk's web actions with raw HTTP, and DigitalOcean's functions, which are these.
 *
 * https://github.com/apache/openwhisk/blob/master/docs/webactions.md
 */

import { bodyIn, fields, headersIn, text } from "./event-request.js";
import { eventResponse } from "./event-response.js";
import type { NodeGlobal } from "./node-types.js";
import type { Standby } from "./standby.js";

/** Answers an activation. */
export async function openwhiskAction(standby: Standby, parameters: unknown): Promise<object> {
  const given = fields(parameters);
  // DigitalOcean has the request in one object, OpenWhisk in parameters of their own.
  const http = fields(given["http"]);
  const headers = headersIn(http["headers"] ?? given["__ow_headers"]);
  const body = http["body"] ?? given["__ow_body"];
  const path = text(http["path"] ?? given["__ow_path"]);
  const response = await standby.http(
    {
      method: (text(http["method"] ?? given["__ow_method"]) || "get").toUpperCase(),
      path: path.startsWith("/") ? path : `/${path}`,
      query: text(http["queryString"] ?? given["__ow_query"]),
      headers,
      body: bodyIn(body, http["isBase64Encoded"] ?? given["__ow_isBase64Encoded"] ?? isBase64(headers)),
    },
    { getRemainingTimeInMillis: timeLeft },
  );
  const { cookies, isBase64Encoded, ...answer } = await eventResponse(response);
  // What is base64 it knows by the content type alone.
  if (isBase64Encoded && answer.headers["content-type"] === undefined) {
    answer.headers["content-type"] = "application/octet-stream";
  }
  return cookies.length === 0 ? answer : { ...answer, headers: { ...answer.headers, "set-cookie": cookies } };
}

/** With raw HTTP every body but JSON and plain text is base64. */
function isBase64(headers: Iterable<readonly [name: string, value: string]>): boolean {
  for (const [name, value] of headers) {
    if (name.toLowerCase() === "content-type") return !/^(text\/|application\/(json|x-www-form-urlencoded)|.*\+json)/i.test(value);
  }
  return false;
}

/** Milliseconds until the activation is ended; unknown outside of one. */
function timeLeft(): number | undefined {
  const { process } = globalThis as unknown as NodeGlobal;
  const deadline = Number(process?.env["__OW_DEADLINE"]);
  return deadline > 0 ? deadline - Date.now() : undefined;
}
