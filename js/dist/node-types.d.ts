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

export interface NodeChildProcess {
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

/** What the global object offers when the module runs in Node. */
export interface NodeGlobal {
    readonly process?: NodeProcess;
    readonly Buffer: {
        allocUnsafeSlow(size: number): NodeBuffer;
        byteLength(text: string): number;
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
