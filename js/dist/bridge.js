/**
 * Serves a program where the host pushes events instead of polling for them: the program is a child, this
 * module its Runtime API, and every call of the host an event of that.
 */
import { bytesOf, textOf } from "./bytes.js";
import { TrapError, isTrapError } from "./errors.js";
import { eventResponse } from "./event-response.js";
import { NoResponse, eventOf, isObject, responseOf, streamedResponse } from "./http-event.js";
import { bridgeHost } from "./node-bridge.js";
import { Pool } from "./pool.js";

/** Without a word from the host a request may take as long as Lambda's longest, in milliseconds. */
const LONGEST = 900_000;

/** As many programs as requests at once, and as many requests more as may wait, unless the environment says otherwise. */
const PROGRAMS = 16;
const WAITING = 1000;

/** What a program reads to know its surroundings; some runtimes do not start without. */
const SURROUNDINGS = {
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "128",
    AWS_LAMBDA_LOG_GROUP_NAME: "trap",
    AWS_LAMBDA_LOG_STREAM_NAME: "trap",
};

/** HTTP statuses for errors; others are 500. */
const STATUS = {
    TRAP_PROGRAM_ENDED: 502,
    TRAP_PROGRAM_ERROR: 502,
    TRAP_BAD_ANSWER: 502,
    TRAP_BUSY: 503,
    TRAP_STOPPING: 503,
    TRAP_DEADLINE: 504,
};

/** Feeds a program. Throws `TRAP_SETTING` when a variable that it reads is not understood. */
export const bridge = (program, host) => new Bridge(program, host, bridgeHost());
export class Bridge {
    #name;
    #host;
    #effects;
    #pool;
    /** Milliseconds for a request where the host does not say. */
    #time;
    /** Throws `TRAP_SETTING`. */
    constructor({ name, place, stamp, timeout }, host, effects) {
        this.#name = name;
        this.#host = host;
        this.#effects = effects;
        // 0 is the host's word for no limit.
        const isLimited = timeout !== undefined && host.variable(timeout) !== "0";
        const seconds = isLimited ? setting(host, timeout, LONGEST / 1000) : LONGEST / 1000;
        this.#time = 1000 * setting(host, "TRAP_TIMEOUT", seconds);
        const limits = {
            programs: setting(host, "TRAP_PROGRAMS", PROGRAMS),
            waiting: setting(host, "TRAP_WAITING", WAITING),
        };
        this.#pool = new Pool(name, () => ({ path: place(), env: environment(name, host) }), limits, effects, stamp);
        this.#pool.warm();
    }
    async handle(event, context) {
        try {
            const answer = await this.#run(JSON.stringify(event) ?? "null", context);
            if (answer.kind === "streamed") {
                return await eventResponse(await this.#response(answer));
            }
            return valueOf(textOf(answer.body));
        }
        catch (error) {
            throw this.#reported(error);
        }
    }
    async http(request, context) {
        try {
            const id = requestId(context) ?? this.#effects.uuid();
            const event = eventOf(request, id, this.#effects.now());
            return await this.#response(await this.#run(JSON.stringify(event), context, id));
        }
        catch (error) {
            const reported = this.#reported(error);
            return failure(reported);
        }
    }
    #response(answer) {
        if (answer.kind === "streamed")
            return streamedResponse(answer.type, answer.pieces);
        return responseOf(answer.body);
    }
    /** Lets a program answer. Rejects with a {@link TrapError}, or with the error that the program reports. */
    async #run(event, context, id = requestId(context) ?? this.#effects.uuid()) {
        const job = {
            id,
            event,
            deadline: this.#effects.now() + (remaining(context) ?? this.#time),
            headers: headersFor(this.#name, context, this.#host),
        };
        const answer = await this.#pool.run(job);
        if (answer.kind === "error")
            throw new ProgramError(textOf(answer.body));
        return answer;
    }
    /** An error as the host gets it, after it was logged. */
    #reported(error) {
        const known = error instanceof NoResponse ? badAnswer(this.#name, error) : error;
        const reported = known instanceof Error ? known : new Error(String(known));
        const code = isTrapError(reported) ? ` [${reported.code}]` : "";
        this.#host.log(`trap: ${this.#name}:${code} ${isTrapError(reported) ? reported.what : `${reported.name}: ${reported.message}`}`);
        return reported;
    }
}

/** What a program reports of an event that it could not handle, as Lambda passes it on. */
export class ProgramError extends Error {
    constructor(text) {
        let report;
        try {
            report = JSON.parse(text ?? "");
        }
        catch {
            // Whatever it is, people can read it.
        }
        const { errorType, errorMessage } = isObject(report) ? report : { errorType: undefined, errorMessage: undefined };
        super(typeof errorMessage === "string" ? errorMessage : (text ?? "it is no text"));
        this.name = typeof errorType === "string" ? errorType : "Unhandled";
        // The place in our own code says nothing about the program's error.
        this.stack = `${this.name}: ${this.message}`;
    }
}

/** The response for an error: its status and a sentence; what else there is to know stands in the log. */
export function failure(error) {
    const code = isTrapError(error) ? error.code : "TRAP_PROGRAM_ERROR";
    const status = STATUS[code] ?? 500;
    // What names paths and settings is for the log alone.
    const isPublic = isTrapError(error) && status !== 500;
    const what = isPublic ? error.what : "the request could not be answered; the log of the host says why";
    return { status, headers: [["content-type", "text/plain; charset=utf-8"]], body: bytesOf(`${code}: ${what}\n`) };
}

/** What a buffered answer says. Throws {@link NoResponse}. */
function valueOf(text) {
    if (text === "")
        return undefined;
    try {
        return JSON.parse(text ?? "");
    }
    catch {
        throw new NoResponse("it is not JSON");
    }
}

function badAnswer(name, error) {
    return new TrapError("TRAP_BAD_ANSWER", `the answer of \`${name}\` cannot be passed on: ${error.message}`, "answer in the shape that a Lambda function URL takes, as lambda_http does");
}

/** What the program is started with, but for the address of its Runtime API. */
function environment(name, host) {
    const env = host.env();
    // Each program is given one event at a time; more programs answer more.
    delete env["AWS_LAMBDA_MAX_CONCURRENCY"];
    return {
        ...SURROUNDINGS,
        AWS_LAMBDA_FUNCTION_NAME: name,
        ...env,
        // A snapshot is the host's business; the program of a bridge starts like any other.
        AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    };
}

/** A whole number of 1 or more from the environment. Throws `TRAP_SETTING`. */
function setting(host, name, otherwise) {
    const text = host.variable(name);
    if (text === undefined || text === "")
        return otherwise;
    const value = Number(text);
    if (Number.isInteger(value) && value >= 1)
        return value;
    throw new TrapError("TRAP_SETTING", `${name} is \`${text}\``, `set ${name} to a whole number of 1 or more, or unset it`);
}

function contextOf(context) {
    return typeof context === "object" && context !== null ? context : {};
}

/** The host's id of a request, where it can stand in a path. */
function requestId(context) {
    const { awsRequestId } = contextOf(context);
    return typeof awsRequestId === "string" && /^[\w-]{1,128}$/.test(awsRequestId) ? awsRequestId : undefined;
}

/** Milliseconds the host leaves for a request, where it says. */
function remaining(context) {
    const { getRemainingTimeInMillis } = contextOf(context);
    if (typeof getRemainingTimeInMillis !== "function")
        return undefined;
    const time = getRemainingTimeInMillis.call(context);
    return typeof time === "number" && Number.isFinite(time) ? time : undefined;
}

/** What stands beside an event: where the host does not say, what no AWS account has. */
function headersFor(name, context, host) {
    const { invokedFunctionArn, clientContext, identity } = contextOf(context);
    const headers = {
        "lambda-runtime-invoked-function-arn": printable(invokedFunctionArn) ?? `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
    };
    const traceId = printable(host.variable("_X_AMZN_TRACE_ID"));
    if (traceId !== undefined)
        headers["lambda-runtime-trace-id"] = traceId;
    const json = (value) => (isObject(value) ? printable(JSON.stringify(value)) : undefined);
    const client = json(clientContext);
    if (client !== undefined)
        headers["lambda-runtime-client-context"] = client;
    const cognito = json(identity);
    if (cognito !== undefined)
        headers["lambda-runtime-cognito-identity"] = cognito;
    return headers;
}

/** The text if a header can carry it. */
function printable(value) {
    return typeof value === "string" && /^[\x20-\x7e]+$/.test(value) ? value : undefined;
}
