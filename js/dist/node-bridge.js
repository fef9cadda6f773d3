/**
 * The real effects of the bridge, by Node's `http` and `child_process`; like the rest they are loaded when they
 * are needed.
 */
import { joined } from "./bytes.js";

/** Signals that ask a process to end. */
const TO_END = ["SIGTERM", "SIGINT", "SIGHUP"];

/** Milliseconds for answers to leave this process before it ends by a signal. */
const LAST_WORDS = 20;

/** The effects of the Node process this module runs in, which has `process.getBuiltinModule`. */
export function bridgeHost() {
    const node = globalThis;
    return new NodeBridge(node, node.process);
}

function builtin(process, name) {
    return process.getBuiltinModule?.(`node:${name}`);
}

class NodeBridge {
    #node;
    #process;
    /** Random once, then counted: ids tell requests apart, they keep no secret. */
    #id = Array.from({ length: 4 }, () => Math.floor(Math.random() * 0x10000));
    #count = 0;
    constructor(node, process) {
        this.#node = node;
        this.#process = process;
    }
    now() {
        return Date.now();
    }
    uuid() {
        const hex = (value, digits) => value.toString(16).padStart(digits, "0");
        const [a = 0, b = 0, c = 0, d = 0] = this.#id;
        this.#count += 1;
        const version = hex(0x4000 | (c & 0x0fff), 4);
        const variant = hex(0x8000 | (d & 0x3fff), 4);
        return `${hex(a, 4)}${hex(b, 4)}-${hex(this.#process.pid & 0xffff, 4)}-${version}-${variant}-${hex(this.#count, 12)}`;
    }
    after(milliseconds, keepsHost, then) {
        const { setTimeout, clearTimeout } = this.#node;
        const timer = setTimeout(then, milliseconds);
        if (!keepsHost)
            timer.unref();
        return { cancel: () => clearTimeout(timer) };
    }
    serve(answer) {
        const server = builtin(this.#process, "http").createServer(
        // Programs poll for as long as it takes, and their answers may have any size.
        { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0, noDelay: true }, (request, response) => answer(new NodeExchange(request, response)));
        // A program that waits for events is no reason for the host to stay.
        server.on("connection", (socket) => socket.unref());
        server.unref();
        const address = new Promise((resolve, reject) => {
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
    start(path, env, ended) {
        const { spawn } = builtin(this.#process, "child_process");
        let isEnded = false;
        const end = (how) => {
            if (isEnded)
                return;
            isEnded = true;
            ended(how);
        };
        let child;
        try {
            child = spawn(path, [], { argv0: path, env, stdio: "inherit", windowsHide: true });
        }
        catch (error) {
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
                if (!isEnded)
                    started.kill(signal);
            },
        };
    }
    beforeEnd(stop, leave) {
        const process = this.#process;
        process.on("exit", leave);
        for (const signal of TO_END) {
            const listener = async () => {
                const isAlone = process.listenerCount(signal) === 1;
                await stop(signal);
                // Others that listen decide themselves when this process ends.
                if (!isAlone)
                    return;
                await new Promise((resolve) => void this.after(LAST_WORDS, true, resolve));
                process.removeListener(signal, listener);
                process.kill(process.pid, signal);
            };
            // In a worker thread this hears nothing: signals are for the main thread.
            process.on(signal, listener);
        }
    }
}

class NodeExchange {
    method;
    path;
    #request;
    #response;
    constructor(request, response) {
        this.method = request.method ?? "";
        this.path = request.url ?? "";
        this.#request = request;
        this.#response = response;
    }
    get isGone() {
        return this.#response.destroyed;
    }
    header(name) {
        const value = this.#request.headers[name];
        return typeof value === "string" ? value : undefined;
    }
    trailer(name) {
        return this.#request.trailers[name];
    }
    whole() {
        return new Promise((resolve, reject) => {
            const parts = [];
            this.#request.on("data", (part) => parts.push(part));
            this.#request.on("end", () => resolve(joined(parts)));
            this.#request.on("error", reject);
        });
    }
    async *pieces() {
        const request = this.#request;
        try {
            // Destroying what is left of it would break the program's connection.
            yield* request.iterator({ destroyOnReturn: false });
        }
        finally {
            if (!request.complete && !request.destroyed) {
                await new Promise((resolve) => {
                    request.on("close", resolve);
                    request.on("end", resolve);
                    request.resume();
                });
            }
        }
    }
    reply(status, headers, body) {
        if (this.isGone)
            return;
        // With its length it is one write, and not one for each chunk.
        const length = globalThis.Buffer.byteLength(body);
        this.#response.writeHead(status, { ...headers, "content-length": String(length) });
        this.#response.end(body);
    }
}
