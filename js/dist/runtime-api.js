/**
 * The Runtime API that one program is served: it takes an event, answers it, takes the next. As strict as
 * AWS's own where a program could tell the difference: an unfinished event is given out again, a second
 * answer is refused.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
const RUNTIME = "/2018-06-01/runtime/";
const EXTENSION = "/2020-01-01/extension/";

/** The server side for one program, which is given one event at a time. It knows nothing of processes. */
export class RuntimeApi {
    #owner;
    /** The poll that waits for an event. */
    #poll;
    /** The event that was given out and not answered. */
    #given;
    /** Whether its answer is coming in. */
    #isAnswering = false;
    constructor(owner) {
        this.#owner = owner;
    }
    /** Whether a poll waits for an event. */
    get isWaiting() {
        return this.#poll?.isGone === false;
    }
    /** Gives an event to the poll; {@link isWaiting} says that there is one. */
    give(delivery) {
        this.#given = delivery;
        if (this.#poll !== undefined)
            deliver(this.#poll, delivery);
        this.#poll = undefined;
    }
    /** Answers one request of the program. */
    handle(exchange) {
        const { method, path } = exchange;
        if (path.startsWith(RUNTIME)) {
            const rest = path.slice(RUNTIME.length);
            if (rest === "invocation/next")
                return method === "GET" ? this.#next(exchange) : refuseMethod(exchange, "GET");
            const [, id, verb] = /^invocation\/([^/]+)\/(response|error)$/.exec(rest) ?? [];
            if (id !== undefined) {
                if (method !== "POST")
                    return refuseMethod(exchange, "POST");
                return void (verb === "error" ? this.#error(exchange, id) : this.#response(exchange, id));
            }
            if (rest === "init/error")
                return method === "POST" ? void this.#initError(exchange) : refuseMethod(exchange, "POST");
        }
        // A runtime that registers itself to be shut down gracefully waits for events; a bridge has none.
        if (path === `${EXTENSION}register`)
            return this.#register(exchange);
        if (path === `${EXTENSION}event/next`)
            return;
        exchange.reply(404, { "content-type": "text/plain" }, "404 page not found\n");
    }
    #next(exchange) {
        // It asks for another without having answered this one: AWS gives it out again.
        if (this.#given !== undefined && !this.#isAnswering)
            return deliver(exchange, this.#given);
        this.#poll = exchange;
        this.#owner.ready();
    }
    async #response(exchange, id) {
        const delivery = this.#take(exchange, id);
        if (delivery === undefined)
            return;
        const mode = exchange.header("lambda-runtime-function-response-mode");
        try {
            if (mode?.toLowerCase() !== "streaming") {
                delivery.answer({ kind: "buffered", body: await exchange.whole() });
            }
            else {
                await this.#stream(exchange, delivery);
            }
        }
        catch {
            // It broke off: the program is ending, and its end says more.
            return;
        }
        this.#finish(delivery);
        accept(exchange);
    }
    /** Passes a streamed answer on, and waits for the end of it. */
    #stream(exchange, delivery) {
        return new Promise((resolve, reject) => {
            const pieces = async function* () {
                try {
                    yield* exchange.pieces();
                }
                catch (error) {
                    reject(error instanceof Error ? error : new Error(String(error)));
                    throw error;
                }
                finally {
                    // Also when the reader of the answer went away: the program is not to blame.
                    resolve();
                }
                const failure = exchange.trailer("lambda-runtime-function-error-type");
                if (failure !== undefined)
                    throw new Error(`the program broke its answer off: ${failure}`);
            };
            delivery.answer({ kind: "streamed", type: exchange.header("content-type"), pieces: pieces() });
        });
    }
    async #error(exchange, id) {
        const delivery = this.#take(exchange, id);
        if (delivery === undefined)
            return;
        try {
            delivery.answer({ kind: "error", body: await exchange.whole() });
        }
        catch {
            return;
        }
        this.#finish(delivery);
        accept(exchange);
    }
    async #initError(exchange) {
        try {
            this.#owner.initError(await exchange.whole());
        }
        catch {
            return;
        }
        accept(exchange);
    }
    #register(exchange) {
        const about = { functionName: this.#owner.name, functionVersion: "$LATEST", handler: "index.handler" };
        const headers = { "content-type": "application/json", "lambda-extension-identifier": this.#owner.name };
        exchange.reply(200, headers, JSON.stringify(about));
    }
    /** The event with this id, now being answered. Refuses the exchange where that is not the one. */
    #take(exchange, id) {
        const isGiven = this.#given?.id === id;
        if (!isGiven || this.#isAnswering) {
            const errorType = isGiven ? "InvalidStateTransition" : "InvalidRequestID";
            const errorMessage = isGiven ? "this event is being answered" : "there is no event with this id";
            exchange.reply(400, { "content-type": "application/json" }, JSON.stringify({ errorMessage, errorType }));
            return undefined;
        }
        this.#isAnswering = true;
        return this.#given;
    }
    #finish(delivery) {
        this.#given = undefined;
        this.#isAnswering = false;
        delivery.done();
    }
}

function deliver(poll, { id, event, deadline, headers }) {
    poll.reply(200, {
        "content-type": "application/json",
        "lambda-runtime-aws-request-id": id,
        "lambda-runtime-deadline-ms": String(Math.round(deadline)),
        ...headers,
    }, event);
}

/**
 * AWS says the same with a body that nobody reads, and clients throw away a connection with something unread on it:
 * lambda_runtime opened another for every event.
 */
function accept(exchange) {
    exchange.reply(202, {}, "");
}

function refuseMethod(exchange, allow) {
    exchange.reply(405, { allow }, "");
}
