/**
 * For Genezio's classes where its host pushes: what it calls an HTTP method with, and what it wants back.
 */
import type { EventResponse } from "./event-response.js";
import type { Standby } from "./standby.js";

/**
 * Answers a call of a class's HTTP method. The program sees the path behind `/<class>/<method>`, which is Genezio's
 * own: on Lambda, where the program polls, a function URL has no such beginning either. Where the program holds the
 * class itself, it sees the method by its own name `inside`.
 */
export declare function genezioMethod(standby: Standby, request: unknown, inside?: string): Promise<object>;

/**
 * Calls a method of the class that the program holds, as Genezio's own clients do; rejects with the error that it
 * answers. Whoever calls, if that is wanted, comes first, with the headers of the request.
 */
export declare function genezioCall<T>(standby: Standby, method: string, params: readonly unknown[]): Promise<T>;

/** Calls one that its clock calls. */
export declare function genezioCron(standby: Standby, method: string): Promise<void>;

/** Of a list in `cookies` Genezio sends the last alone; a header may have a list. */
export declare function headersWithCookies({ headers, cookies }: EventResponse): Record<string, string | readonly string[]>;

/** Genezio's local server says `1.1`. */
export declare function protocolOf(value: unknown): string | undefined;
