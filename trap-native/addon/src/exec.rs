//! `exec`: replace the process by a program.

use alloc::ffi::CString;
use alloc::vec::Vec;
use core::ptr::null;

use crate::failure::{Failure, known};
use crate::value::{Environment, Never, Text, Texts};
use crate::{process, system};

/// Replaces the process. Comes back only with the reason why not.
pub fn exec(Text(path): Text, Texts(argv): Texts, Environment(env): Environment) -> Result<Never, Failure> {
    // The kernel would end all other threads, the host's main one among them, and nobody would be told.
    if !system::is_main_thread() {
        let message = "a process cannot be replaced from a worker thread";
        return Err(known("ERR_WORKER_UNSUPPORTED_OPERATION", &[message]));
    }
    let (arguments, environment) = (list(&argv), list(&env));
    // SAFETY: all texts have a final zero, both lists end with null, and all of it outlives the call.
    let refused = unsafe { process::replace(path.as_ptr().cast(), arguments.as_ptr(), environment.as_ptr()) };
    let error = i32::try_from(-refused).unwrap_or(i32::MAX);
    Err(Failure::System { error, syscall: c"execve", path })
}

/// Pointers to texts, and null behind the last.
fn list(texts: &[CString]) -> Vec<*const u8> {
    texts.iter().map(|text| text.as_ptr().cast()).chain([null()]).collect()
}
