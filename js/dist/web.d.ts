/**
 * For hosts that call with a `Request` and want a `Response`, as browsers know them: Netlify's functions.
 */
import type { Standby } from "./standby.js";

/** What is used of a `Request`. */
export interface WebRequest {
    readonly method: string;
    readonly url: string;
    readonly headers: Iterable<readonly [name: string, value: string]>;
    arrayBuffer(): Promise<ArrayBuffer>;
}

/** A `Response`; the host knows what that is. */
export interface WebResponse {
    readonly status: number;
}

/** What a host may tell beside the request. */
export interface WebContext {
    /** The caller's address. */
    readonly ip?: unknown;
}

/** A handler for such hosts. */
export declare function webHandler(standby: Standby): (request: WebRequest, context?: WebContext) => Promise<WebResponse>;
