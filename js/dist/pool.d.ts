/**
 * The programs of a bridge: as many as there are events at once, up to a limit, each in turn given the event
 * that has waited longest. A program that ends fails what it was doing and is started again when the next
 * event wants it, later each time when it keeps failing.
 */
import type { BridgeHost } from "./bridge-host.js";
import type { Answer } from "./runtime-api.js";

/** How many programs, and how many events may wait for one. */
export interface Limits {
    readonly programs: number;
    readonly waiting: number;
}

/** An event that wants a program. */
export interface Job {
    /** UUID. */
    readonly id: string;
    /** JSON. */
    readonly event: string;
    /** When it must be answered, in milliseconds since 1970. */
    readonly deadline: number;
    readonly headers: Readonly<Record<string, string>>;
}

/** Where a program is, and what it is started with beside the address of its Runtime API. */
export interface Start {
    readonly path: string;
    readonly env: Readonly<Record<string, string>>;
}

export declare class Pool {
    #private;
    /**
     * `place` puts the program on disk where it is not there; it throws a {@link TrapError} when it cannot. With `stamp`,
     * which tells one build from the next, no event is given to a program of an older build.
     */
    constructor(name: string, place: () => Start, limits: Limits, host: BridgeHost, stamp?: () => string | undefined);
    /** Starts the first program before it is wanted. What stands in the way is for the first event to say. */
    warm(): void;
    /** Gives an event to a program. Rejects with a {@link TrapError} when none answers it. */
    run(job: Job): Promise<Answer>;
}
