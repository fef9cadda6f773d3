/**
 * The bridge in a file of its own: a start that hands the process over is 1 ms shorter without its text.
 */
import type { Bridging } from "./standby.js";

/** A bridge that is loaded when it is wanted, at once then: its program starts as early as it can. */
export declare function lazily(load: () => Promise<{
    bridge: Bridging;
}>): Bridging;
