//! The addon: what a Node.js host loads to give its process to Rust, by `trap` or by `exec`.
//!
//! It is written in Rust without the standard library, which alone would be 250 KB of it. What it needs, it takes from
//! the process that loads it: Node's own interface, and five functions of the C library. There are no dependencies, so
//! building it needs no network.
//!
//! Here is its surface: what JavaScript sees, and the table from which `index.d.ts` is made.

#![no_std]
#![deny(warnings, missing_docs, unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]

extern crate alloc;

#[macro_use]
mod exports;
mod elf;
mod exec;
mod failure;
mod library;
mod memory;
mod node;
mod node_api;
#[path = "../../stub/process.rs"]
mod process;
mod system;
mod value;
mod words;

use value::{Environment, Never, Text, Texts};

exports! {
    /// Loads the shared library at `path` into this process and calls its symbol `trap`, which takes nothing and
    /// returns a C `int`. Does not return while the library polls for events; then returns what `trap` returned.
    ///
    /// Standard streams that Node made non-blocking, or that would close in a child process, are made what they were
    /// before Node for as long as the library runs, and SIGINT and SIGTERM end the process unless the library listens
    /// to them. A library is never unloaded again. Where it ends the process, by an abort or by `exit`, the host ends
    /// with it.
    ///
    /// Throws an `Error` whose `code` is
    /// * `TRAP_LIBRARY_MISSING`: there is no file at `path`;
    /// * `TRAP_LIBRARY_WRONG_ARCH`: the library was built for another machine than this host's;
    /// * `TRAP_LIBRARY_UNRESOLVED`: the library needs a symbol, or a version of one, that this host does not have;
    /// * `TRAP_LIBRARY_NO_ENTRY`: the library has no symbol `trap`;
    /// * `TRAP_LIBRARY_UNUSABLE`: the system refuses to load the file for another reason, which the message tells.
    ///
    /// @param path the library; one without a slash is looked for in the current folder
    /// @returns the status that `trap` returned
    fn trap(path: Text) -> i32 = library::trap;

    /// Replaces this process by the program at `path`, as `execve(2)` does: the process id stays, and so do the open
    /// standard streams. The program finds signals and streams as a new process expects them, whatever Node made of
    /// them for itself.
    ///
    /// Returns only by throwing, and then nothing has changed. The `Error` has the system's name of what went wrong as
    /// its `code`, for example `ENOENT`, and `errno`, `syscall` and `path` as Node's own errors have them. In a worker
    /// thread, whose host would end without a word, its `code` is `ERR_WORKER_UNSUPPORTED_OPERATION`.
    ///
    /// @param path the program; it is not looked for in `PATH`
    /// @param argv the program's arguments, the first of which is its own name
    /// @param env the program's environment, all of it
    fn exec(path: Text, argv: Texts, env: Environment) -> Never = exec::exec;
}
