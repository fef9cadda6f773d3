/**
 * The little of Node's API that the bridge uses beside the trampoline, declared for the same reason.
 */
export interface NodeBufferModule {
    isUtf8(bytes: Uint8Array): boolean;
}

/** A child that runs beside this process. */
export interface NodeChild {
    readonly pid?: number;
    kill(signal: string): boolean;
    unref(): void;
    on(event: "error", listener: (error: Error) => void): void;
    on(event: "exit", listener: (status: number | null, signal: string | null) => void): void;
}

/** A request that came in, and its body. */
export interface NodeIncoming {
    readonly method?: string | undefined;
    readonly url?: string | undefined;
    readonly httpVersion: string;
    readonly headers: Readonly<Record<string, string | string[] | undefined>>;
    /** Names and values in turn. */
    readonly rawHeaders: readonly string[];
    readonly trailers: Readonly<Record<string, string | undefined>>;
    readonly socket: {
        readonly remoteAddress?: string | undefined;
    };
    readonly complete: boolean;
    readonly destroyed: boolean;
    on(event: "data", listener: (part: Uint8Array) => void): void;
    on(event: "error", listener: (error: Error) => void): void;
    on(event: "end" | "close", listener: () => void): void;
    resume(): void;
    iterator(options: {
        destroyOnReturn: boolean;
    }): AsyncIterable<Uint8Array>;
}

/** The response to it. */
export interface NodeOutgoing {
    readonly destroyed: boolean;
    readonly headersSent: boolean;
    writeHead(status: number, headers: Readonly<Record<string, string | readonly string[]>>): void;
    /** False when what was written before still waits to be sent. */
    write(part: Uint8Array): boolean;
    end(body?: string | Uint8Array): void;
    destroy(error?: Error): void;
    on(event: "drain" | "close", listener: () => void): void;
    removeListener(event: "drain" | "close", listener: () => void): void;
}

export interface NodeServer {
    listen(port: number, host: string, then: () => void): void;
    address(): {
        readonly port: number;
    };
    close(then?: () => void): void;
    closeIdleConnections(): void;
    closeAllConnections(): void;
    unref(): void;
    on(event: "error", listener: (error: Error) => void): void;
    on(event: "connection", listener: (socket: {
        unref(): void;
    }) => void): void;
}

export interface NodeHttp {
    createServer(options: {
        keepAliveTimeout?: number;
        requestTimeout?: number;
        headersTimeout?: number;
        noDelay?: boolean;
    }, listener: (request: NodeIncoming, response: NodeOutgoing) => void): NodeServer;
}

/** The part of `node:child_process` that starts children beside this process. */
export interface NodeSpawn {
    spawn(file: string, args: readonly string[], options: {
        argv0: string;
        env: Readonly<Record<string, string>>;
        stdio: "inherit";
        windowsHide: boolean;
    }): NodeChild;
}
