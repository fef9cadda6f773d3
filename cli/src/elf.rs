//! What a compiled program is, read from its headers, and the gate that refuses what cannot run.
//!
//! Reading and judging are apart: [`Elf::read`] says what the file is, [`gate`] holds it against the rules
//! of a takeover. Takeovers that execute the program want [`Rules::EXECUTABLE`].

use object::elf;
use object::read::elf::{ElfFile64, ProgramHeader as _};
use object::{Endianness, Object as _, ObjectSection as _};
use serde::Serialize;

use crate::arch::Arch;
use crate::{Class, Error, Result};

/// What the headers of a Linux program say about where it can run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Elf {
    /// The machine it is for, or the raw `e_machine` when it is neither of ours.
    pub machine: Machine,
    /// What kind of file it is.
    pub kind: Kind,
    /// The dynamic loader it asks for (`PT_INTERP`); `None` when the kernel can start it alone.
    pub interpreter: Option<String>,
    /// Shared libraries it asks for (`DT_NEEDED`).
    pub needed: Vec<String>,
    /// True when its entry point lies inside a loaded, executable segment.
    pub has_entry: bool,
    /// Size of the symbol table and debug information that `strip` would remove, in bytes.
    pub strippable_bytes: u64,
    /// Size of the file in bytes.
    pub size: u64,
}

/// The machine of an ELF file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", untagged)]
pub enum Machine {
    /// One we can build for.
    Known(Arch),
    /// Any other: the `e_machine` field.
    Other(u16),
}

/// The kinds of ELF file that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Linked for a fixed address (`ET_EXEC`).
    Executable,
    /// Linked for any address (`ET_DYN`): a static PIE or a shared object; the entry point tells them apart.
    PositionIndependent,
    /// Object files, core dumps and the like.
    Other,
}

/// What a takeover needs of the file it runs.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The kernel must be able to start it without a dynamic loader.
    pub self_contained: bool,
}

impl Rules {
    /// `exec`, `spawn` and everything else that starts the program as a process.
    pub const EXECUTABLE: Self = Self { self_contained: true };
}

impl Elf {
    /// Reads the headers of a whole file without executing anything.
    ///
    /// # Errors
    /// `program-not-elf` for scripts, other formats and 32-bit files; `program-truncated` when the file ends
    /// before what its headers announce.
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self> {
        let refused = |message: String, hint: &str| {
            Err(Error::known("program-not-elf", Class::Request, message).with_hint(hint))
        };
        const BUILD: &str =
            "let `cargo trap build` compile the crate, or give `--program` a static Linux executable";
        if bytes.is_empty() {
            return refused(format!("`{name}` is empty"), BUILD);
        }
        if bytes.starts_with(b"#!") {
            let line = bytes[2..].split(|&byte| byte == b'\n').next().unwrap_or_default();
            let interpreter = String::from_utf8_lossy(line).trim().to_owned();
            return refused(
                format!("`{name}` is a script for `{interpreter}`, which the platform may not have"),
                BUILD,
            );
        }
        if !bytes.starts_with(b"\x7fELF") {
            let what = match bytes {
                [0xcf | 0xce, 0xfa, 0xed, 0xfe, ..] | [0xca, 0xfe, 0xba, 0xbe, ..] => "a macOS program",
                [b'M', b'Z', ..] => "a Windows program",
                [0, b'a', b's', b'm', ..] => "a WebAssembly module",
                _ => "not an ELF file",
            };
            return refused(format!("`{name}` is {what}; the platform runs Linux programs only"), BUILD);
        }
        let truncated = |detail: String| {
            Error::known("program-truncated", Class::Request, format!("`{name}` is cut short: {detail}"))
                .with_hint("build or copy it again; a full disk or an interrupted copy leaves such files")
        };
        if bytes.len() < 64 {
            return Err(truncated(format!("{} bytes are less than an ELF header", bytes.len())));
        }
        if bytes[4] != elf::ELFCLASS64.0 {
            return refused(
                format!("`{name}` is a 32-bit program; the platform's machines are 64-bit"),
                BUILD,
            );
        }
        // Both machines run little-endian Linux programs; others share their machine numbers.
        if bytes[5] != 1 {
            return refused(
                format!("`{name}` is big-endian; the platform's machines are little-endian"),
                BUILD,
            );
        }
        if ![0, 3].contains(&bytes[7]) {
            return refused(
                format!("`{name}` is for another system than Linux (OS/ABI {})", bytes[7]),
                BUILD,
            );
        }
        let file = ElfFile64::<Endianness>::parse(bytes)
            .map_err(|_| truncated("its headers point beyond its end".to_owned()))?;
        let endian = file.endian();
        let header = file.elf_header();

        let mut interpreter = None;
        let mut has_entry = false;
        let entry = header.e_entry.get(endian);
        for segment in file.elf_program_headers() {
            let (offset, length) = segment.file_range(endian);
            let end = offset.saturating_add(length);
            if segment.p_type(endian) == elf::PT_LOAD && end > bytes.len() as u64 {
                return Err(truncated(format!(
                    "its headers announce {end} bytes and the file has {}",
                    bytes.len()
                )));
            }
            let outside = |_| truncated("a part its headers name lies outside of it".to_owned());
            if let Some(path) = segment.interpreter(endian, bytes).map_err(outside)? {
                interpreter = Some(String::from_utf8_lossy(path).into_owned());
            }
            let start = segment.p_vaddr(endian);
            let executable = segment.p_flags(endian).0 & elf::PF_X.0 != 0;
            if segment.p_type(endian) == elf::PT_LOAD
                && executable
                && entry != 0
                && (start..start.saturating_add(segment.p_memsz(endian))).contains(&entry)
            {
                has_entry = true;
            }
        }
        let mut needed = Vec::new();
        let table = file.elf_dynamic_table();
        let table = table.map_err(|_| truncated("its table of libraries lies outside of it".to_owned()))?;
        for entry in table.iter().filter(|entry| entry.tag == elf::DT_NEEDED) {
            let library = table.string(entry).unwrap_or(b"a library whose name cannot be read");
            needed.push(String::from_utf8_lossy(library).into_owned());
        }

        let strippable_bytes = file
            .sections()
            .filter(|section| {
                section
                    .name()
                    .is_ok_and(|name| name == ".symtab" || name == ".strtab" || name.starts_with(".debug_"))
            })
            .fold(0, |sum: u64, section| sum.saturating_add(section.size()))
            .min(bytes.len() as u64);
        Ok(Self {
            machine: match header.e_machine.get(endian) {
                elf::EM_AARCH64 => Machine::Known(Arch::Arm64),
                elf::EM_X86_64 => Machine::Known(Arch::X64),
                code => Machine::Other(code.0),
            },
            kind: match header.e_type.get(endian) {
                elf::ET_EXEC => Kind::Executable,
                elf::ET_DYN => Kind::PositionIndependent,
                _ => Kind::Other,
            },
            interpreter,
            needed,
            has_entry,
            strippable_bytes,
            size: bytes.len() as u64,
        })
    }
}

/// Holds a program against what its takeover and its architecture need; returns what is worth a warning.
///
/// `name` is how the person knows the file.
///
/// # Errors
/// `program-dynamic`, `program-machine`, `program-no-entry`: the message says what it is, the hint what to
/// do.
pub fn gate(name: &str, elf: &Elf, wanted: Option<Arch>, rules: Rules) -> Result<Vec<String>> {
    let refused = |code, message: String, hint: String| {
        Err(Error::known(code, Class::Request, message).with_hint(hint))
    };
    let arch = match elf.machine {
        Machine::Known(arch) => arch,
        Machine::Other(code) => {
            let known = machine_name(code);
            return refused(
                "program-machine",
                format!("`{name}` is for {known}, and the platform's machines are arm64 or x64"),
                format!("build it for `{}` or `{}`", Arch::Arm64.musl_target(), Arch::X64.musl_target()),
            );
        }
    };
    if let Some(wanted) = wanted.filter(|&wanted| wanted != arch) {
        return refused(
            "program-machine",
            format!("`{name}` is for {arch}, and `--arch {wanted}` was asked for"),
            format!("give `--arch {arch}`, or a program built for `{}`", wanted.musl_target()),
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
        let target = arch.musl_target();
        let needs = elf.interpreter.as_ref().map_or_else(
            || elf.needed.first().map(|library| format!("the library `{library}`")),
            |interpreter| Some(format!("the loader `{interpreter}`")),
        );
        // A shared object without a loader has libraries and no entry; say first that it is a library.
        if !elf.has_entry {
            return refused(
                "program-no-entry",
                format!("`{name}` has no entry point: it is a shared library, not a program"),
                "build a binary (`src/main.rs`, or a `[[bin]]`), not a `cdylib`".to_owned(),
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
        gate("app", &Elf::read("app", bytes)?, wanted, Rules::EXECUTABLE)
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
