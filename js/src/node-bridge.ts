/**
 * The real effects of the bridge, by Node's `http` and `child_process`; like the rest they are loaded when they
 * are needed.
 */

import { joined } from "./bytes.js";
import type { BridgeHost, Child, End, Exchange, Server, Timer } from "./bridge-host.js";
import type { NodeSpawn, NodeHttp, NodeIncoming, NodeOutgoing } from "./node-server-types.js";
import type { NodeGlobal, NodeProcess } from "./node-types.js";

/** Signals that ask a process to end. */
const TO_END = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

/** Milliseconds for answers to leave this process before it ends by a signal. */
const LAST_WORDS = 20;

/** The effects of the Node process this module runs in, which has `process.getBuiltinModule`. */
export function bridgeHost(): BridgeHost {
  const node = globalThis as unknown as NodeGlobal;
  return new NodeBridge(node, node.process as NodeProcess);
}

function builtin<Module>(process: NodeProcess, name: string): Module {
  return process.getBuiltinModule?.(`node:${name}`) as Module;
}

class NodeBridge implements BridgeHost {
  readonly #node: NodeGlobal;
  readonly #process: NodeProcess;
  /** Random once, then counted: ids tell requests apart, they keep no secret. */
  readonly #id = Array.from({ length: 4 }, () => Math.floor(Math.random() * 0x10000));
  #count = 0;

  constructor(node: NodeGlobal, process: NodeProcess) {
    this.#node = node;
    this.#process = process;
  }

  now(): number {
    return Date.now();
  }

  uuid(): string {
    const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");
    const [a = 0, b = 0, c = 0, d = 0] = this.#id;
    this.#count += 1;
    const version = hex(0x4000 | (c & 0x0fff), 4);
    const variant = hex(0x8000 | (d & 0x3fff), 4);
    return `${hex(a, 4)}${hex(b, 4)}-${hex(this.#process.pid & 0xffff, 4)}-${version}-${variant}-${hex(this.#count, 12)}`;
  }

  after(milliseconds: number, keepsHost: boolean, then: () => void): Timer {
    const { setTimeout, clearTimeout } = this.#node;
    const timer = setTimeout(then, milliseconds);
    if (!keepsHost) timer.unref();
    return { cancel: () => clearTimeout(timer) };
  }

  serve(answer: (exchange: Exchange) => void): Server {
    const server = builtin<NodeHttp>(this.#process, "http").createServer(
      // Programs poll for as long as it takes, and their answers may have any size.
      { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0, noDelay: true },
      (request, response) => answer(new NodeExchange(request, response)),
    );
    // A program that waits for events is no reason for the host to stay.
    server.on("connection", (socket) => socket.unref());
    server.unref();
    const address = new Promise<string>((resolve, reject) => {
      server.on("error", reject);
      server.listen(0, "127.0.0.1", () => resolve(`127.0.0.1:${server.address().port}`));
    });
    return {
      address,
      close: () => {
        server.close();
        server.closeAllConnections();
      },
    };
  }

  start(path: string, env: Readonly<Record<string, string>>, ended: (end: End) => void): Child {
    const { spawn } = builtin<NodeSpawn>(this.#process, "child_process");
    let isEnded = false;
    const end = (how: End): void => {
      if (isEnded) return;
      isEnded = true;
      ended(how);
    };
    let child;
    try {
      child = spawn(path, [], { argv0: path, env, stdio: "inherit", windowsHide: true });
    } catch (error) {
      // Some refusals, of a too large environment for one, are thrown at once; for the pool all are the same.
      void Promise.resolve().then(() => end({ refused: error }));
      return { pid: undefined, kill: () => undefined };
    }
    const started = child;
    child.on("error", (error) => end({ refused: error }));
    child.on("exit", (status, signal) => end(signal === null ? { status: status ?? 1 } : { signal }));
    child.unref();
    return {
      pid: child.pid,
      kill: (signal) => {
        // The system may have given its number to another process by now.
        if (!isEnded) started.kill(signal);
      },
    };
  }

  beforeEnd(stop: (signal: string) => Promise<void>, leave: () => void): void {
    const process = this.#process;
    process.on("exit", leave);
    for (const signal of TO_END) {
      const listener = async (): Promise<void> => {
        const isAlone = process.listenerCount(signal) === 1;
        await stop(signal);
        // Others that listen decide themselves when this process ends.
        if (!isAlone) return;
        await new Promise<void>((resolve) => void this.after(LAST_WORDS, true, resolve));
        process.removeListener(signal, listener);
        process.kill(process.pid, signal);
      };
      // In a worker thread this hears nothing: signals are for the main thread.
      process.on(signal, listener);
    }
  }
}

class NodeExchange implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly #request: NodeIncoming;
  readonly #response: NodeOutgoing;

  constructor(request: NodeIncoming, response: NodeOutgoing) {
    this.method = request.method ?? "";
    this.path = request.url ?? "";
    this.#request = request;
    this.#response = response;
  }

  get isGone(): boolean {
    return this.#response.destroyed;
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return typeof value === "string" ? value : undefined;
  }

  trailer(name: string): string | undefined {
    return this.#request.trailers[name];
  }

  whole(): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const parts: Uint8Array[] = [];
      this.#request.on("data", (part) => parts.push(part));
      this.#request.on("end", () => resolve(joined(parts)));
      this.#request.on("error", reject);
    });
  }

  async *pieces(): AsyncGenerator<Uint8Array, void> {
    const request = this.#request;
    try {
      // Destroying what is left of it would break the program's connection.
      yield* request.iterator({ destroyOnReturn: false });
    } finally {
      if (!request.complete && !request.destroyed) {
        await new Promise<void>((resolve) => {
          request.on("close", resolve);
          request.on("end", resolve);
          request.resume();
        });
      }
    }
  }

  reply(status: number, headers: Readonly<Record<string, string>>, body: string): void {
    if (this.isGone) return;
    // With its length it is one write, and not one for each chunk.
    const length = (globalThis as unknown as NodeGlobal).Buffer.byteLength(body);
    this.#response.writeHead(status, { ...headers, "content-length": String(length) });
    this.#response.end(body);
  }
}
