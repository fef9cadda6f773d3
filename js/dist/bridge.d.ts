/**
 * Serves a program where the host pushes events instead of polling for them: the program is a child, this
 * module its Runtime API, and every call of the host an event of that.
 */
import type { BridgeHost } from "./bridge-host.js";
import type { Host } from "./host.js";
import type { HttpRequest, HttpResponse } from "./http.js";
import type { Bridging, Fed, Standby } from "./standby.js";

/** Feeds a program. Throws `TRAP_SETTING` when a variable that it reads is not understood. */
export declare const bridge: Bridging;
export declare class Bridge implements Standby {
    #private;
    /** Throws `TRAP_SETTING`. */
    constructor({ name, place, stamp, timeout }: Fed, host: Host, effects: BridgeHost);
    handle(event: unknown, context?: unknown): Promise<unknown>;
    http(request: HttpRequest, context?: unknown): Promise<HttpResponse>;
}

/** What a program reports of an event that it could not handle, as Lambda passes it on. */
export declare class ProgramError extends Error {
    constructor(text: string | undefined);
}

/** The response for an error: its status and a sentence; what else there is to know stands in the log. */
export declare function failure(error: Error): HttpResponse;
