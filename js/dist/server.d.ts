/**
 * For hosts that start a process and send HTTP to its port: the program takes the process where it serves
 * HTTP itself; otherwise Node serves and feeds it.
 */
import type { Options, Payload } from "./payload-type.js";
import type { Bridging } from "./standby.js";

/** What a server of such a host is told. */
export interface ServerOptions extends Options {
    /** The variable that names the port. */
    readonly port: string;
    /** The most bytes of a request's body; more is refused with 413. */
    readonly limit: number;
}

/**
 * Serves on the port that the variable names, 3000 by default, and on the address `TRAP_HOST`, all of them by
 * default. Returns where Node serves.
 */
export declare function serve(payload: Payload, options: ServerOptions, bridge?: Bridging): void;
