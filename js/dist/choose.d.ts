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
    /** Whether there is a Runtime API to poll. */
    readonly polls: boolean;
    /** Whether the host polls for several events at once, as Lambda's managed instances do. */
    readonly concurrent: boolean;
    /** Whether this start ends in a snapshot. */
    readonly snapStart: boolean;
    /** For a host that only starts a process: the variable that names the port. */
    readonly port: string | undefined;
    /** Whether the program serves HTTP on a port by itself. */
    readonly serves: boolean;
}

/** One way to give the program control. */
type Way = Means | "spawn" | "library";

/**
 * What becomes of the host: the program polls in its place, it serves HTTP on the host's port in its place, it is fed
 * by the host, or nothing is started.
 */
export type Role = "poll" | "port" | "bridge" | "none";

/** A role, and what speaks for it: a fragment that follows "because". */
export interface Chosen {
    readonly role: Role;
    readonly why: string;
}

/** What is to be done, and how. */
export interface Choice {
    readonly asked: Takeover;
    readonly role: Role;
    /** Ways to give the program this process, best first: the next is tried when one comes back. */
    readonly takeovers: readonly Way[];
    /** Why this role, or the first of these ways: a fragment that follows "because". */
    readonly reason: string;
}

/**
 * Picks the takeovers for a role that wants one. Throws `TRAP_EXEC_UNAVAILABLE` when `exec` was forced and cannot be had,
 * and `TRAP_LIBRARY_UNAVAILABLE` when a library cannot be loaded.
 */
export declare function choose(situation: Situation, { role, why }: Chosen): Choice;

/** The role, and what speaks for it. */
export declare function roleIn({ asked, polls, concurrent, snapStart, mainThread, port, serves }: Situation): Chosen;

/** The error for a forced takeover that something stands in the way of. */
export declare function execUnavailable(asked: string, obstacle: string, advice?: string): TrapError;

/** The error for a library where something stands in the way of loading it. */
export declare function libraryUnavailable(obstacle: string): TrapError;
export {};
