// What the addon of cargo-trap exports; written by `cargo xtask generate` from `trap-native/addon/src/lib.rs`.

/**
 * Loads the shared library at `path` into this process and calls its symbol `trap`, which takes nothing and
 * returns a C `int`. Does not return while the library polls for events; then returns what `trap` returned.
 *
 * Standard streams that Node made non-blocking, or that would close in a child process, are made what they were
 * before Node for as long as the library runs, and SIGINT and SIGTERM end the process unless the library listens
 * to them. A library is never unloaded again. Where it ends the process, by an abort or by `exit`, the host ends
 * with it.
 *
 * Throws an `Error` whose `code` is
 * * `TRAP_LIBRARY_MISSING`: there is no file at `path`;
 * * `TRAP_LIBRARY_WRONG_ARCH`: the library was built for another machine than this host's;
 * * `TRAP_LIBRARY_UNRESOLVED`: the library needs a symbol, or a version of one, that this host does not have;
 * * `TRAP_LIBRARY_NO_ENTRY`: the library has no symbol `trap`;
 * * `TRAP_LIBRARY_UNUSABLE`: the system refuses to load the file for another reason, which the message tells.
 *
 * @param path the library; one without a slash is looked for in the current folder
 * @returns the status that `trap` returned
 */
export declare function trap(path: string): number;

/**
 * Replaces this process by the program at `path`, as `execve(2)` does: the process id stays, and so do the open
 * standard streams. The program finds signals and streams as a new process expects them, whatever Node made of
 * them for itself.
 *
 * Returns only by throwing, and then nothing has changed. The `Error` has the system's name of what went wrong as
 * its `code`, for example `ENOENT`, and `errno`, `syscall` and `path` as Node's own errors have them. In a worker
 * thread, whose host would end without a word, its `code` is `ERR_WORKER_UNSUPPORTED_OPERATION`.
 *
 * @param path the program; it is not looked for in `PATH`
 * @param argv the program's arguments, the first of which is its own name
 * @param env the program's environment, all of it
 */
export declare function exec(path: string, argv: readonly string[], env: Readonly<Record<string, string>>): never;
