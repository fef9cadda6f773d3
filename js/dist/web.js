/**
 * For hosts that call with a `Request` and want a `Response`, as browsers know them: Netlify's functions.
 */
import { isForCaller } from "./http-response.js";

/** A handler for such hosts. */
export function webHandler(standby) {
    return async (request, context) => webResponseOf(await standby.http(await requestOfWeb(request, context), context));
}

async function requestOfWeb(request, context) {
    const [, path = "/", query = ""] = /^[a-z]+:\/\/[^/?#]*([^?#]*)\??([^#]*)/i.exec(request.url) ?? [];
    return {
        method: request.method,
        path: path === "" ? "/" : path,
        query,
        headers: request.headers,
        body: new Uint8Array(await request.arrayBuffer()),
        sourceIp: typeof context?.ip === "string" ? context.ip : undefined,
    };
}

function webResponseOf(answer) {
    const { Response, Headers, ReadableStream } = globalThis;
    const headers = new Headers();
    for (const [name, value] of answer.headers)
        if (isForCaller(name))
            headers.append(name, value);
    const { status, body } = answer;
    if (body instanceof Uint8Array) {
        // An empty body and none are told apart: after an empty one some hosts would send no headers either.
        const hasBody = body.length > 0 && ![204, 205, 304].includes(status);
        return new Response(hasBody ? body : null, { status, headers });
    }
    const iterator = body[Symbol.asyncIterator]();
    const stream = new ReadableStream({
        async pull(controller) {
            const next = await iterator.next();
            if (next.done === true)
                controller.close();
            else
                controller.enqueue(next.value);
        },
        cancel: () => iterator.return?.(),
    });
    return new Response(stream, { status, headers });
}
