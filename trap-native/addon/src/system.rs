//! Calls of the system beyond those that replace a process, and its errors by name.

use alloc::string::String;
use core::ffi::CStr;

use crate::process::kernel::call;
use crate::words::{decimal, join};

/// System calls of x86-64: <https://github.com/torvalds/linux/blob/v6.12/arch/x86/entry/syscalls/syscall_64.tbl>
#[cfg(target_arch = "x86_64")]
mod numbers {
    pub const READ: usize = 0;
    pub const CLOSE: usize = 3;
    pub const GETPID: usize = 39;
    pub const GETTID: usize = 186;
    pub const OPENAT: usize = 257;
}

/// System calls of arm64: <https://github.com/torvalds/linux/blob/v6.12/include/uapi/asm-generic/unistd.h>
#[cfg(target_arch = "aarch64")]
mod numbers {
    pub const OPENAT: usize = 56;
    pub const CLOSE: usize = 57;
    pub const READ: usize = 63;
    pub const GETPID: usize = 172;
    pub const GETTID: usize = 178;
}

/// Stands for the current folder.
const AT_FDCWD: isize = -100;
/// What is opened must not wait for somebody at its other end, and must not be left to a child process.
const O_NONBLOCK_CLOEXEC: usize = 0o2_004_000;

/// True on the thread that the process began with.
pub fn is_main_thread() -> bool {
    // SAFETY: no memory is touched.
    let thread = unsafe { call(numbers::GETTID, [0; 4]) };
    // SAFETY: as above.
    thread == unsafe { call(numbers::GETPID, [0; 4]) }
}

/// The first bytes of a file, as many as there is room for, and how many that are.
///
/// # Errors
/// The system's number of what went wrong.
pub fn head<const ROOM: usize>(path: &CStr) -> Result<([u8; ROOM], usize), i32> {
    let (folder, path) = (AT_FDCWD.cast_unsigned(), path.as_ptr().expose_provenance());
    // SAFETY: the path has a final zero.
    let file = result(unsafe { call(numbers::OPENAT, [folder, path, O_NONBLOCK_CLOEXEC, 0]) })?;
    let mut bytes = [0; ROOM];
    let mut filled = 0;
    let read = loop {
        let rest = &mut bytes[filled..];
        // SAFETY: there is room for that many bytes.
        let read =
            unsafe { call(numbers::READ, [file, rest.as_mut_ptr().expose_provenance(), rest.len(), 0]) };
        match result(read) {
            Ok(0) => break Ok(()),
            Ok(more) => filled += more.min(ROOM - filled),
            Err(error) => break Err(error),
        }
    };
    // SAFETY: it is ours.
    unsafe { call(numbers::CLOSE, [file, 0, 0, 0]) };
    read.map(|()| (bytes, filled))
}

/// What the kernel returns, errors told apart.
fn result(returned: isize) -> Result<usize, i32> {
    usize::try_from(returned).map_err(|_| i32::try_from(-returned).unwrap_or(i32::MAX))
}

/// Errors of opening, reading and executing, each with its name and Node's words for it.
const ERRORS: [(i32, &str, &str); 20] = [
    (1, "EPERM", "operation not permitted"),
    (2, "ENOENT", "no such file or directory"),
    (5, "EIO", "i/o error"),
    (7, "E2BIG", "argument list too long"),
    (8, "ENOEXEC", "exec format error"),
    (11, "EAGAIN", "resource temporarily unavailable"),
    (12, "ENOMEM", "not enough memory"),
    (13, "EACCES", "permission denied"),
    (14, "EFAULT", "bad address in system call argument"),
    (16, "EBUSY", "resource busy or locked"),
    (19, "ENODEV", "no such device"),
    (20, "ENOTDIR", "not a directory"),
    (21, "EISDIR", "illegal operation on a directory"),
    (22, "EINVAL", "invalid argument"),
    (23, "ENFILE", "file table overflow"),
    (24, "EMFILE", "too many open files"),
    (26, "ETXTBSY", "text file is busy"),
    (36, "ENAMETOOLONG", "name too long"),
    (40, "ELOOP", "too many symbolic links encountered"),
    (80, "ELIBBAD", "accessing a corrupted shared library"),
];

/// An error's name, such as `ENOENT`.
pub fn name(error: i32) -> &'static str {
    ERRORS.iter().find(|(number, ..)| *number == error).map_or("UNKNOWN", |(_, name, _)| name)
}

/// An error's name and what it means, as Node says it.
pub fn reason(error: i32) -> String {
    match ERRORS.iter().find(|(number, ..)| *number == error) {
        Some((_, name, words)) => join(&[name, ": ", words]),
        None => join(&["UNKNOWN: error ", &decimal(error.unsigned_abs() as usize), " of the system"]),
    }
}
