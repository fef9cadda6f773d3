/**
 * What a generated payload module says, and what the generated class may ask for.
 */

/** Architectures a program can be built for, in Node's spelling. */
export type Arch = "arm64" | "x64";

/** One executable as it travels: as text inside a module (`base64`), or as a file beside it (`file`). */
export interface Program {
    /** SHA-256 of the executable, 64 lowercase hexadecimal digits. */
    readonly sha256: string;
    /** Size of the executable in bytes. */
    readonly size: number;
    /**
     * Holds the executable as base64 literals of 64 KiB. It is not called: the text is taken from the
     * function's source, so that the engine never builds the strings. Only where a bundler changed the
     * source beyond recognition is it called after all.
     */
    readonly base64?: () => readonly string[];
    /** Name of the file that is the executable, in the `trap/` folder. */
    readonly file?: string;
    /** What replaces the Node process by the executable; absent where the executable is never to replace it. */
    readonly stub?: Stub;
    /** What loads the executable into the Node process: present where it is no program but a library. */
    readonly addon?: Addon;
    /** True when the executable serves HTTP by itself, on the port that the variable `PORT` names. */
    readonly serves?: boolean;
}

/**
 * A shared object of about 3 KB for the same architecture: loaded into this process, it executes the program
 * that the variable `TRAP_EXEC` names. It travels as the program does: as base64 text, or as the name of a file
 * beside the program's.
 */
export type Stub = {
    readonly base64: string;
} | {
    readonly file: string;
};

/** A Node addon of about 26 KB for the same architecture, which travels as a stub does. */
export type Addon = Stub;

/** The user's program in every architecture that was built. */
export interface Payload {
    /** Name of the program, for messages. */
    readonly name: string;
    /** Operating system the programs were built for, in Node's spelling; `linux` when absent. */
    readonly system?: string;
    readonly programs: {
        readonly [arch in Arch]?: Program;
    };
}

/** How the program gets control: chosen at run time, or forced when the artifact was built. */
export type Takeover = "auto" | "exec" | Means | "spawn" | "library" | "bridge" | "port";

/** The two ways to replace this process: the payload's stub, or Node's own `process.execve`. */
export type Means = "exec:stub" | "exec:execve";

/** Choices made when the artifact was built. */
export interface Options {
    readonly takeover: Takeover;
    /** For a host that only starts a process: the variable that names the port to serve HTTP on. */
    readonly port?: string;
    /** The variable that tells how many seconds the host gives a request, where a host has one. */
    readonly timeout?: string;
}
