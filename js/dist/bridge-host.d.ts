/**
 * The effects the bridge needs. `bridgeHost()` is the real one; tests pass a table.
 */
import type { ChildEnd } from "./host.js";

/** One request to a server of ours, and the reply to it. */
export interface Exchange {
    readonly method: string;
    /** With its query, as it was sent. */
    readonly path: string;
    /** Whether nobody waits for the reply any more. */
    readonly isGone: boolean;
    header(name: string): string | undefined;
    /** All of the body. Rejects when it breaks off. */
    whole(): Promise<Uint8Array>;
    /** The body as it comes. Rejects when it breaks off; who stops reading still waits for its end. */
    pieces(): AsyncIterable<Uint8Array>;
    /** A header sent behind the body; known when the body has ended. */
    trailer(name: string): string | undefined;
    /** Sends the reply; nothing happens where nobody waits for it any more. */
    reply(status: number, headers: Readonly<Record<string, string>>, body: string): void;
}

/** A server on loopback. */
export interface Server {
    /** `host:port`, known once it listens. Rejects when it cannot. */
    readonly address: Promise<string>;
    /** Stops listening and drops every connection. */
    close(): void;
}

/** A child process. */
export interface Child {
    /** Absent when it could not be started. */
    readonly pid: number | undefined;
    kill(signal: string): void;
}

/** What stands in the way of a start, or how a child that ran ended. */
export type End = ChildEnd | {
    readonly refused: unknown;
};

export interface Timer {
    cancel(): void;
}

export interface BridgeHost {
    /** Milliseconds since 1970. */
    now(): number;
    /** A new request id, a UUID. */
    uuid(): string;
    /**
     * Calls back once after some milliseconds, at most 2^31. A timer that keeps the host is a reason for Node to
     * stay; nothing else of the bridge is.
     */
    after(milliseconds: number, keepsHost: boolean, then: () => void): Timer;
    /** Serves HTTP on a free port of 127.0.0.1. */
    serve(answer: (exchange: Exchange) => void): Server;
    /** Starts a child with this process's streams. `ended` is called once. */
    start(path: string, env: Readonly<Record<string, string>>, ended: (end: End) => void): Child;
    /**
     * Calls `stop` with the name of a signal that is to end this process. Where nobody else listens for it, this
     * process waits for the promise and then ends by that signal. Calls `leave` when this process is about to end.
     */
    beforeEnd(stop: (signal: string) => Promise<void>, leave: () => void): void;
}
