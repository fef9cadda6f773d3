/**
 * The little of Node's API that the trampoline uses, declared here so that the emitted files type-check
 * without `@types/node` as well as with any version of it.
 */
export interface NodeProcess {
    readonly platform: string;
    readonly arch: string;
    readonly version: string;
    readonly pid: number;
    readonly env: Record<string, string | undefined>;
    readonly stdin?: NodeStream;
    readonly stdout?: NodeStream;
    readonly stderr?: NodeStream;
    /** Node 20.16, 22.3 and later. */
    getBuiltinModule?(name: string): unknown;
    /** Absent on Windows. */
    geteuid?(): number;
    /** Node 22.15 and later. */
    execve?(file: string, args: readonly string[], env: Readonly<Record<string, string>>): void;
    /** Loads an addon; throws unless it registers itself, which a stub never does. */
    dlopen(module: {
        exports: object;
    }, file: string): void;
    chdir(folder: string): void;
    exit(status: number): never;
    /** Seconds. */
    uptime(): number;
    kill(pid: number, signal: string | 0): void;
    on(event: string, listener: () => void): void;
    removeListener(event: string, listener: () => void): void;
    removeAllListeners(event: string): void;
    listenerCount(event: string): number;
}

export interface NodeStream {
    readonly _handle?: {
        setBlocking?(blocking: boolean): void;
    } | null;
}

export interface NodeStats {
    readonly size: number;
    readonly mode: number;
    readonly mtimeMs: number;
    readonly uid: number;
    isFile(): boolean;
    isDirectory(): boolean;
    isSymbolicLink(): boolean;
}

export interface NodeFileSystem {
    lstatSync(path: string, options: {
        throwIfNoEntry: false;
    }): NodeStats | undefined;
    statSync(path: string, options: {
        throwIfNoEntry: false;
    }): NodeStats | undefined;
    accessSync(path: string, mode: number): void;
    openSync(path: string, flags: string, mode?: number): number;
    readSync(file: number, into: Uint8Array, offset: number, length: number, position: number): number;
    writeSync(file: number, from: Uint8Array | string, offset?: number, length?: number, position?: number): number;
    ftruncateSync(file: number, length: number): void;
    closeSync(file: number): void;
    copyFileSync(from: string, to: string, flags: number): void;
    chmodSync(path: string, mode: number): void;
    renameSync(from: string, to: string): void;
    unlinkSync(path: string): void;
    readFileSync(path: string): NodeBuffer;
    readdirSync(path: string): readonly string[];
}

export interface NodeBuffer extends Uint8Array {
    write(text: string, encoding: "base64"): number;
    toString(encoding?: string): string;
}

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

export interface NodeChildProcess {
    spawn(file: string, args: readonly string[], options: {
        argv0: string;
        env: Readonly<Record<string, string>>;
        stdio: "inherit";
        windowsHide: boolean;
    }): NodeChild;
    spawnSync(file: string, args: readonly string[], options: {
        argv0: string;
        env: Readonly<Record<string, string>>;
        stdio: "inherit";
        windowsHide: boolean;
    }): {
        readonly error?: Error;
        readonly status: number | null;
        readonly signal: string | null;
    };
}

export interface NodeCrypto {
    createHash(name: "sha256"): {
        update(bytes: Uint8Array): {
            digest(encoding: "hex"): string;
        };
    };
}

export interface NodeOs {
    readonly constants: {
        readonly signals: Readonly<Record<string, number>>;
    };
}

export interface NodeVm {
    runInThisContext(code: string, options: {
        filename: string;
    }): unknown;
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

/** What the global object offers when the module runs in Node. */
export interface NodeGlobal {
    readonly process?: NodeProcess;
    readonly Buffer: {
        allocUnsafeSlow(size: number): NodeBuffer;
        from(text: string, encoding: "base64" | "utf8" | "latin1"): NodeBuffer;
        from(bytes: ArrayBufferLike, offset: number, length: number): NodeBuffer;
    };
    setTimeout(then: () => void, milliseconds: number): {
        unref(): void;
    };
    clearTimeout(timer: object): void;
}

/** V8's structured stack traces. */
export interface StackTraces {
    prepareStackTrace?: ((error: Error, sites: readonly CallSite[]) => unknown) | undefined;
    stackTraceLimit?: number;
}

export interface CallSite {
    getFileName(): string | null | undefined;
}
