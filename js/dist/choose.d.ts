/**
 * Decides how the program gets control. Pure: it is told what the host is and returns a choice with its reason.
 */
import type { Takeover } from "./payload-type.js";

/** What the choice depends on. */
export interface Situation {
    /** What was asked for when the artifact was built. */
    readonly asked: Takeover;
    readonly system: string;
    readonly nodeVersion: string;
    readonly mainThread: boolean;
    readonly execve: boolean;
}

/** A takeover and why it was taken, as a fragment that follows "because". */
export interface Choice {
    readonly takeover: "exec" | "spawn";
    readonly reason: string;
}

/** Picks the takeover. Throws `TRAP_EXEC_UNAVAILABLE` when `exec` was forced and cannot be had. */
export declare function choose(situation: Situation): Choice;
