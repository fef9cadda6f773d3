/**
 * The one error the trampoline throws: a stable code for programs, what happened and what to do for people.
 */

/** Stands between what happened and what to do in a message. */
const ADVICE = "\nhelp: ";

/** A failure before the hand-over. The message has two lines: what happened, and what to do about it. */
export class TrapError extends Error {
    code;
    constructor(code, what, advice) {
        super(what + ADVICE + advice);
        this.name = "TrapError";
        this.code = code;
        // Logs show the stack and often nothing else, and minifiers rename classes: write both into it.
        const frames = (this.stack ?? "").split("\n").filter((line) => line.startsWith("    at "));
        this.stack = [`TrapError [${code}]: ${this.message}`, ...frames].join("\n");
    }
    /** What happened: the first line of the message. */
    get what() {
        return this.message.slice(0, this.message.indexOf(ADVICE));
    }
    /** What to do: the second line of the message, without `help:`. */
    get advice() {
        return this.message.slice(this.message.indexOf(ADVICE) + ADVICE.length);
    }
}

/** Whether an error is one of ours: also of another copy of this module, which has a class of its own. */
export function isTrapError(error) {
    return error instanceof Error && error.code?.toString().startsWith("TRAP_") === true;
}

/** The system's name of an error, for example `ENOSPC`. */
export function systemCode(error) {
    return error instanceof Error ? error.code : undefined;
}

/** A failed system call in few words, for example `ENOSPC: no space left on device`. */
export function systemReason(error) {
    const text = error instanceof Error ? error.message : String(error);
    return text.split(",", 1)[0] ?? text;
}
