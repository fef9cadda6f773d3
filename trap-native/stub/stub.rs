//! The exec stub: a shared object that replaces the process which loads it by a program.
//!
//! Its constructor looks for the variable `TRAP_EXEC=<absolute path>`. Without it nothing happens. With it, the
//! state that a host gave its process for its own purposes is put back to what a new program expects, and the
//! program at that path takes the process over: its arguments are its own path alone, its environment is the
//! process's own, without that variable. When the system refuses, everything is as it was before, and the
//! constructor returns to whoever loaded it.
//!
//! The same bytes serve every program. There is no library behind them, not even one for C: the kernel is called
//! directly, and one symbol comes from the process, `environ`. `cargo xtask generate` builds this file for both
//! architectures; the results are committed beside it.
//!
//! Whoever loads this must be sure to be on the main thread: on another one the whole host would end without a word.

#![no_std]
// A loop over bytes is not to become a call of `memcpy`: there is nobody to call.
#![no_builtins]
#![deny(warnings, missing_docs, unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]

mod order;
mod process;

use core::ptr::null;

use order::Order;

// The C library's environment: null, or a list of pointers to texts, each with a final zero, that ends with null.
unsafe extern "C" {
    static mut environ: *mut *const u8;
}

/// What the loader calls when the object is loaded.
#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = construct;

extern "C" fn construct() {
    // SAFETY: `environ` is a word of the C library, which only changes when somebody changes the environment. We
    // run inside `process.dlopen`, on the thread on which JavaScript would do that.
    let list = unsafe { environ };
    // SAFETY: it is the C library's list, and for the same reason nobody changes it meanwhile.
    let Some(order) = (unsafe { Order::take(list) }) else { return };
    let arguments = [order.path, null()];
    // SAFETY: the path is part of an entry, and without it the list is still one.
    unsafe { process::replace(order.path, arguments.as_ptr(), list.cast()) };
    // Still here: the system refused.
    order.put_back();
}

/// Rust asks for one. Nothing here panics, so nothing of it is left in the result.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
