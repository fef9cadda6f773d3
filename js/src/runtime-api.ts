/**
 * The Runtime API that one program is served: it takes an event, answers it, takes the next. As strict as
 * AWS's own where a program could tell the difference: an unfinished event is given out again, a second
 * answer is refused.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */

import type { Exchange } from "./bridge-host.js";

const RUNTIME = "/2018-06-01/runtime/";
const EXTENSION = "/2020-01-01/extension/";

/** What a program did with an event. */
export type Answer =
  | { readonly kind: "buffered"; readonly body: Uint8Array }
  | { readonly kind: "streamed"; readonly type: string | undefined; readonly pieces: AsyncIterable<Uint8Array> }
  | { readonly kind: "error"; readonly body: Uint8Array };

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

/** The server side for one program. It knows nothing of processes. */
export class RuntimeApi {
  readonly #owner: Owner;
  /** Polls that wait for an event. */
  readonly #polls: Exchange[] = [];
  /** Events that were given out and not answered, by id. */
  readonly #open = new Map<string, Delivery>();
  /** Of these, the ones whose answer is coming in. */
  readonly #answering = new Set<string>();
  readonly #isConcurrent: boolean;

  /** `isConcurrent` when the program was told to poll for several events at a time. */
  constructor(owner: Owner, isConcurrent: boolean) {
    this.#owner = owner;
    this.#isConcurrent = isConcurrent;
  }

  /** Whether a poll waits for an event. */
  get isWaiting(): boolean {
    while (this.#polls[0]?.isGone === true) this.#polls.shift();
    return this.#polls.length > 0;
  }

  /** Number of events that the program has and did not finish. */
  get busy(): number {
    return this.#open.size;
  }

  /** Gives an event to the poll that has waited longest; {@link isWaiting} says that there is one. */
  give(delivery: Delivery): void {
    this.#open.set(delivery.id, delivery);
    const poll = this.#polls.shift();
    if (poll !== undefined) deliver(poll, delivery);
  }

  /** Answers one request of the program. */
  handle(exchange: Exchange): void {
    const { method, path } = exchange;
    if (path.startsWith(RUNTIME)) {
      const rest = path.slice(RUNTIME.length);
      if (rest === "invocation/next") return method === "GET" ? this.#next(exchange) : refuseMethod(exchange, "GET");
      const [, id, verb] = /^invocation\/([^/]+)\/(response|error)$/.exec(rest) ?? [];
      if (id !== undefined) {
        if (method !== "POST") return refuseMethod(exchange, "POST");
        return void (verb === "error" ? this.#error(exchange, id) : this.#response(exchange, id));
      }
      if (rest === "init/error") return method === "POST" ? void this.#initError(exchange) : refuseMethod(exchange, "POST");
    }
    // A runtime that registers itself to be shut down gracefully waits for events; a bridge has none.
    if (path === `${EXTENSION}register`) return this.#register(exchange);
    if (path === `${EXTENSION}event/next`) return;
    exchange.reply(404, { "content-type": "text/plain" }, "404 page not found\n");
  }

  #next(exchange: Exchange): void {
    if (!this.#isConcurrent) {
      for (const [id, delivery] of this.#open) {
        // It asks for another without having answered this one: AWS gives it out again.
        if (!this.#answering.has(id)) return deliver(exchange, delivery);
      }
    }
    this.#polls.push(exchange);
    this.#owner.ready();
  }

  async #response(exchange: Exchange, id: string): Promise<void> {
    const delivery = this.#take(exchange, id);
    if (delivery === undefined) return;
    const mode = exchange.header("lambda-runtime-function-response-mode");
    try {
      if (mode?.toLowerCase() !== "streaming") {
        delivery.answer({ kind: "buffered", body: await exchange.whole() });
      } else {
        await this.#stream(exchange, delivery);
      }
    } catch {
      // It broke off: the program is ending, and its end says more.
      return;
    }
    this.#finish(delivery);
    accept(exchange);
  }

  /** Passes a streamed answer on, and waits for the end of it. */
  #stream(exchange: Exchange, delivery: Delivery): Promise<void> {
    return new Promise((resolve, reject) => {
      const pieces = async function* (): AsyncGenerator<Uint8Array, void> {
        try {
          yield* exchange.pieces();
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
          throw error;
        } finally {
          // Also when the reader of the answer went away: the program is not to blame.
          resolve();
        }
        const failure = exchange.trailer("lambda-runtime-function-error-type");
        if (failure !== undefined) throw new Error(`the program broke its answer off: ${failure}`);
      };
      delivery.answer({ kind: "streamed", type: exchange.header("content-type"), pieces: pieces() });
    });
  }

  async #error(exchange: Exchange, id: string): Promise<void> {
    const delivery = this.#take(exchange, id);
    if (delivery === undefined) return;
    try {
      delivery.answer({ kind: "error", body: await exchange.whole() });
    } catch {
      return;
    }
    this.#finish(delivery);
    accept(exchange);
  }

  async #initError(exchange: Exchange): Promise<void> {
    try {
      this.#owner.initError(await exchange.whole());
    } catch {
      return;
    }
    accept(exchange);
  }

  #register(exchange: Exchange): void {
    const about = { functionName: this.#owner.name, functionVersion: "$LATEST", handler: "index.handler" };
    const headers = { "content-type": "application/json", "lambda-extension-identifier": this.#owner.name };
    exchange.reply(200, headers, JSON.stringify(about));
  }

  /** The open event with this id, now being answered. Refuses the exchange where there is none. */
  #take(exchange: Exchange, id: string): Delivery | undefined {
    const delivery = this.#open.get(id);
    if (delivery === undefined || this.#answering.has(id)) {
      const type = delivery === undefined ? "InvalidRequestID" : "InvalidStateTransition";
      const message = delivery === undefined ? "there is no event with this id" : "this event is being answered";
      exchange.reply(400, { "content-type": "application/json" }, JSON.stringify({ errorMessage: message, errorType: type }));
      return undefined;
    }
    this.#answering.add(id);
    return delivery;
  }

  #finish(delivery: Delivery): void {
    this.#open.delete(delivery.id);
    this.#answering.delete(delivery.id);
    delivery.done();
  }
}

function deliver(poll: Exchange, { id, event, deadline, headers }: Delivery): void {
  poll.reply(
    200,
    {
      "content-type": "application/json",
      "lambda-runtime-aws-request-id": id,
      "lambda-runtime-deadline-ms": String(Math.round(deadline)),
      ...headers,
    },
    event,
  );
}

function accept(exchange: Exchange): void {
  exchange.reply(202, { "content-type": "application/json" }, '{"status":"OK"}\n');
}

function refuseMethod(exchange: Exchange, allow: string): void {
  exchange.reply(405, { allow }, "");
}
