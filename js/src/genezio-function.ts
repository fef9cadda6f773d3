/**
 * For Genezio's functions where its host pushes.
 */

import { bodyIn, fields, headersIn, text } from "./event-request.js";
import { eventResponse } from "./event-response.js";
import { headersWithCookies, protocolOf } from "./genezio.js";
import type { Standby } from "./standby.js";

/** Answers a call of a function, which gets an event much like that of a function URL. */
export async function genezioFunction(standby: Standby, event: unknown): Promise<object> {
  const { rawPath, rawQueryString, requestContext, headers, body, isBase64Encoded } = fields(event);
  const { method, protocol, sourceIp } = fields(fields(requestContext)["http"]);
  const response = await standby.http({
    method: text(method) || "GET",
    path: text(rawPath) || "/",
    // In Genezio's cloud the query keeps its question mark.
    query: text(rawQueryString).replace(/^\?/, ""),
    headers: headersIn(headers),
    body: bodyIn(body, isBase64Encoded),
    sourceIp: text(sourceIp) || undefined,
    protocol: protocolOf(protocol),
  });
  const answer = await eventResponse(response);
  const { statusCode, body: content, isBase64Encoded: isEncoded } = answer;
  return { statusCode, headers: headersWithCookies(answer), body: content, isBase64Encoded: isEncoded };
}
