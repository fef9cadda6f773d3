/**
 * Hands the process over to an installed program. Does not return.
 */
import type { Choice } from "./choose.js";
import type { Host } from "./host.js";
import type { Installed } from "./install.js";

/**
 * Throws `TRAP_PAYLOAD_DAMAGED` unless the file is a program for this machine. A failed `process.execve`
 * aborts Node before version 26 and cannot be caught, so what can be known is checked beforehand.
 */
export declare function requireProgram(path: string, host: Host): void;

/**
 * Gives the process to an installed program: its arguments are its own path alone. Takes the first of the chosen
 * takeovers that does not come back. Throws `TRAP_START_FAILED` when the system refuses the last one, and
 * `TRAP_EXEC_UNAVAILABLE` when that must not even be tried.
 */
export declare function handOver(choice: Choice, installed: Installed, host: Host, log: (text: string) => void): never;

/** Why Linux would refuse to pass the environment to a new program, and what to do; or `undefined`. */
export declare function environmentObstacle(env: Record<string, string>, host: Host): {
    what: string;
    advice: string;
} | undefined;

/** The name of a variable that Linux would refuse to pass on, or `undefined`. */
export declare function oversizedVariable(env: Record<string, string>): string | undefined;
