/**
 * The real host. The only module that reaches for Node's builtin modules; it takes them from
 * `process.getBuiltinModule` when they are needed, because importing `node:fs` alone costs a start
 * 1 to 3 ms, and CommonJS and ES modules import differently.
 */
import type { Host } from "./host.js";

/** The Node process this module runs in. Throws `TRAP_NODE_TOO_OLD` when it lacks what every start needs. */
export declare function nodeHost(): Host;
