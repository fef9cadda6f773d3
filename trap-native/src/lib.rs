//! Machine code that runs inside a Node.js host, and how such code is linked with nothing installed but Rust.
//!
//! * The **exec stub**, built: a shared object of about 3 KB whose constructor replaces the host's process by a
//!   program; its source, `stub/stub.rs`, says what it does.
//! * The **addon**, as sources: what a host loads to call a library in its own process, or to execute a program. Its
//!   source, `addon/src/lib.rs`, says what it does, and `index.d.ts` what JavaScript sees of it.
//! * **[Stub libraries](glibc)**, made when they are needed: what shared objects for glibc are linked against.
//!
//! The crate exists because cargo packages only what lies below a manifest: what `cargo trap build` puts into
//! artifacts, or makes it from, is part of this library.

pub mod addon;
pub mod glibc;
mod link;

pub use link::{Libraries, shared_object};

/// A machine there is a stub for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arch {
    /// 64-bit Arm.
    Arm64,
    /// 64-bit x86.
    X64,
}

impl Arch {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Arm64, Self::X64];

    /// The name that Node gives it; also that of the built stub.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X64 => "x64",
        }
    }

    /// The Rust target of shared objects that a Node on glibc loads.
    #[must_use]
    pub const fn glibc_target(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64-unknown-linux-gnu",
            Self::X64 => "x86_64-unknown-linux-gnu",
        }
    }

    /// The Rust target that the stub is compiled for. It uses `core` alone, which is the same for every C library.
    #[must_use]
    pub const fn target(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64-unknown-linux-musl",
            Self::X64 => "x86_64-unknown-linux-musl",
        }
    }
}

/// The exec stub for a machine, the whole file.
#[must_use]
pub const fn stub(arch: Arch) -> &'static [u8] {
    match arch {
        Arch::Arm64 => include_bytes!("../stub/arm64.so"),
        Arch::X64 => include_bytes!("../stub/x64.so"),
    }
}
