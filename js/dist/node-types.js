/**
 * The little of Node's API that the trampoline uses, declared here so that the emitted files type-check
 * without `@types/node` as well as with any version of it.
 */
export {};
