//! What Rust asks of a program without its standard library: memory, and what to do about a defect.

use core::alloc::{GlobalAlloc, Layout};
use core::ffi::c_void;
use core::panic::PanicInfo;
use core::ptr::null_mut;

// The C library's memory, its streams, and how it ends.
#[link(name = "c")]
unsafe extern "C" {
    fn malloc(size: usize) -> *mut c_void;
    fn realloc(memory: *mut c_void, size: usize) -> *mut c_void;
    fn free(memory: *mut c_void);
    fn write(file: i32, bytes: *const c_void, count: usize) -> isize;
    fn abort() -> !;
}

/// How `malloc` aligns what it returns, on both machines.
const ALIGNMENT: usize = 16;

struct Memory;

#[global_allocator]
static MEMORY: Memory = Memory;

// SAFETY: the C library's memory is what it says; what would need another alignment is refused.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() > ALIGNMENT {
            return null_mut();
        }
        // SAFETY: any size will do.
        unsafe { malloc(layout.size()) }.cast()
    }

    unsafe fn dealloc(&self, memory: *mut u8, _: Layout) {
        // SAFETY: it came from `alloc` or `realloc`, as the caller promises.
        unsafe { free(memory.cast()) }
    }

    unsafe fn realloc(&self, memory: *mut u8, _: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above; what is aligned for `malloc` stays so.
        unsafe { realloc(memory.cast(), size) }.cast()
    }
}

/// A defect of this addon, or no memory left. There is nothing to unwind to.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    const TEXT: &[u8] = b"trap-addon: out of memory, or a defect: please report it\n";
    // SAFETY: there are that many bytes. Where nobody reads them, that is no reason not to end.
    unsafe { write(2, TEXT.as_ptr().cast(), TEXT.len()) };
    // SAFETY: it can always be called.
    unsafe { abort() }
}
