/**
 * The little of Node's API that the bridge uses beside the trampoline, declared for the same reason.
 */
export {};
