/**
 * Turns the base64 payload into bytes without evaluating it.
 *
 * A string literal of several megabytes costs a start most of its time when the engine has to build it.
 * So the literals stand in a function that nobody calls, and their text is taken from the function's
 * source, which is in memory anyway.
 */
import type { Output } from "./host.js";
import type { Program } from "./payload-type.js";

/** Where the text of a base64 payload was found. */
export type TextOrigin = "source text" | "evaluated";

/**
 * Writes the program behind `texts` to `output` and says where its text was found.
 * Throws `TRAP_PAYLOAD_DAMAGED` when neither the source nor the values give a program of the right size.
 */
export declare function decode(name: string, program: Program, texts: () => readonly string[], output: Output): TextOrigin;

/**
 * The string literals of the array that the function with this source returns, or `undefined` when
 * the source does not look like that. Bundlers choose the quotes, so the first literal tells them.
 */
export declare function literalsOf(source: string): readonly string[] | undefined;
