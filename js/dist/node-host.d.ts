import type { Host } from "./host.js";
/** The Node process this module runs in. Throws `TRAP_NODE_TOO_OLD` when it lacks what every start needs. */
export declare function nodeHost(): Host;
