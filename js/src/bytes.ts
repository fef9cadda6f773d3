/**
 * Bytes and text.
 */

import type { NodeBufferModule } from "./node-server-types.js";
import type { NodeGlobal, NodeProcess } from "./node-types.js";

/** The text that bytes are in UTF-8; `undefined` when they are none. */
export function textOf(bytes: Uint8Array): string | undefined {
  const { process } = globalThis as unknown as NodeGlobal;
  const { isUtf8 } = (process as NodeProcess).getBuiltinModule?.("node:buffer") as NodeBufferModule;
  return isUtf8(bytes) ? viewOf(bytes).toString("utf8") : undefined;
}

export function base64Of(bytes: Uint8Array): string {
  return viewOf(bytes).toString("base64");
}

export function bytesOf(text: string, encoding: "utf8" | "base64" = "utf8"): Uint8Array {
  return (globalThis as unknown as NodeGlobal).Buffer.from(text, encoding);
}

/** The same bytes with Node's methods. */
export function viewOf(bytes: Uint8Array): ReturnType<NodeGlobal["Buffer"]["from"]> {
  return (globalThis as unknown as NodeGlobal).Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Pieces as one. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first;
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
