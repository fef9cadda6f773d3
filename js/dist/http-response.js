/**
 * What every host does with a response.
 */
import { joined } from "./bytes.js";

/** Headers of one connection, which say nothing about the response itself. */
const OF_THE_CONNECTION = ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

/** Whether a response's header is for whoever asked, and not the business of the host that sends it. */
export function isForCaller(name) {
    const lower = name.toLowerCase();
    // The host counts the body itself; a wrong count would break the connection.
    return lower !== "content-length" && !OF_THE_CONNECTION.includes(lower);
}

/** All of a body, waited for. Rejects when a streamed one breaks off. */
export async function wholeBody({ body }) {
    if (body instanceof Uint8Array)
        return body;
    const parts = [];
    for await (const part of body)
        parts.push(part);
    return joined(parts);
}
