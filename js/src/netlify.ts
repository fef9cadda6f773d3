/**
 * For Netlify's Lambda-compatible functions. Their events are API Gateway's of version 1, without the context
 * by which programs know one.
 */

import { bodyIn, fields, headersIn, queryIn, text } from "./event-request.js";
import { eventResponse } from "./event-response.js";
import type { Standby } from "./standby.js";

/** Answers an event. */
export async function netlifyEvent(standby: Standby, event: unknown, context: unknown): Promise<object> {
  const given = fields(event);
  // Only here the path and the query are as they were sent.
  const [, path, query] = /^[a-z]+:\/\/[^/?#]*([^?#]*)\??([^#]*)/i.exec(text(given["rawUrl"])) ?? [];
  const response = await standby.http(
    {
      method: text(given["httpMethod"]) || "GET",
      path: path || text(given["path"]) || "/",
      query: query ?? queryIn(given["queryStringParameters"], given["multiValueQueryStringParameters"]),
      headers: headersIn(given["headers"], given["multiValueHeaders"]),
      body: bodyIn(given["body"], given["isBase64Encoded"]),
    },
    context,
  );
  const { cookies, ...answer } = await eventResponse(response);
  return cookies.length === 0 ? answer : { ...answer, multiValueHeaders: { "set-cookie": cookies } };
}
