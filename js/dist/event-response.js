/**
 * HTTP responses as hosts of events take them.
 */
import { base64Of, textOf } from "./bytes.js";
import { isForCaller, wholeBody } from "./http-response.js";

/** All of a response in that shape, cookies apart. Rejects when a streamed one breaks off. */
export async function eventResponse(response) {
    const body = await wholeBody(response);
    const headers = {};
    const cookies = [];
    for (const [name, value] of response.headers) {
        const lower = name.toLowerCase();
        if (lower === "set-cookie")
            cookies.push(value);
        // Several values of one name are one value, for all but cookies.
        else if (isForCaller(name))
            headers[lower] = headers[lower] === undefined ? value : `${headers[lower]}, ${value}`;
    }
    const readable = textOf(body);
    return {
        statusCode: response.status,
        headers,
        cookies,
        body: readable ?? base64Of(body),
        isBase64Encoded: readable === undefined,
    };
}
