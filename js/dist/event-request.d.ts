/**
 * What adapters of hosts with events of their own share: reading what comes from outside.
 */
import type { HttpRequest } from "./http.js";

/** A field of an event that should be an object; empty where it is none. */
export declare function fields(value: unknown): Readonly<Record<string, unknown>>;

/** A field of an event that should be text; empty where it is none. */
export declare function text(value: unknown): string;

/** Headers from maps of names to values or lists of values. Of a name that both have, only the lists count. */
export declare function headersIn(single: unknown, multiple?: unknown): HttpRequest["headers"];

/** A query from maps of decoded names to values or lists of values. */
export declare function queryIn(single: unknown, multiple?: unknown): string;

/** The bytes of a body in an event. */
export declare function bodyIn(body: unknown, isBase64: unknown): Uint8Array;
