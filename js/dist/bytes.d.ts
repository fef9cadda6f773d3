/**
 * Bytes and text.
 */
import type { NodeGlobal } from "./node-types.js";

/** The text that bytes are in UTF-8; `undefined` when they are none. */
export declare function textOf(bytes: Uint8Array): string | undefined;
export declare function base64Of(bytes: Uint8Array): string;
export declare function bytesOf(text: string, encoding?: "utf8" | "base64"): Uint8Array;

/** The same bytes with Node's methods. */
export declare function viewOf(bytes: Uint8Array): ReturnType<NodeGlobal["Buffer"]["from"]>;

/** Pieces as one. */
export declare function joined(parts: readonly Uint8Array[]): Uint8Array;
