/**
 * The effects the trampoline needs. `nodeHost()` is the real one; tests pass a table.
 * Methods throw the system's own errors (`error.code` is `"ENOSPC"` and the like) unless they say otherwise.
 */
export {};
