/**
 * The bridge's effects as a table: time that passes when a test says so, servers and children that exist only
 * here.
 */
import type { BridgeHost, End, Exchange } from "../src/bridge-host.js";

/** A child, as the test sees it: what it was started with, and what it may do. */
export interface FakeChild {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signals: string[];
  /** Whether its server still serves it. */
  served: boolean;
  /** Polls for an event; resolves with it. */
  poll(): Promise<Reply>;
  /** Answers one. */
  post(path: string, body: string | AsyncIterable<Uint8Array>, headers?: Record<string, string>): Promise<Reply>;
  /** Any request. */
  ask(method: string, path: string): Promise<Reply>;
  end(end: End): Promise<void>;
}

/** What a server replied. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const RUNTIME = "/2018-06-01/runtime/";

/** Lets everything that waits for a promise go on. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function fakeBridge({ obeys = ["SIGKILL"] }: { obeys?: readonly string[] } = {}): {
  host: BridgeHost;
  children: FakeChild[];
  /** Lets this many milliseconds pass. */
  pass(milliseconds: number): Promise<void>;
  /** The timers that keep the host. */
  keeping(): number;
  /** Sends the host a signal, or lets it end. */
  signal(name: string): Promise<void>;
  leave(): void;
} {
  const children: FakeChild[] = [];
  const timers = new Set<{ at: number; then: () => void; keepsHost: boolean }>();
  let now = 1_000_000;
  let count = 0;
  let stopping = async (_signal: string): Promise<void> => undefined;
  let leaving = (): void => undefined;
  const servers = new Map<string, { answer: (exchange: Exchange) => void; open: boolean }>();

  const host: BridgeHost = {
    now: () => now,
    uuid: () => `id-${(count += 1)}`,
    after(milliseconds, keepsHost, then) {
      const timer = { at: now + milliseconds, then, keepsHost };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    serve(answer) {
      const address = `127.0.0.1:${4000 + servers.size}`;
      const server = { answer, open: true };
      servers.set(address, server);
      return { address: Promise.resolve(address), close: () => void (server.open = false) };
    },
    start(path, env, ended) {
      const server = servers.get(env["AWS_LAMBDA_RUNTIME_API"] ?? "");
      const ask = (method: string, to: string, body: string | AsyncIterable<Uint8Array> = "", headers: Record<string, string> = {}) =>
        new Promise<Reply>((resolve) => {
          if (server?.open === true) server.answer(exchange(method, to, body, headers, resolve, () => server.open));
        });
      const child: FakeChild = {
        path,
        env,
        signals: [],
        get served() {
          return server?.open === true;
        },
        poll: () => ask("GET", `${RUNTIME}invocation/next`),
        post: (to, body, headers) => ask("POST", RUNTIME + to, body, headers),
        ask,
        end: async (end) => {
          ended(end);
          await settle();
        },
      };
      children.push(child);
      const kill = (signal: string): void => {
        child.signals.push(signal);
        if (obeys.includes(signal)) setImmediate(() => ended({ signal }));
      };
      return { pid: children.length, kill };
    },
    beforeEnd(stop, leave) {
      stopping = stop;
      leaving = leave;
    },
  };
  return {
    host,
    children,
    async pass(milliseconds) {
      await settle();
      now += milliseconds;
      for (const timer of [...timers].filter(({ at }) => at <= now).sort((a, b) => a.at - b.at)) {
        if (timers.delete(timer)) timer.then();
      }
      await settle();
    },
    keeping: () => [...timers].filter(({ keepsHost }) => keepsHost).length,
    signal: (name) => stopping(name),
    leave: () => leaving(),
  };
}

function exchange(
  method: string,
  path: string,
  body: string | AsyncIterable<Uint8Array>,
  headers: Record<string, string>,
  resolve: (reply: Reply) => void,
  isOpen: () => boolean,
): Exchange {
  return {
    method,
    path,
    get isGone() {
      return !isOpen();
    },
    header: (name) => headers[name],
    trailer: (name) => headers[`trailer:${name}`],
    whole: async () => {
      if (typeof body !== "string") throw new Error("it broke off");
      return Buffer.from(body);
    },
    pieces: () => (typeof body === "string" ? one(body) : body),
    reply: (status, replied, text) => resolve({ status, headers: replied, body: text }),
  };
}

async function* one(text: string): AsyncGenerator<Uint8Array, void> {
  yield Buffer.from(text);
}
