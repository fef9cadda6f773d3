/**
 * Reads as much of an ELF header as it takes to know which machine a program is for.
 */

/** Bytes of the header that {@link elfMachine} looks at. */
export declare const ELF_HEAD_LENGTH = 20;

/** The machine a program is for in Node's spelling, or words that say what it is instead. */
export declare function elfMachine(head: Uint8Array): string;
