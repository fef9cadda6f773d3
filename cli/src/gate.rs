//! The gate: holds a program against what its takeover needs and refuses what cannot run, with a remedy.
//!
//! Takeovers that execute the program want [`Rules::EXECUTABLE`]; the one that loads a library wants [`library`].

pub mod library;

use crate::arch::Arch;
use crate::elf::{Elf, Kind, Machine};
use crate::{Class, Error, Result};

/// What a takeover needs of the file it runs.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The kernel must be able to start it without a dynamic loader.
    pub self_contained: bool,
}

impl Rules {
    /// `exec`, `spawn` and everything else that starts the program as a process.
    pub const EXECUTABLE: Self = Self { self_contained: true };
    /// What a process loads.
    const LOADED: Self = Self { self_contained: false };
}

/// Holds a program against what its takeover and its architecture need; returns what is worth a warning.
///
/// `name` is how the person knows the file.
///
/// # Errors
/// `program-dynamic`, `program-machine`, `program-no-entry`: the message says what it is, the hint what to
/// do.
pub fn check(name: &str, elf: &Elf, wanted: Option<Arch>, rules: Rules) -> Result<Vec<String>> {
    let refused = |code, message: String, hint: String| {
        Err(Error::known(code, Class::Request, message).with_hint(hint))
    };
    let target = if rules.self_contained { Arch::musl_target } else { Arch::glibc_target };
    let arch = match elf.machine {
        Machine::Known(arch) => arch,
        Machine::Other(code) => {
            let known = machine_name(code);
            return refused(
                "program-machine",
                format!("`{name}` is for {known}, and the platform's machines are arm64 or x64"),
                format!("build it for `{}` or `{}`", target(Arch::Arm64), target(Arch::X64)),
            );
        }
    };
    if let Some(wanted) = wanted.filter(|&wanted| wanted != arch) {
        return refused(
            "program-machine",
            format!("`{name}` is for {arch}, and `--arch {wanted}` was asked for"),
            format!("give `--arch {arch}`, or a program built for `{}`", target(wanted)),
        );
    }
    if elf.kind == Kind::Other {
        return refused(
            "program-no-entry",
            format!("`{name}` is an object file or a core dump, not a linked program"),
            "give the file that the linker wrote".to_owned(),
        );
    }
    if rules.self_contained {
        let target = target(arch);
        let needs = elf.interpreter.as_ref().map_or_else(
            || elf.needed.first().map(|library| format!("the library `{library}`")),
            |interpreter| Some(format!("the loader `{interpreter}`")),
        );
        // A shared object without a loader has libraries and no entry; say first that it is a library.
        if !elf.has_entry {
            return refused(
                "program-no-entry",
                format!("`{name}` has no entry point: it is a shared library, not a program"),
                "give `--takeover library` to load it into Node, or build a binary (`src/main.rs`, or a `[[bin]]`)".to_owned(),
            );
        }
        if let Some(needs) = needs {
            return refused(
                "program-dynamic",
                format!(
                    "`{name}` is dynamically linked: it needs {needs}, which the platform may not have in a version that fits"
                ),
                format!(
                    "link it statically: `cargo build --target {target}`, or for C and Go `-static` and `CGO_ENABLED=0`"
                ),
            );
        }
    }
    let mut warnings = Vec::new();
    if elf.strippable_bytes > 0 {
        warnings.push(format!(
            "`{name}` carries {} of symbols that the platform never reads; `strip = true` in the profile drops them",
            crate::size::Bytes(elf.strippable_bytes),
        ));
    }
    Ok(warnings)
}

/// The machines people run into by accident, by their `e_machine` number.
/// Source: <https://www.sco.com/developers/gabi/latest/ch4.eheader.html>
fn machine_name(code: u16) -> String {
    match code {
        3 => "32-bit x86".to_owned(),
        8 => "MIPS".to_owned(),
        21 => "PowerPC".to_owned(),
        22 => "IBM Z".to_owned(),
        40 => "32-bit Arm".to_owned(),
        243 => "RISC-V".to_owned(),
        258 => "LoongArch".to_owned(),
        other => format!("machine number {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A minimal 64-bit little-endian ELF: one loaded, executable segment that covers the file.
    fn minimal(machine: u16, kind: u16, entry: u64) -> Vec<u8> {
        let mut bytes = vec![0; 120];
        bytes[..16].copy_from_slice(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
        bytes[16..18].copy_from_slice(&kind.to_le_bytes());
        bytes[18..20].copy_from_slice(&machine.to_le_bytes());
        bytes[20..24].copy_from_slice(&1u32.to_le_bytes());
        bytes[24..32].copy_from_slice(&entry.to_le_bytes());
        bytes[32..40].copy_from_slice(&64u64.to_le_bytes());
        bytes[52..54].copy_from_slice(&64u16.to_le_bytes());
        bytes[54..56].copy_from_slice(&56u16.to_le_bytes());
        bytes[56..58].copy_from_slice(&1u16.to_le_bytes());
        bytes[58..60].copy_from_slice(&64u16.to_le_bytes());
        bytes[64..68].copy_from_slice(&1u32.to_le_bytes()); // PT_LOAD
        bytes[68..72].copy_from_slice(&5u32.to_le_bytes()); // readable, executable
        bytes[80..88].copy_from_slice(&0x10000u64.to_le_bytes()); // address
        bytes[96..104].copy_from_slice(&120u64.to_le_bytes()); // in the file
        bytes[104..112].copy_from_slice(&120u64.to_le_bytes()); // in memory
        bytes
    }

    fn judge(bytes: &[u8], wanted: Option<Arch>) -> Result<Vec<String>> {
        check("app", &Elf::read("app", bytes)?, wanted, Rules::EXECUTABLE)
    }

    fn code(bytes: &[u8]) -> &'static str {
        judge(bytes, Some(Arch::Arm64)).expect_err("the gate should refuse it").code()
    }

    #[test]
    fn a_static_program_for_the_right_machine_passes_without_a_warning() {
        assert_eq!(judge(&minimal(183, 2, 0x10070), Some(Arch::Arm64)).unwrap(), Vec::<String>::new());
        assert_eq!(judge(&minimal(62, 3, 0x10070), None).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn what_is_not_an_elf_file_is_refused_by_its_kind() {
        for (bytes, says) in [
            (&b""[..], "empty"),
            (b"#!/bin/sh\necho hi\n", "script for `/bin/sh`"),
            (b"MZ\x90\0", "Windows"),
            (b"\xcf\xfa\xed\xfe\x0c", "macOS"),
            (b"\0asm\x01\0\0\0", "WebAssembly"),
            (b"hello", "not an ELF file"),
        ] {
            let error = judge(bytes, None).unwrap_err();
            assert_eq!(error.code(), "program-not-elf");
            assert!(error.to_string().contains(says), "{error}");
        }
    }

    #[test]
    fn a_file_that_ends_early_is_truncated_not_dynamic() {
        let whole = minimal(183, 2, 0x10070);
        for end in [4, 20, 63, 64, 100, 119] {
            assert_eq!(code(&whole[..end]), "program-truncated", "cut at {end}");
        }
    }

    #[test]
    fn the_wrong_machine_is_named_with_the_flag_that_fits() {
        let error = judge(&minimal(62, 3, 0x10070), Some(Arch::Arm64)).unwrap_err();
        assert_eq!(error.code(), "program-machine");
        assert!(error.hint().unwrap().contains("--arch x64"));
        assert!(judge(&minimal(243, 2, 0x10070), None).unwrap_err().to_string().contains("RISC-V"));
    }

    #[test]
    fn another_system_or_byte_order_is_refused() {
        for (at, value, says) in [(5, 2, "big-endian"), (7, 9, "OS/ABI 9")] {
            let mut bytes = minimal(183, 2, 0x10070);
            bytes[at] = value;
            let error = judge(&bytes, None).unwrap_err();
            assert_eq!(error.code(), "program-not-elf");
            assert!(error.to_string().contains(says), "{error}");
        }
    }

    #[test]
    fn no_mutilated_file_is_more_than_an_error() {
        // A cheap generator with a fixed seed: every failure can be seen again.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        // The headers of a real program, with sections, and of a minimal one.
        let seeds = [minimal(183, 2, 0x10070), own];
        let mut refused = 0;
        for round in 0..400 {
            let mut bytes = seeds[round % 2].clone();
            let end = bytes.len() as u64;
            for _ in 0..=next() % 4 {
                // Mostly the program headers, sometimes the section headers at the end.
                let at =
                    if next() % 4 == 0 { end - 1 - next() % end.min(2048) } else { next() % end.min(512) };
                bytes[at as usize] = next() as u8;
            }
            refused += usize::from(judge(&bytes, None).is_err());
        }
        assert!(refused > 0, "no mutation was noticed");
    }

    #[test]
    fn a_program_without_an_entry_is_refused() {
        assert_eq!(code(&minimal(183, 3, 0)), "program-no-entry");
        assert_eq!(code(&minimal(183, 2, 0x99)), "program-no-entry");
        assert_eq!(code(&minimal(183, 1, 0x10070)), "program-no-entry");
    }

    #[test]
    fn a_dynamically_linked_program_is_refused_by_the_loader_it_asks_for() {
        // This test binary itself is linked against the system's C library.
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        if !own.starts_with(b"\x7fELF") {
            return; // not Linux: there is no such file at hand
        }
        let error = judge(&own, None).unwrap_err();
        assert_eq!(error.code(), "program-dynamic");
        assert!(error.to_string().contains("ld-linux") || error.to_string().contains("ld-musl"), "{error}");
    }
}
