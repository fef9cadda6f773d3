/**
 * What adapters of hosts with events of their own share: reading what comes from outside.
 */
import { bytesOf } from "./bytes.js";
import { isObject } from "./http-event.js";

/** A field of an event that should be an object; empty where it is none. */
export function fields(value) {
    return isObject(value) ? value : {};
}

/** A field of an event that should be text; empty where it is none. */
export function text(value) {
    return typeof value === "string" ? value : "";
}

/** Headers from maps of names to values or lists of values. Of a name that both have, only the lists count. */
export function headersIn(single, multiple) {
    const headers = [];
    const lists = fields(multiple);
    for (const [name, value] of Object.entries({ ...fields(single), ...lists })) {
        for (const one of Array.isArray(value) ? value : [value])
            if (typeof one === "string")
                headers.push([name, one]);
    }
    return headers;
}

/** A query from maps of decoded names to values or lists of values. */
export function queryIn(single, multiple) {
    return [...headersIn(single, multiple)]
        .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
        .join("&");
}

/** The bytes of a body in an event. */
export function bodyIn(body, isBase64) {
    if (body instanceof Uint8Array)
        return body;
    if (body === undefined || body === null)
        return new Uint8Array(0);
    return bytesOf(typeof body === "string" ? body : JSON.stringify(body), isBase64 === true ? "base64" : "utf8");
}
