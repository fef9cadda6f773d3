/**
 * Puts a program on disk, named by its content, where this process can execute it.
 *
 * Nothing is executed that was not written completely: the program is written under a temporary name,
 * closed, and renamed. A second start reuses the file after it has looked at it; two starts at once each
 * write their own and the later rename wins, which changes nothing because both are the same.
 */
import type { Host, Output, StubPlace } from "./host.js";
import type { Program } from "./payload-type.js";

/** Writes the program to a file that does not exist yet and returns a word on where it came from. */
export type Writer = (temporary: string) => string;

/** Where a program is, and what it took to get it there. */
export interface Installed {
    readonly path: string;
    /** What replaces this process by the program, where the payload brings it. */
    readonly stub?: StubPlace | undefined;
    /** What loads it into this process, where it is a library. */
    readonly addon?: StubPlace | undefined;
    /** For people, for example `payload: source text`. */
    readonly origin: string;
    /** Folders that were tried before, each with the reason it could not be used. */
    readonly skipped: readonly string[];
}

/** Folders to try, best first. */
export declare function installFolders(asked: string | undefined): readonly string[];

/**
 * Installs the program in the first folder that can hold and execute it, or finds it there.
 * Throws `TRAP_NO_FOLDER`, which names every folder with its reason, and `TRAP_PAYLOAD_DAMAGED`.
 */
export declare function install(name: string, program: Program, write: Writer, verify: boolean, host: Host): Installed;

/** Throws `TRAP_PAYLOAD_DAMAGED` unless the file has the hash of the program that was built. */
export declare function requireHash(path: string, name: string, program: Program, host: Host): void;

/** A writer for a base64 payload: `decode` fills the new file. */
export declare function newFile(host: Host, fill: (output: Output) => string): Writer;

/** A writer for a file payload that cannot be executed where it lies. */
export declare function copyOf(file: string, host: Host): Writer;
