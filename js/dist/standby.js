/**
 * What the modules of a platform and the trampoline know of each other where Node stays.
 */
export {};
