/**
 * Turns the base64 payload into bytes without evaluating it.
 *
 * A string literal of several megabytes costs a start most of its time when the engine has to build it.
 * So the literals stand in a function that nobody calls, and their text is taken from the function's
 * source, which is in memory anyway.
 */

import { TrapError } from "./errors.js";
import type { Output } from "./host.js";
import type { Program } from "./payload-type.js";

/** Where the text of a base64 payload was found. */
export type TextOrigin = "source text" | "evaluated";

/** Characters decoded at once: a multiple of 4, as base64 wants it. */
const CHUNK = 65536;

/** Every ELF file starts with these four characters when it is written as base64. */
const ELF_START = "f0VM";

/**
 * Writes the program behind `texts` to `output` and says where its text was found.
 * Throws `TRAP_PAYLOAD_DAMAGED` when neither the source nor the values give a program of the right size.
 */
export function decode(
  name: string,
  program: Program,
  texts: () => readonly string[],
  output: Output,
): TextOrigin {
  const source = literalsOf(Function.prototype.toString.call(texts));
  if (source !== undefined && decodeLiterals(source, program.size, output)) return "source text";

  output.restart();
  if (decodeLiterals(texts(), program.size, output)) return "evaluated";
  throw new TrapError(
    "TRAP_PAYLOAD_DAMAGED",
    `the payload of \`${name}\` is damaged: its base64 text does not give ${program.size} bytes`,
    "build the artifact again with `cargo trap build`, and deploy it without changing its payload module",
  );
}

/**
 * The string literals of the array that the function with this source returns, or `undefined` when
 * the source does not look like that. Bundlers choose the quotes, so the first literal tells them.
 */
export function literalsOf(source: string): readonly string[] | undefined {
  const start = source.indexOf(ELF_START);
  const quote = source.charAt(start - 1);
  if (quote !== '"' && quote !== "'" && quote !== "`") return undefined;
  // Literals and what stands between them, in turn; one call for all of them is what costs least.
  const parts = source.slice(start).split(quote);
  const literals: string[] = [];
  for (let at = 1; at < parts.length; at += 2) {
    literals.push(parts[at - 1] ?? "");
    const between = (parts[at] ?? "").trim();
    if (between !== ",") return /^,?\s*\]/.test(between) ? literals : undefined;
  }
  return undefined;
}

/** Decodes all literals into `output`; `false` as soon as they cannot be a program of `size` bytes. */
function decodeLiterals(literals: readonly string[], size: number, output: Output): boolean {
  let bytes = 0;
  if (literals[0]?.startsWith?.(ELF_START) !== true) return false;
  for (const literal of literals) {
    if (typeof literal !== "string" || literal.length % 4 !== 0) return false;
    for (let at = 0; at < literal.length; at += CHUNK) {
      const text = literal.length <= CHUNK ? literal : literal.slice(at, at + CHUNK);
      const decoded = output.appendBase64(text);
      // Node skips characters that are not base64, so fewer bytes mean a wrong alphabet.
      if (decoded !== decodedLength(text)) return false;
      bytes += decoded;
      if (bytes > size) return false;
    }
  }
  return bytes === size;
}

/** Bytes that base64 text stands for; its length is a multiple of 4. */
function decodedLength(text: string): number {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return (text.length / 4) * 3 - padding;
}
