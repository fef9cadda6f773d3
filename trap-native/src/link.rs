//! How shared objects for Linux are linked with nothing installed but Rust.

use std::path::Path;

/// What a shared object may call in the process that loads it.
#[derive(Clone, Copy, Debug)]
pub enum Libraries<'a> {
    /// Symbols that the process has anyway, such as `environ`; no library is named. For `no_std` code.
    None,
    /// The C library and its companions, described by stub libraries in this folder: shared objects that define
    /// names and versions and nothing else. For code that uses Rust's standard library.
    Stubs(&'a Path),
}

/// For every shared object.
const ALWAYS: &[&str] = &[
    // Rust's own linker, which links for any machine on any machine.
    "-Clinker=rust-lld",
    "-Clinker-flavor=ld.lld",
    // musl targets link everything statically by default, and then a shared object is none.
    "-Ctarget-feature=-crt-static",
    // The C library's start-up files are for programs. Rust brings some for musl, and other systems' compilers theirs.
    "-Clink-self-contained=no",
    // Kernels for arm64 exist with pages of 4, 16 and 64 KiB; one file must fit all of them.
    "-Clink-arg=-zmax-page-size=65536",
    // The only table of symbols that a loader of today reads.
    "-Clink-arg=--hash-style=gnu",
    // Same input, same bytes: nothing that identifies the build.
    "-Clink-arg=--build-id=none",
];

/// For code so small that padding would be most of the file: what protects tables against being overwritten, and
/// what lets a debugger unwind, costs pages and says nothing about a constructor that runs once.
const SMALL: &[&str] =
    &["-Clink-arg=-znorelro", "-Clink-arg=-znoseparate-code", "-Clink-arg=--no-eh-frame-hdr"];

/// Arguments for `rustc` that link a `cdylib` for Linux with Rust's own linker: no C compiler, no C library and no
/// files of the target's system are needed.
///
/// They go behind those that say what is compiled (`--target`, `--crate-type`, the profile). With cargo they are
/// given by `CARGO_ENCODED_RUSTFLAGS`, separated by `\x1f`, together with `--target`, so that build scripts and
/// macros are linked as usual:
///
/// ```
/// use trap_native::{Libraries, shared_object};
///
/// let flags = shared_object(Libraries::Stubs("target/stub-libraries".as_ref()));
/// assert!(flags.contains(&"-Lnative=target/stub-libraries".to_owned()));
/// let _variable = ("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
/// ```
#[must_use]
pub fn shared_object(libraries: Libraries<'_>) -> Vec<String> {
    let mut arguments: Vec<String> = ALWAYS.iter().map(|&argument| argument.to_owned()).collect();
    match libraries {
        Libraries::None => arguments.extend(SMALL.iter().map(|&argument| argument.to_owned())),
        Libraries::Stubs(folder) => arguments.push(format!("-Lnative={}", folder.display())),
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_argument_is_two() {
        for libraries in [Libraries::None, Libraries::Stubs("a folder".as_ref())] {
            for argument in shared_object(libraries) {
                assert!(argument.starts_with("-C") || argument.starts_with("-Lnative="), "{argument}");
                assert!(!argument.contains('\x1f'), "{argument}");
            }
        }
    }

    #[test]
    fn protection_is_given_up_only_where_there_is_nothing_to_protect() {
        let with = shared_object(Libraries::Stubs("stubs".as_ref()));
        assert!(!with.iter().any(|argument| argument.contains("norelro")), "{with:?}");
        assert!(shared_object(Libraries::None).contains(&"-Clink-arg=-znorelro".to_owned()));
    }
}
