/**
 * HTTP to events of a Lambda function URL (payload 2.0), and answers back to HTTP. Pure.
 *
 * The shapes: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
 */
import type { HttpRequest, HttpResponse } from "./http.js";

/** The event for a request. `id` is the request's, `now` milliseconds since 1970. */
export declare function eventOf(request: HttpRequest, id: string, now: number): object;

/** A program's answer is no HTTP response; the message says why, as a fragment. */
export declare class NoResponse extends Error {
}

/** The response that a buffered answer stands for. Throws {@link NoResponse}. */
export declare function responseOf(answer: Uint8Array): HttpResponse;

/** The response that a streamed answer stands for, once its beginning is there. Rejects with {@link NoResponse}. */
export declare function streamedResponse(type: string | undefined, pieces: AsyncIterable<Uint8Array>): Promise<HttpResponse>;

/** Whether a value is an object with names of its own, as JSON has them. */
export declare function isObject(value: unknown): value is Record<string, unknown>;
