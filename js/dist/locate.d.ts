/**
 * Finds the file of a `file` payload: it lies in the `trap/` folder of the artifact, but bundlers move
 * the module that runs, so the folder is looked for around it.
 */
import type { Host } from "./host.js";
import type { Program } from "./payload-type.js";

/**
 * The path of the payload file, which has the right size.
 * Throws `TRAP_PAYLOAD_MISSING` or `TRAP_PAYLOAD_DAMAGED`, naming what was tried.
 */
export declare function locate(name: string, file: string, program: Program, host: Host): string;
