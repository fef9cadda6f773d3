/**
 * HTTP as the bridge sees it, whatever the host's own shape is: between a platform's adapter and the events
 * of Lambda.
 */

/** A request. Path, query and headers come from outside: nothing here trusts them. */
export interface HttpRequest {
    readonly method: string;
    /** As it was sent, percent-encoding included; begins with `/`. */
    readonly path: string;
    /** As it was sent, without `?`. */
    readonly query: string;
    /** In the order they came; a name may be repeated. */
    readonly headers: Iterable<readonly [name: string, value: string]>;
    readonly body: Uint8Array;
    /** The caller's address, where the host knows it. */
    readonly sourceIp?: string | undefined;
    /** For example `HTTP/1.1`. */
    readonly protocol?: string | undefined;
}

/** A response. */
export interface HttpResponse {
    readonly status: number;
    /** Names as the program wrote them; a name may be repeated, as `set-cookie` is. */
    readonly headers: readonly (readonly [name: string, value: string])[];
    /** All of it, or what comes of a streamed one piece by piece. */
    readonly body: Uint8Array | AsyncIterable<Uint8Array>;
}
