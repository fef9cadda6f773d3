/**
 * Bytes and text.
 */

/** The text that bytes are in UTF-8; `undefined` when they are none. */
export function textOf(bytes) {
    const { process } = globalThis;
    const { isUtf8 } = process.getBuiltinModule?.("node:buffer");
    return isUtf8(bytes) ? viewOf(bytes).toString("utf8") : undefined;
}

export function base64Of(bytes) {
    return viewOf(bytes).toString("base64");
}

export function bytesOf(text, encoding = "utf8") {
    return globalThis.Buffer.from(text, encoding);
}

/** The same bytes with Node's methods. */
export function viewOf(bytes) {
    return globalThis.Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Pieces as one. */
export function joined(parts) {
    const [first] = parts;
    if (parts.length === 1 && first !== undefined)
        return first;
    const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
    let at = 0;
    for (const part of parts) {
        whole.set(part, at);
        at += part.length;
    }
    return whole;
}
