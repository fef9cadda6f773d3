/**
 * Decides how the program gets control. Pure: it is told what the host is and returns a choice with its reason.
 */
import { TrapError } from "./errors.js";
import type { Means, Takeover } from "./payload-type.js";

/** What the choice depends on. */
export interface Situation {
    /** What was asked for when the artifact was built. */
    readonly asked: Takeover;
    readonly system: string;
    readonly arch: string;
    readonly nodeVersion: string;
    readonly mainThread: boolean;
    /** Whether the payload brings a stub for this architecture. */
    readonly stub: boolean;
    /** Whether the payload is a library, and brings the addon that loads it. */
    readonly addon: boolean;
    /** Whether Node has `process.execve`. */
    readonly execve: boolean;
}

/** One way to give the program control. */
type Way = Means | "spawn" | "library";

/** Ways to give the program control, best first: the next is tried when one comes back. */
export interface Choice {
    readonly asked: Takeover;
    readonly takeovers: readonly Way[];
    /** Why the first one, as a fragment that follows "because". */
    readonly reason: string;
}

/**
 * Picks the takeovers. Throws `TRAP_EXEC_UNAVAILABLE` when `exec` was forced and cannot be had, and
 * `TRAP_LIBRARY_UNAVAILABLE` when a library cannot be loaded.
 */
export declare function choose(situation: Situation): Choice;

/** The error for a forced takeover that something stands in the way of. */
export declare function execUnavailable(asked: string, obstacle: string, advice?: string): TrapError;

/** The error for a library where something stands in the way of loading it. */
export declare function libraryUnavailable(obstacle: string): TrapError;
export {};
