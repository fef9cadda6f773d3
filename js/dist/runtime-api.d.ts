/**
 * The Runtime API that one program is served: it takes an event, answers it, takes the next. As strict as
 * AWS's own where a program could tell the difference: an unfinished event is given out again, a second
 * answer is refused.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
import type { Exchange } from "./bridge-host.js";

/** What a program did with an event. */
export type Answer = {
    readonly kind: "buffered";
    readonly body: Uint8Array;
} | {
    readonly kind: "streamed";
    readonly type: string | undefined;
    readonly pieces: AsyncIterable<Uint8Array>;
} | {
    readonly kind: "error";
    readonly body: Uint8Array;
};

/** An event on its way through a program. */
export interface Delivery {
    /** UUID. */
    readonly id: string;
    /** JSON. */
    readonly event: string;
    /** Milliseconds since 1970. */
    readonly deadline: number;
    /** Further headers of the delivery: trace id, ARN, client context, identity. */
    readonly headers: Readonly<Record<string, string>>;
    /** Called once, unless the program ends before. */
    answer(answer: Answer): void;
    /** Called once the program is done with it: for a streamed answer that is after its last piece. */
    done(): void;
}

/** What a server tells its program's owner. */
export interface Owner {
    readonly name: string;
    /** The program asks for an event; the next {@link RuntimeApi.give} answers it. */
    ready(): void;
    /** The program says that it cannot start. */
    initError(body: Uint8Array): void;
}

/** The server side for one program, which is given one event at a time. It knows nothing of processes. */
export declare class RuntimeApi {
    #private;
    constructor(owner: Owner);
    /** Whether a poll waits for an event. */
    get isWaiting(): boolean;
    /** Gives an event to the poll; {@link isWaiting} says that there is one. */
    give(delivery: Delivery): void;
    /** Answers one request of the program. */
    handle(exchange: Exchange): void;
}
