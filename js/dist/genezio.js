/**
 * For Genezio's classes where its host pushes: what it calls an HTTP method with, and what it wants back.
 */
import { viewOf } from "./bytes.js";
import { bodyIn, fields, headersIn, queryIn, text } from "./event-request.js";
import { eventResponse } from "./event-response.js";
import { wholeBody } from "./http-response.js";

/**
 * Answers a call of a class's HTTP method. The program sees the path behind `/<class>/<method>`, which is Genezio's
 * own: on Lambda, where the program polls, a function URL has no such beginning either.
 */
export async function genezioMethod(standby, request) {
    const { http, headers, queryStringParameters, body, rawBody } = fields(request);
    const { method, path, protocol, sourceIp } = fields(http);
    const [, rest = "/"] = /^\/[^/]*\/[^/?]*(\/[^?]*)?/.exec(text(path)) ?? [];
    const response = await standby.http({
        method: text(method) || "GET",
        path: rest,
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

/** Of a list in `cookies` Genezio sends the last alone; a header may have a list. */
export function headersWithCookies({ headers, cookies }) {
    return cookies.length === 0 ? headers : { ...headers, "set-cookie": cookies };
}

/** Genezio's local server says `1.1`. */
export function protocolOf(value) {
    const protocol = text(value);
    return /^\d/.test(protocol) ? `HTTP/${protocol}` : protocol || undefined;
}
