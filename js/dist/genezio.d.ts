/**
 * For Genezio's classes where its host pushes: what it calls an HTTP method with, and what it wants back.
 */
import type { EventResponse } from "./event-response.js";
import type { Standby } from "./standby.js";

/**
 * Answers a call of a class's HTTP method. The program sees the path behind `/<class>/<method>`, which is Genezio's
 * own: on Lambda, where the program polls, a function URL has no such beginning either.
 */
export declare function genezioMethod(standby: Standby, request: unknown): Promise<object>;

/** Of a list in `cookies` Genezio sends the last alone; a header may have a list. */
export declare function headersWithCookies({ headers, cookies }: EventResponse): Record<string, string | readonly string[]>;

/** Genezio's local server says `1.1`. */
export declare function protocolOf(value: unknown): string | undefined;
