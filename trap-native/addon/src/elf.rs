//! Whether a file is a shared library for this machine, by its first bytes. A loader would not say: glibc's calls a
//! library for another machine one that does not exist.

/// Bytes of a file that are looked at.
pub const HEAD: usize = 20;

/// The machine this is compiled for, by its number in such files.
const OWN: u16 = if cfg!(target_arch = "aarch64") { ARM64 } else { X64 };
const X64: u16 = 62;
const ARM64: u16 = 183;

/// What a file is instead of a library for this machine.
#[derive(Debug, PartialEq, Eq)]
pub enum Misfit {
    /// No library, for whatever machine; in words.
    NoLibrary(&'static str),
    /// A library for the machine with this number.
    OtherMachine(u16),
}

/// Looks at the beginning of a file.
pub fn check(head: &[u8]) -> Result<(), Misfit> {
    if head.is_empty() {
        return Err(Misfit::NoLibrary("an empty file"));
    }
    let Some((identity, rest)) = head.split_first_chunk::<16>() else {
        return Err(Misfit::NoLibrary("no shared library"));
    };
    let Some((&[kind_low, kind_high, machine_low, machine_high], _)) = rest.split_first_chunk::<4>() else {
        return Err(Misfit::NoLibrary("no shared library"));
    };
    if !identity.starts_with(b"\x7fELF") {
        return Err(Misfit::NoLibrary("no shared library"));
    }
    let machine = u16::from_le_bytes([machine_low, machine_high]);
    // 64-bit, little-endian: machines that are not share numbers with some that are.
    if identity[4..6] != [2, 1] || machine != OWN {
        return Err(Misfit::OtherMachine(machine));
    }
    match u16::from_le_bytes([kind_low, kind_high]) {
        3 => Ok(()),
        2 => Err(Misfit::NoLibrary("a program that is loaded at a fixed address, no shared library")),
        _ => Err(Misfit::NoLibrary("an object file, no shared library")),
    }
}

/// What Node calls the machine this is compiled for.
pub const fn own_name() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" }
}

/// What people call a machine, where it is one they may have built for.
pub fn name(machine: u16) -> Option<&'static str> {
    Some(match machine {
        X64 => "x64",
        ARM64 => "arm64",
        3 => "32-bit x86",
        40 => "32-bit Arm",
        243 => "RISC-V",
        _ => return None,
    })
}
