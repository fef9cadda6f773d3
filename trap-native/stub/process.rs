//! A process as a new program expects to find it, and the call that makes it one.
//!
//! [`replace`] puts back what a host changed for its own purposes, and executes a program. When the system refuses,
//! everything is as it was before, and it returns. The kernel is called directly: there is no library behind it, so
//! the exec stub and the addon share it.
//!
//! The kernel takes 1 to 3 ms to take the memory of a Node apart. A process that shares that memory lets the
//! program start before that, and ends when it has started: see [`Keeper`].
//!
//! `execve` ends every other thread of the process. Whoever calls this must be sure to be on the main thread:
//! on another one the whole host would end without a word.

/// Replaces the process by the program at a path. Returns when the system refuses, with its reason as a negative
/// number; everything is as it was then.
///
/// # Safety
/// `path` points to a text with a final zero; `arguments` and `environment` to lists of such that end with null.
pub unsafe fn replace(path: *const u8, arguments: *const *const u8, environment: *const *const u8) -> isize {
    // What Node changed for itself, back to what a new program expects.
    let mut signals = Signals::NEW;
    signals.exchange();
    let streams = Streams::renew();
    // After the streams: where one of them is closed, its number is the pipe's, which must close by itself.
    let keeper = Keeper::start();
    // SAFETY: as the caller promises.
    let refused = unsafe { execve(path, arguments, environment) };
    // Still here: the system refused. Everything back to what it was.
    streams.put_back();
    signals.exchange();
    if let Some(keeper) = keeper {
        keeper.end();
    }
    refused
}

/// A process that shares this one's memory, so that `execve` need not take it apart: that takes the kernel 1 to
/// 3 ms for a Node. The keeper does it when it ends, which is as soon as the program runs, on another processor
/// or when there is time. It is nobody's child: whoever takes care of orphans takes note of its end.
///
/// It runs no code but a few instructions here, on no stack, with all signals held back, has none of the host's
/// files open, and lives for milliseconds. Without it (no such processes allowed, an emulator) everything works as
/// well, only later.
struct Keeper {
    /// A pipe that closes by itself when the program is executed, which is what the keeper waits for.
    read_end: usize,
    write_end: usize,
}

impl Keeper {
    fn start() -> Option<Self> {
        // SAFETY: no memory is touched.
        if unsafe { kernel::call(kernel::GETPID, [0; 4]) } == 1 {
            // The first process of a container takes care of orphans itself, and the program knows of none.
            return None;
        }
        let mut pipe = [0_i32; 2];
        let place = (&raw mut pipe).expose_provenance();
        // SAFETY: the kernel writes two numbers, for which there is room.
        if unsafe { kernel::call(kernel::PIPE2, [place, O_CLOEXEC, 0, 0]) } < 0 {
            return None;
        }
        let [read_end, write_end] = pipe.map(|file| file.cast_unsigned() as usize);
        let keeper = Self { read_end, write_end };
        // A handler of Node's would run in the keeper, too.
        let mut mask = u64::MAX;
        exchange_mask(&mut mask);
        // SAFETY: what it does is all above; both ends are ours, and the word is there as long as the memory is.
        let first = unsafe { kernel::orphan(read_end, write_end, (&raw const WORD).expose_provenance()) };
        if first > 0 {
            // SAFETY: no memory is touched. It has ended already; this lets go of its number.
            unsafe { kernel::call(kernel::WAIT4, [first.cast_unsigned(), 0, WALL, 0]) };
        }
        exchange_mask(&mut mask);
        if first > 0 {
            return Some(keeper);
        }
        keeper.close();
        None
    }

    /// Ends the keeper, and waits until it runs no instruction of this object any more.
    fn end(self) {
        let mut poll: [i32; 2] = [i32::try_from(self.write_end).unwrap_or(-1), 0];
        let [byte, poll] = [(&raw const WORD).expose_provenance(), (&raw mut poll).expose_provenance()];
        // A signal would end the wait before its time.
        let mut mask = u64::MAX;
        exchange_mask(&mut mask);
        // SAFETY: one byte is read from where there is one.
        unsafe { kernel::call(kernel::WRITE, [self.write_end, byte, 1, 0]) };
        // SAFETY: no memory is touched. The keeper's end of the pipe is the only one left.
        unsafe { kernel::call(kernel::CLOSE, [self.read_end, 0, 0, 0]) };
        // SAFETY: there is one entry, of the kernel's layout: a file, and which events are wanted and there are.
        // That nobody reads any more is told whether it is wanted or not.
        unsafe { kernel::call(kernel::PPOLL, [poll, 1, 0, 0]) };
        // SAFETY: no memory is touched.
        unsafe { kernel::call(kernel::CLOSE, [self.write_end, 0, 0, 0]) };
        exchange_mask(&mut mask);
    }

    fn close(self) {
        for file in [self.read_end, self.write_end] {
            // SAFETY: no memory is touched.
            unsafe { kernel::call(kernel::CLOSE, [file, 0, 0, 0]) };
        }
    }
}

/// The keeper's own: the priority that goes with its kind of scheduling, then what it reads.
static mut WORD: u32 = 0;

/// Replaces the process. Returns when the system refuses, and nothing has changed then.
///
/// # Safety
/// As for [`replace`].
unsafe fn execve(path: *const u8, arguments: *const *const u8, environment: *const *const u8) -> isize {
    let [arguments, environment] = [arguments, environment].map(|list| list.expose_provenance());
    // SAFETY: both lists end with null, and all they point to are texts with a final zero.
    unsafe { kernel::call(kernel::EXECVE, [path.expose_provenance(), arguments, environment, 0]) }
}

/// How the process treats signals. Node changes nothing else that is inherited.
struct Signals {
    /// What becomes of a write to a pipe that nobody reads. Node ignores it, and what is ignored is inherited.
    pipe: Action,
    /// What becomes of a write beyond the limit of file sizes. The same.
    size: Action,
    /// The signals that are held back, one bit each.
    mask: u64,
}

impl Signals {
    const NEW: Self = Self { pipe: Action::DEFAULT, size: Action::DEFAULT, mask: 0 };

    /// Gives this to the process and keeps what the process had; a second time, the other way round.
    fn exchange(&mut self) {
        exchange_action(SIGPIPE, &mut self.pipe);
        exchange_action(SIGXFSZ, &mut self.size);
        exchange_mask(&mut self.mask);
    }
}

/// The standard streams.
pub struct Streams([Stream; 3]);

impl Streams {
    /// Makes them what a new program expects.
    pub fn renew() -> Self {
        Self([Stream::renew(0), Stream::renew(1), Stream::renew(2)])
    }

    /// Makes them what they were.
    pub fn put_back(&self) {
        for stream in &self.0 {
            stream.put_back();
        }
    }
}

/// What a standard stream lost. Two streams may be one open file: what it lost by way of the first of them is
/// nothing that the second can give back.
struct Stream {
    file: usize,
    /// Node sets it on a pipe when JavaScript uses `process.stdout`; a program that prints then fails when the
    /// reader of the pipe is slow.
    nonblocking: bool,
    /// Node sets it on what it inherited; the new program would find the stream closed.
    closing: bool,
}

impl Stream {
    /// Makes it what a new program expects.
    fn renew(file: usize) -> Self {
        Self {
            file,
            nonblocking: change(file, F_GETFL, O_NONBLOCK, false),
            closing: change(file, F_GETFD, FD_CLOEXEC, false),
        }
    }

    /// Makes it what it was.
    fn put_back(&self) {
        if self.nonblocking {
            change(self.file, F_GETFL, O_NONBLOCK, true);
        }
        if self.closing {
            change(self.file, F_GETFD, FD_CLOEXEC, true);
        }
    }
}

// Numbers of Linux, the same on both architectures: <https://github.com/torvalds/linux/tree/v6.12/include/uapi/asm-generic>
const O_CLOEXEC: usize = 0o2_000_000;
/// Waits for children whatever they send when they end; the keeper's parent sends nothing.
const WALL: usize = 0x4000_0000;
const SIGPIPE: usize = 13;
const SIGXFSZ: usize = 25;
const SIG_SETMASK: usize = 2;
/// Asks for the flags of a descriptor; the number behind it sets them.
const F_GETFD: usize = 1;
const FD_CLOEXEC: usize = 1;
/// Asks for the flags of an open file; the number behind it sets them.
const F_GETFL: usize = 3;
const O_NONBLOCK: usize = 0o4000;

/// Sets or clears a flag. True if that changed it; a descriptor that is closed has no flags.
fn change(file: usize, get: usize, flag: usize, wanted: bool) -> bool {
    let flags = fcntl(file, get, 0);
    if flags < 0 || (flags.cast_unsigned() & flag != 0) == wanted {
        return false;
    }
    fcntl(file, get + 1, flags.cast_unsigned() ^ flag);
    true
}

fn fcntl(file: usize, command: usize, argument: usize) -> isize {
    // SAFETY: the commands above take and return numbers; no memory is touched.
    unsafe { kernel::call(kernel::FCNTL, [file, command, argument, 0]) }
}

/// What happens on a signal, as the kernel wants to be told.
#[repr(C)]
pub struct Action {
    handler: usize,
    flags: usize,
    restorer: usize,
    mask: u64,
}

impl Action {
    /// What happens to a new program.
    pub const DEFAULT: Self = Self { handler: 0, flags: 0, restorer: 0, mask: 0 };
}

/// Says what happens on a signal from now on, and takes down what happened so far.
pub fn exchange_action(signal: usize, action: &mut Action) {
    let mut before = Action::DEFAULT;
    let places = [(&raw const *action).expose_provenance(), (&raw mut before).expose_provenance()];
    // SAFETY: both have the kernel's layout, and it writes to the second alone. They are two, because emulators write
    // before they read. The last number is the size of a mask in bytes.
    let refused = unsafe { kernel::call(kernel::RT_SIGACTION, [signal, places[0], places[1], 8]) };
    // When the call fails nothing has changed.
    if refused == 0 {
        *action = before;
    }
}

/// Says which signals are held back from now on, and takes down which were.
fn exchange_mask(mask: &mut u64) {
    let place = (&raw mut *mask).expose_provenance();
    // SAFETY: the kernel reads the mask before it writes the one it replaces. The last number is its size in bytes. When
    // the call fails nothing has changed.
    unsafe { kernel::call(kernel::RT_SIGPROCMASK, [SIG_SETMASK, place, place, 8]) };
}

/// System calls of x86-64: <https://github.com/torvalds/linux/blob/v6.12/arch/x86/entry/syscalls/syscall_64.tbl>
#[cfg(target_arch = "x86_64")]
pub mod kernel {
    pub const RT_SIGACTION: usize = 13;
    pub const RT_SIGPROCMASK: usize = 14;
    pub const EXECVE: usize = 59;
    pub const FCNTL: usize = 72;
    pub const GETPID: usize = 39;
    pub const WRITE: usize = 1;
    pub const CLOSE: usize = 3;
    pub const WAIT4: usize = 61;
    pub const PPOLL: usize = 271;
    pub const PIPE2: usize = 293;

    /// Starts a process that starts another one and ends; both share this one's memory. The other one closes the
    /// write end of a pipe, takes only time that nobody wants, waits for a byte from the read end or for the end of
    /// the pipe, and ends. Returns the number of the first, which has ended, or a negative one.
    ///
    /// # Safety
    /// All signals are held back; both ends are of a pipe, and there is a word to write to at `word`, which is zero.
    pub unsafe fn orphan(read_end: usize, write_end: usize, word: usize) -> isize {
        let result;
        // SAFETY: registers as in `call`. Both new processes begin on this one's stack and leave it alone: they
        // touch registers only, which are their own, and never leave this block.
        unsafe {
            core::arch::asm!(
                // clone(CLONE_VM | CLONE_VFORK): continues here when the new process has ended.
                "syscall",
                "test rax, rax",
                "jnz 3f",
                // The new process, which has its own list of open files: close_range(0, read_end - 1, 0) and
                // close_range(read_end + 1, ~0, 0), which Linux before 5.9 does not know; then
                // clone(CLONE_VM | CLONE_FILES).
                "mov eax, 436",
                "xor edi, edi",
                "lea rsi, [r12 - 1]",
                "syscall",
                "mov eax, 436",
                "lea rdi, [r12 + 1]",
                "mov esi, 0xffffffff",
                "syscall",
                "mov eax, 56",
                "mov edi, 0x500",
                "xor esi, esi",
                "syscall",
                "test rax, rax",
                "jnz 2f",
                // The newest: close(write_end), sched_setscheduler(0, SCHED_IDLE, word), read(read_end, word, 1).
                "mov eax, 3",
                "mov rdi, r13",
                "syscall",
                "mov eax, 144",
                "xor edi, edi",
                "mov esi, 5",
                "mov rdx, r14",
                "syscall",
                "xor eax, eax",
                "mov rdi, r12",
                "mov rsi, r14",
                "mov edx, 1",
                "syscall",
                // Both: exit(0).
                "2:",
                "mov eax, 60",
                "xor edi, edi",
                "syscall",
                "ud2",
                "3:",
                inlateout("rax") 56_usize => result,
                in("rdi") 0x4100_usize, in("rsi") 0_usize, in("rdx") 0_usize, in("r10") 0_usize, in("r8") 0_usize,
                in("r12") read_end, in("r13") write_end, in("r14") word,
                lateout("rcx") _, lateout("r11") _,
                options(nostack),
            );
        }
        result
    }

    /// Calls the kernel. A negative number is an error.
    ///
    /// # Safety
    /// As the call itself demands; what the arguments point to must outlive it.
    pub unsafe fn call(number: usize, [a, b, c, d]: [usize; 4]) -> isize {
        let result;
        // SAFETY: the registers are those of the kernel's convention, and it changes no others. It may read and
        // write memory: nothing here says that it does not.
        unsafe {
            core::arch::asm!(
                "syscall",
                inlateout("rax") number => result,
                in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d,
                lateout("rcx") _, lateout("r11") _,
                options(nostack),
            );
        }
        result
    }
}

/// System calls of arm64: <https://github.com/torvalds/linux/blob/v6.12/include/uapi/asm-generic/unistd.h>
#[cfg(target_arch = "aarch64")]
pub mod kernel {
    pub const FCNTL: usize = 25;
    pub const RT_SIGACTION: usize = 134;
    pub const RT_SIGPROCMASK: usize = 135;
    pub const EXECVE: usize = 221;
    pub const CLOSE: usize = 57;
    pub const PIPE2: usize = 59;
    pub const GETPID: usize = 172;
    pub const WRITE: usize = 64;
    pub const PPOLL: usize = 73;
    pub const WAIT4: usize = 260;

    /// Starts a process that starts another one and ends; both share this one's memory. The other one closes the
    /// write end of a pipe, takes only time that nobody wants, waits for a byte from the read end or for the end of
    /// the pipe, and ends. Returns the number of the first, which has ended, or a negative one.
    ///
    /// # Safety
    /// All signals are held back; both ends are of a pipe, and there is a word to write to at `word`, which is zero.
    pub unsafe fn orphan(read_end: usize, write_end: usize, word: usize) -> isize {
        let result;
        // SAFETY: registers as in `call`. Both new processes begin on this one's stack and leave it alone: they
        // touch registers only, which are their own, and never leave this block.
        unsafe {
            core::arch::asm!(
                // clone(CLONE_VM | CLONE_VFORK): continues here when the new process has ended.
                "svc 0",
                "cbnz x0, 3f",
                // The new process, which has its own list of open files: close_range(0, read_end - 1, 0) and
                // close_range(read_end + 1, ~0, 0), which Linux before 5.9 does not know; then
                // clone(CLONE_VM | CLONE_FILES).
                "mov x8, #436",
                "mov x0, xzr",
                "sub x1, x9, #1",
                "svc 0",
                "mov x8, #436",
                "add x0, x9, #1",
                "mov w1, #-1",
                "svc 0",
                "mov x8, #220",
                "mov x0, #0x500",
                "mov x1, xzr",
                "svc 0",
                "cbnz x0, 2f",
                // The newest: close(write_end), sched_setscheduler(0, SCHED_IDLE, word), read(read_end, word, 1).
                "mov x8, #57",
                "mov x0, x10",
                "svc 0",
                "mov x8, #119",
                "mov x0, xzr",
                "mov x1, #5",
                "mov x2, x11",
                "svc 0",
                "mov x8, #63",
                "mov x0, x9",
                "mov x1, x11",
                "mov x2, #1",
                "svc 0",
                // Both: exit(0).
                "2:",
                "mov x8, #93",
                "mov x0, xzr",
                "svc 0",
                "brk #1",
                "3:",
                inlateout("x0") 0x4100_usize => result,
                in("x1") 0_usize, in("x2") 0_usize, in("x3") 0_usize, in("x4") 0_usize, in("x8") 220_usize,
                in("x9") read_end, in("x10") write_end, in("x11") word,
                options(nostack),
            );
        }
        result
    }

    /// Calls the kernel. A negative number is an error.
    ///
    /// # Safety
    /// As the call itself demands; what the arguments point to must outlive it.
    pub unsafe fn call(number: usize, [a, b, c, d]: [usize; 4]) -> isize {
        let result;
        // SAFETY: the registers are those of the kernel's convention, and it changes no others. It may read and
        // write memory: nothing here says that it does not.
        unsafe {
            core::arch::asm!(
                "svc 0",
                in("x8") number,
                inlateout("x0") a => result, in("x1") b, in("x2") c, in("x3") d,
                options(nostack),
            );
        }
        result
    }
}
