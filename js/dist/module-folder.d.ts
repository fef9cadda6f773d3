/**
 * Where the running module lies, in ESM as in CommonJS and whatever bundler wrote it: `import.meta` and
 * `__dirname` each exist in one of the two only, V8's call sites know the file in both.
 */

/** The folder of the file this code runs from, or `undefined` when V8 does not name one. */
export declare function moduleFolder(): string | undefined;

/** A path from what V8 calls a file: a path, or a `file:` URL for an ES module. */
export declare function pathOfScript(name: string | undefined): string | undefined;
