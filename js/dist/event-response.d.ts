/**
 * HTTP responses as hosts of events take them.
 */
import type { HttpResponse } from "./http.js";

/** A response as hosts of events take it. */
export interface EventResponse {
    readonly statusCode: number;
    /** Names in lower case. */
    readonly headers: Record<string, string>;
    readonly cookies: readonly string[];
    readonly body: string;
    readonly isBase64Encoded: boolean;
}

/** All of a response in that shape, cookies apart. Rejects when a streamed one breaks off. */
export declare function eventResponse(response: HttpResponse): Promise<EventResponse>;
