/**
 * The one error the trampoline throws: a stable code for programs, what happened and what to do for people.
 */

/** Every code, with the situation it stands for. Codes never change their meaning. */
export type TrapCode = 
/** The variable that names Lambda's Runtime API is not set: the host pushes events instead. */
"TRAP_NO_RUNTIME_API"
/** The program was built for another operating system than the host's. */
 | "TRAP_WRONG_SYSTEM"
/** The payload has no program for the host's architecture. */
 | "TRAP_WRONG_ARCH"
/** The Node of the host lacks something that cannot be replaced. */
 | "TRAP_NODE_TOO_OLD"
/** `exec` was chosen at build time and cannot work in this host. */
 | "TRAP_EXEC_UNAVAILABLE"
/** The payload carries no program, or the file that holds it is not there. */
 | "TRAP_PAYLOAD_MISSING"
/** The payload is there, but it is not the program that was built. */
 | "TRAP_PAYLOAD_DAMAGED"
/** No folder can hold the program and let it be executed. */
 | "TRAP_NO_FOLDER"
/** The system refused to start the program. */
 | "TRAP_START_FAILED"
/** A library was packaged, and this host cannot be given one. */
 | "TRAP_LIBRARY_UNAVAILABLE"
/** The library was gone when it was to be loaded. */
 | "TRAP_LIBRARY_MISSING"
/** The library was built for another architecture than the host's. */
 | "TRAP_LIBRARY_WRONG_ARCH"
/** The library needs a symbol, or a version of one, that the host does not have. */
 | "TRAP_LIBRARY_UNRESOLVED"
/** The library has no function `trap`. */
 | "TRAP_LIBRARY_NO_ENTRY"
/** The system refuses to load the library. */
 | "TRAP_LIBRARY_UNUSABLE"
/** A variable of the environment that the trampoline reads is not understood. */
 | "TRAP_SETTING"
/** Nothing can be served on the port that the host names. */
 | "TRAP_PORT"
/** The program ended instead of answering. */
 | "TRAP_PROGRAM_ENDED"
/** The program reported that it failed at the event. */
 | "TRAP_PROGRAM_ERROR"
/** The program's answer is none that the host could pass on. */
 | "TRAP_BAD_ANSWER"
/** The program did not answer in time, or none was free in time. */
 | "TRAP_DEADLINE"
/** As many requests as may wait for a program do so already. */
 | "TRAP_BUSY"
/** The host is ending and takes no more requests. */
 | "TRAP_STOPPING"
/** Something that should not happen. */
 | "TRAP_UNEXPECTED";
/** A failure before the hand-over. The message has two lines: what happened, and what to do about it. */
export declare class TrapError extends Error {
    readonly code: TrapCode;
    constructor(code: TrapCode, what: string, advice: string);
    /** What happened: the first line of the message. */
    get what(): string;
    /** What to do: the second line of the message, without `help:`. */
    get advice(): string;
}

/** Whether an error is one of ours: also of another copy of this module, which has a class of its own. */
export declare function isTrapError(error: unknown): error is TrapError;

/** The system's name of an error, for example `ENOSPC`. */
export declare function systemCode(error: unknown): string | undefined;

/** A failed system call in few words, for example `ENOSPC: no space left on device`. */
export declare function systemReason(error: unknown): string;
