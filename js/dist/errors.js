/**
 * The one error the trampoline throws: a stable code for programs, what happened and what to do for people.
 */
/** A failure before the hand-over. The message has two lines: what happened, and what to do about it. */
export class TrapError extends Error {
    code;
    /** What happened: the first part of the message. */
    what;
    /** What to do: the second part of the message. */
    advice;
    constructor(code, what, advice) {
        super(`${what}\nhelp: ${advice}`);
        this.name = "TrapError";
        this.code = code;
        this.what = what;
        this.advice = advice;
        // Logs show the stack and often nothing else, and minifiers rename classes: write both into it.
        const frames = (this.stack ?? "").split("\n").filter((line) => line.startsWith("    at "));
        this.stack = [`TrapError [${code}]: ${this.message}`, ...frames].join("\n");
    }
}
/** A failed system call in few words, for example `ENOSPC: no space left on device`. */
export function systemReason(error) {
    const text = error instanceof Error ? error.message : String(error);
    return text.split(",", 1)[0] ?? text;
}
