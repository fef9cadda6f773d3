/**
 * For hosts that call with Node's own request and response: Google's Functions Framework, Firebase, Express.
 */
import { bytesOf, joined, viewOf } from "./bytes.js";
import { isForCaller } from "./http-response.js";

/** A handler for such hosts. A body of more than `limit` bytes that nobody has read yet is refused with 413. */
export function nodeHandler(standby, limit = Infinity) {
    return async (request, response) => {
        let body;
        try {
            body = await readBody(request, limit);
        }
        catch {
            // It broke off: nobody waits for an answer.
            return response.destroy();
        }
        const asked = body === undefined ? Promise.resolve(tooLarge(limit)) : standby.http(requestOfNode(request, body));
        await send(await asked.catch(unanswered), request.method, response);
    };
}

function requestOfNode(request, body) {
    const url = request.originalUrl ?? request.url ?? "/";
    const end = url.indexOf("?");
    // Proxies ask with the whole address.
    const path = (end < 0 ? url : url.slice(0, end)).replace(/^[a-z]+:\/\/[^/]*/i, "");
    const headers = [];
    for (let at = 0; at + 1 < request.rawHeaders.length; at += 2) {
        headers.push([request.rawHeaders[at] ?? "", headerText(request.rawHeaders[at + 1] ?? "")]);
    }
    return {
        method: request.method ?? "GET",
        path: path.startsWith("/") ? path : `/${path}`,
        query: end < 0 ? "" : url.slice(end + 1),
        headers,
        body,
        // The connection's other end. What forwarding headers say anybody could have written.
        sourceIp: request.socket.remoteAddress,
        protocol: `HTTP/${request.httpVersion}`,
    };
}

/** The body, or `undefined` when it is too large. Rejects when it breaks off. */
function readBody(request, limit) {
    if (request.rawBody instanceof Uint8Array)
        return Promise.resolve(request.rawBody);
    return new Promise((resolve, reject) => {
        const parts = [];
        let length = 0;
        request.on("data", (part) => {
            length += part.length;
            if (length <= limit)
                parts.push(part);
        });
        request.on("end", () => resolve(length <= limit ? joined(parts) : undefined));
        request.on("error", reject);
        // Somebody else has read it and kept nothing.
        if (request.complete && length === 0 && request.destroyed)
            resolve(new Uint8Array(0));
    });
}

function tooLarge(limit) {
    return plain(413, `the body of the request is larger than ${limit} bytes\n`);
}

/** For what nobody fed: an error here would end the host. */
function unanswered(error) {
    return plain(500, `${error.code ?? error.name}: the request could not be answered\n`);
}

function plain(status, text) {
    return { status, headers: [["content-type", "text/plain; charset=utf-8"]], body: bytesOf(text) };
}

/** Sends a response. Where it breaks off, so does the connection. */
async function send(answer, method, response) {
    const headers = Object.create(null);
    for (const [name, value] of answer.headers) {
        // There is no body to count for HEAD: the program says how long that of GET would be.
        const isKept = isForCaller(name) || (method === "HEAD" && name.toLowerCase() === "content-length");
        if (isKept)
            (headers[name.toLowerCase()] ??= []).push(sentAs(value));
    }
    const { body } = answer;
    if (body instanceof Uint8Array) {
        const isEmpty = method === "HEAD" || answer.status === 204 || answer.status === 304;
        if (!isEmpty)
            headers["content-length"] = [String(body.length)];
        response.writeHead(answer.status, headers);
        response.end(isEmpty ? undefined : body);
        return;
    }
    try {
        response.writeHead(answer.status, headers);
        for await (const part of body) {
            if (response.destroyed)
                return;
            if (!response.write(part))
                await drained(response);
        }
        response.end();
    }
    catch {
        // Who asked must not take a part for the whole; why it broke off stands in the log.
        response.destroy();
    }
}

function drained(response) {
    return new Promise((resolve) => {
        const go = () => {
            response.removeListener("drain", go);
            response.removeListener("close", go);
            resolve();
        };
        response.on("drain", go);
        response.on("close", go);
    });
}

/** Node reads header bytes as Latin-1; where they are UTF-8, that is what was meant. */
function headerText(value) {
    if (!/[\x80-\xff]/.test(value))
        return value;
    const { Buffer } = globalThis;
    const text = Buffer.from(value, "latin1").toString("utf8");
    return text.includes("\ufffd") ? value : text;
}

/** Node writes header bytes as Latin-1; what does not fit into that is sent as UTF-8. */
function sentAs(value) {
    if (!/[^\x00-\xff]/.test(value))
        return value;
    return viewOf(bytesOf(value)).toString("latin1");
}
