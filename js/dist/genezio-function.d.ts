/**
 * For Genezio's functions where its host pushes.
 */
import type { Standby } from "./standby.js";

/** Answers a call of a function, which gets an event much like that of a function URL. */
export declare function genezioFunction(standby: Standby, event: unknown): Promise<object>;
