//! Shared objects of every kind, made byte by byte, before the gate.

use object::write::elf::{FileHeader, SectionHeader, Sym, Vernaux, Verneed, Writer};
use object::{Endianness, elf};

use super::*;

/// A shared object: what it defines, what it wants, and what it says of itself.
#[derive(Clone, Copy)]
struct Library<'a> {
    machine: elf::Machine,
    defines: &'a [&'a str],
    /// Each with its version, and whether it is wanted weakly.
    wants: &'a [(&'a str, Option<&'a str>, bool)],
    needs: &'a [&'a str],
    is_program: bool,
}

const GOOD: Library<'_> = Library {
    machine: elf::EM_X86_64,
    defines: &["trap"],
    wants: &[
        ("realpath", Some("GLIBC_2.3"), false),
        ("_Unwind_Backtrace", Some("GCC_3.3"), false),
        ("_Unwind_RaiseException", Some("GCC_3.0"), false),
        ("gnu_get_libc_version", Some("GLIBC_2.2.5"), true),
        ("__gmon_start__", None, true),
    ],
    needs: &["libc.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2"],
    is_program: false,
};

impl Library<'_> {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = Writer::new_single_phase(Endianness::Little, true, &mut bytes);
        let header = FileHeader {
            os_abi: elf::ELFOSABI_NONE,
            abi_version: 0,
            e_type: elf::ET_DYN,
            e_machine: self.machine,
            e_entry: 0,
            e_flags: elf::FileFlags(0),
        };
        writer.write_file_header(&header).unwrap();
        let text = writer.add_section_name(b".text");
        let mut versions: Vec<&str> = self.wants.iter().filter_map(|(_, version, _)| *version).collect();
        versions.sort_unstable();
        versions.dedup();
        let index = |version: &str| {
            elf::VersionIndex(2 + versions.iter().position(|v| *v == version).unwrap() as u16)
        };

        writer.write_null_dynamic_symbol();
        let defined = self.defines.iter().map(|name| (*name, Some(1), false));
        let wanted = self.wants.iter().map(|(name, _, weak)| (*name, None, *weak));
        for (name, section, weak) in defined.chain(wanted) {
            let name = writer.add_dynamic_string(name.as_bytes().to_vec().leak());
            let binding = if weak { elf::STB_WEAK } else { elf::STB_GLOBAL };
            writer.write_dynamic_symbol(&Sym {
                section,
                st_name: writer.dynamic_string_offset(Some(name)),
                st_info: elf::SymbolInfo::new(binding, elf::STT_FUNC),
                st_other: elf::SymbolOther(0),
                st_shndx: elf::SHN_UNDEF,
                st_value: 0,
                st_size: 0,
            });
        }
        writer.write_null_gnu_versym();
        for _ in self.defines {
            writer.write_gnu_versym(elf::VER_NDX_GLOBAL.versym(false));
        }
        for (_, version, _) in self.wants {
            writer.write_gnu_versym(version.map_or(elf::VER_NDX_GLOBAL, index).versym(false));
        }
        writer.write_align_gnu_verneed(1);
        let file = writer.add_dynamic_string(b"libc.so.6");
        let file = writer.dynamic_string_offset(Some(file));
        writer.write_gnu_verneed(&Verneed { version: 1, aux_count: versions.len() as u16, file });
        for version in &versions {
            let name = writer.add_dynamic_string(version.as_bytes().to_vec().leak());
            writer.write_gnu_vernaux(&Vernaux {
                flags: elf::VersionFlags(0),
                index: index(version),
                name: writer.dynamic_string_offset(Some(name)),
                hash: elf::hash(version.as_bytes()),
            });
        }
        let needs: Vec<_> = self
            .needs
            .iter()
            .map(|name| writer.add_dynamic_string(name.as_bytes().to_vec().leak()))
            .collect();
        writer.write_dynstr().unwrap();
        writer.write_align_dynamic();
        for library in needs {
            writer.write_dynamic_string(elf::DT_NEEDED, library).unwrap();
        }
        if self.is_program {
            writer.write_dynamic(elf::DT_FLAGS_1, elf::DF_1_PIE.0).unwrap();
        }
        writer.write_dynamic(elf::DT_NULL, 0).unwrap();
        writer.write_shstrtab().unwrap();
        writer.write_null_section_header();
        writer.write_section_header(&SectionHeader {
            sh_name: writer.section_name_offset(Some(text)),
            sh_type: elf::SHT_PROGBITS,
            sh_flags: elf::SHF_ALLOC | elf::SHF_EXECINSTR,
            sh_addr: 0,
            sh_offset: 0,
            sh_size: 0,
            sh_link: 0,
            sh_info: 0,
            sh_addralign: 1,
            sh_entsize: 0,
        });
        writer.write_dynstr_section_header(0);
        writer.write_dynsym_section_header(0, 1);
        writer.write_gnu_versym_section_header(0);
        writer.write_gnu_verneed_section_header(0);
        writer.write_dynamic_section_header(0);
        writer.write_shstrtab_section_header();
        let mut head = Vec::new();
        writer.write_file_header_to(&mut head).unwrap();
        bytes[..head.len()].copy_from_slice(&head);
        bytes
    }

    fn judge(&self, wanted: Option<Arch>, host: &str) -> Result<Vec<String>> {
        let bytes = self.bytes();
        check("lib.so", &Elf::read("lib.so", &bytes)?, &bytes, wanted, host.parse().unwrap())
    }

    fn refusal(&self) -> (&'static str, String) {
        let error = self.judge(None, "2.34").expect_err("the gate should refuse it");
        assert!(error.hint().is_some(), "{error}");
        (error.code(), error.to_string())
    }
}

#[test]
fn a_library_for_the_platform_passes_without_a_warning() {
    assert_eq!(GOOD.judge(Some(Arch::X64), "2.34").unwrap(), Vec::<String>::new());
    // A newer glibc has all that an older one has.
    assert_eq!(GOOD.judge(None, "2.40").unwrap(), Vec::<String>::new());
}

#[test]
fn the_wrong_machine_is_named() {
    assert_eq!(GOOD.judge(Some(Arch::Arm64), "2.34").unwrap_err().code(), "program-machine");
    let other = Library { machine: elf::EM_RISCV, ..GOOD };
    let (code, message) = other.refusal();
    assert_eq!(code, "program-machine");
    assert!(message.contains("RISC-V"), "{message}");
}

#[test]
fn without_its_entry_or_as_a_program_it_is_refused() {
    for library in [Library { defines: &["main"], ..GOOD }, Library { is_program: true, ..GOOD }] {
        assert_eq!(library.refusal().0, "library-no-entry");
    }
    // Wanting it is not having it.
    let wants = Library { defines: &[], wants: &[("trap", None, true)], ..GOOD };
    assert_eq!(wants.refusal().0, "library-no-entry");
}

#[test]
fn what_the_platform_lacks_is_named_with_its_version() {
    for (wants, named) in [
        (("arc4random", Some("GLIBC_2.36"), false), "`arc4random@GLIBC_2.36`"),
        (("no_such_function", None, false), "`no_such_function`"),
        // Of arm64.
        (("realpath", Some("GLIBC_2.17"), false), "`realpath@GLIBC_2.17`"),
        // The oldest, which fails, is what a symbol without a version is bound to.
        (("realpath", None, false), "`realpath`"),
        // Who asks for a version gets it or does not start, however weakly.
        (("something", Some("GLIBC_2.38"), true), "`GLIBC_2.38`"),
    ] {
        let (code, message) = Library { wants: &[wants], ..GOOD }.refusal();
        assert_eq!(code, "library-symbol", "{named}");
        assert!(message.contains(named) && message.contains("glibc 2.34"), "{message}");
    }
}

#[test]
fn an_older_platform_has_less() {
    let recent = Library { wants: &[("stat64", Some("GLIBC_2.33"), false)], ..GOOD };
    recent.judge(None, "2.33").unwrap();
    let error = recent.judge(None, "2.26").unwrap_err();
    assert_eq!(error.code(), "library-symbol");
    assert!(error.to_string().contains("glibc 2.26"), "{error}");
}

#[test]
fn a_long_list_is_cut() {
    let wants = ["a", "b", "c", "d", "e"].map(|name| (name, None, false));
    let (_, message) = Library { wants: &wants, ..GOOD }.refusal();
    assert!(message.contains("`a`, `b`, `c` and 2 more"), "{message}");
}

#[test]
fn a_library_that_is_not_glibcs_is_named() {
    let (code, message) = Library { needs: &["libc.so.6", "libssl.so.3"], ..GOOD }.refusal();
    assert_eq!(code, "library-needs");
    assert!(message.contains("`libssl.so.3`") && !message.contains("libc"), "{message}");
    // What every program needed before 2.34.
    let old = Library {
        needs: &["libpthread.so.0", "libdl.so.2"],
        wants: &[("dlopen", Some("GLIBC_2.2.5"), false)],
        ..GOOD
    };
    old.judge(None, "2.34").unwrap();
}

#[test]
fn rust_that_cannot_unwind_is_warned_about_and_other_languages_are_not() {
    let walks = ("_Unwind_Backtrace", Some("GCC_3.3"), false);
    let warnings = Library { wants: &[walks], ..GOOD }.judge(None, "2.34").unwrap();
    assert!(matches!(&warnings[..], [only] if only.contains("panic = \"abort\"")), "{warnings:?}");
    let c = Library { wants: &[("malloc", Some("GLIBC_2.2.5"), false)], ..GOOD };
    assert_eq!(c.judge(None, "2.34").unwrap(), Vec::<String>::new());
}

#[test]
fn no_mutilated_library_is_more_than_an_error() {
    let whole = GOOD.bytes();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize
    };
    let mut refused = 0;
    for _ in 0..300 {
        let mut bytes = whole.clone();
        for _ in 0..=next() % 3 {
            let at = next() % bytes.len();
            bytes[at] = next() as u8;
        }
        let judged =
            Elf::read("lib.so", &bytes).and_then(|elf| check("lib.so", &elf, &bytes, None, Release::LISTED));
        refused += usize::from(judged.is_err());
    }
    assert!(refused > 0, "no mutation was noticed");
}
