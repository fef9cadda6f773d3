//! What a compiled program is, read from its headers. [`crate::gate`] judges it.

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
