//! `trap`: load a shared library, and call the function that polls.

use alloc::ffi::CString;
use alloc::string::String;
use core::ffi::{CStr, c_char, c_int, c_void};
use core::mem::transmute;

use crate::elf::{self, Misfit};
use crate::failure::{Failure, known};
use crate::process::{Action, Streams, exchange_action};
use crate::system;
use crate::value::Text;
use crate::words::{decimal, join, lossy};

// The C library's loader. It is named, so that a link takes its newest versions.
#[link(name = "c")]
unsafe extern "C" {
    fn dlopen(path: *const c_char, mode: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
    fn dlerror() -> *const c_char;
}

/// Every symbol is looked up at once: what is missing is told now and not in the middle of a request.
const RTLD_NOW: c_int = 2;

/// The function in the library.
type Entry = unsafe extern "C" fn() -> c_int;

/// Loads the library at a path, calls its `trap`, and returns what that returns.
pub fn trap(Text(path): Text) -> Result<i32, Failure> {
    let path = here(path);
    check(&path)?;
    let library = load(&path)?;
    let entry = entry(&path, library)?;
    let (streams, mut endings) = (Streams::renew(), Endings::DEFAULT);
    endings.exchange();
    // SAFETY: a function of this name in such a library has this type; the documentation of both sides says so. It is
    // not unwound through: that would need tables which this object does not have, and the unwinder aborts without.
    let status = unsafe { entry() };
    endings.exchange();
    streams.put_back();
    // The library stays loaded: its threads may still run, and what they would run would be gone.
    Ok(status)
}

/// What happens on the signals that ask a process to end. Node has handlers for them that raise the signal once more and
/// count on being gone by then. A library that listens to a signal calls the handler that was there before its own: with
/// Node's, neither would ever end.
struct Endings([(usize, Action); 2]);

impl Endings {
    const SIGINT: usize = 2;
    const SIGTERM: usize = 15;
    const DEFAULT: Self = Self([(Self::SIGINT, Action::DEFAULT), (Self::SIGTERM, Action::DEFAULT)]);

    /// Gives this to the process and keeps what the process had; a second time, the other way round.
    fn exchange(&mut self) {
        for (signal, action) in &mut self.0 {
            exchange_action(*signal, action);
        }
    }
}

/// A loader looks for a name without a slash in folders of its own, and not here.
fn here(path: CString) -> CString {
    if path.as_bytes().contains(&b'/') {
        return path;
    }
    let bytes = [b"./", path.as_bytes()].concat();
    CString::new(bytes).unwrap_or(path)
}

/// Says what a loader would not say, or in words that nobody understands.
fn check(path: &CStr) -> Result<(), Failure> {
    let shown = lossy(path);
    let unusable = |why: &[&str]| known("TRAP_LIBRARY_UNUSABLE", &["`", &shown, "` ", &join(why)]);
    let (head, length) = system::head::<{ elf::HEAD }>(path).map_err(|error| match system::name(error) {
        "ENOENT" | "ENOTDIR" => known("TRAP_LIBRARY_MISSING", &["there is no library at `", &shown, "`"]),
        _ => unusable(&["cannot be read: ", &system::reason(error)]),
    })?;
    elf::check(head.get(..length).unwrap_or_default()).map_err(|misfit| match misfit {
        Misfit::NoLibrary(what) => unusable(&["is ", what]),
        Misfit::OtherMachine(number) => {
            let other = || join(&["machine number ", &decimal(number.into())]);
            let machine = elf::name(number).map_or_else(other, String::from);
            let message = ["`", &shown, "` was built for ", &machine, ", and this host is ", elf::own_name()];
            known("TRAP_LIBRARY_WRONG_ARCH", &message)
        }
    })
}

fn load(path: &CStr) -> Result<*mut c_void, Failure> {
    // SAFETY: the path has a final zero. What the library does when it is loaded is the business of whoever built it.
    let library = unsafe { dlopen(path.as_ptr(), RTLD_NOW) };
    if !library.is_null() {
        return Ok(library);
    }
    let (shown, reason) = (lossy(path), complaint());
    // Some of the loader's words begin with the path, others do not.
    let reason = reason.strip_prefix(&*shown).map_or(&*reason, |rest| rest.trim_start_matches([':', ' ']));
    // glibc: "undefined symbol: x", "version `x' not found"; musl: "x: symbol not found".
    let says = |words: &str| reason.as_bytes().windows(words.len()).any(|part| part == words.as_bytes());
    let lacks = says("undefined symbol") || says("' not found") || says("symbol not found");
    let code = if lacks { "TRAP_LIBRARY_UNRESOLVED" } else { "TRAP_LIBRARY_UNUSABLE" };
    Err(known(code, &["`", &shown, "` cannot be loaded here: ", reason]))
}

/// What the loader has to say about its last failure.
fn complaint() -> String {
    // SAFETY: no argument. The text stays until this thread's next call of the loader.
    let text = unsafe { dlerror() };
    if text.is_null() {
        return String::from("the loader does not say why");
    }
    // SAFETY: it is a text with a final zero, which nobody changes meanwhile.
    lossy(unsafe { CStr::from_ptr(text) })
}

fn entry(path: &CStr, library: *mut c_void) -> Result<Entry, Failure> {
    // SAFETY: the library has been loaded and is never closed; the name has a final zero.
    let symbol = unsafe { dlsym(library, c"trap".as_ptr()) };
    if symbol.is_null() {
        let message = ["`", &lossy(path), "` has no function `trap` that others can call"];
        return Err(known("TRAP_LIBRARY_NO_ENTRY", &message));
    }
    // SAFETY: an address of a function, which is what a pointer to one is; its type is as `trap` above says.
    Ok(unsafe { transmute::<*mut c_void, Entry>(symbol) })
}
