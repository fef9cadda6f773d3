//! The stub libraries, written byte by byte: tables of symbols and versions, and no code.

use object::write::elf::{FileHeader, SectionHeader, Sym, Verdef, Writer};
use object::{Endianness, elf};

use super::{File, Glibc, Library, Symbol, Version, nonshared};
use crate::Arch;

/// All files for a machine. The names are those by which a linker looks for `-lc`, `-lm` and so on.
pub fn files(glibc: &Glibc) -> Vec<File> {
    let mut files: Vec<File> = glibc
        .libraries
        .iter()
        .map(|library| File { name: link_name(library.name), bytes: library_file(library, glibc.arch) })
        .collect();
    let loader = glibc.libraries.iter().map(|library| library.name).find(|name| name.starts_with("ld-"));
    // As glibc itself does it: `-lc` is the library, what is linked into every program, and what its loader offers.
    let script = format!("INPUT({LIBC} {} AS_NEEDED({}))\n", nonshared::NAME, loader.unwrap_or_default());
    files.push(File { name: "libc.so".to_owned(), bytes: script.into_bytes() });
    files.push(File { name: nonshared::NAME.to_owned(), bytes: nonshared::object(glibc.arch) });
    files
}

const LIBC: &str = "libc.so.6";

/// `libm.so` for `libm.so.6`. The two that stand in the script for `-lc` keep their names.
fn link_name(name: &str) -> String {
    match name.split_once(".so.") {
        Some((stem, _)) if name != LIBC && stem.starts_with("lib") => format!("{stem}.so"),
        _ => name.to_owned(),
    }
}

pub const fn machine(arch: Arch) -> elf::Machine {
    match arch {
        Arch::Arm64 => elf::EM_AARCH64,
        Arch::X64 => elf::EM_X86_64,
    }
}

/// One library. There is no segment: nothing ever loads it.
fn library_file(library: &Library, arch: Arch) -> Vec<u8> {
    write(library, arch).expect("the tables of a library are far below what the format can hold")
}

fn write(library: &Library, arch: Arch) -> object::write::Result<Vec<u8>> {
    let header = FileHeader {
        os_abi: elf::ELFOSABI_NONE,
        abi_version: 0,
        e_type: elf::ET_DYN,
        e_machine: machine(arch),
        e_entry: 0,
        e_flags: elf::FileFlags(0),
    };
    let versions = versions(library);
    let mut bytes = Vec::new();
    let mut writer = Writer::new_single_phase(Endianness::Little, true, &mut bytes);
    writer.write_file_header(&header)?;
    let text_name = writer.add_section_name(b".text");

    writer.write_null_dynamic_symbol();
    let entries = || {
        let each = |symbol| definitions(symbol).map(move |version| (symbol, version));
        library.symbols.iter().flat_map(each)
    };
    for (symbol, _) in entries() {
        let kind = if symbol.is_data { elf::STT_OBJECT } else { elf::STT_FUNC };
        let name = writer.add_dynamic_string(symbol.name.as_bytes());
        writer.write_dynamic_symbol(&Sym {
            section: Some(TEXT),
            st_name: writer.dynamic_string_offset(Some(name)),
            st_info: elf::SymbolInfo::new(elf::STB_GLOBAL, kind),
            st_other: elf::SymbolOther(0),
            st_shndx: elf::SymbolSection(0),
            st_value: 0,
            // Data of no size would look like a mistake to some linkers.
            st_size: if symbol.is_data { 8 } else { 0 },
        });
    }
    writer.write_null_gnu_versym();
    for (_, version) in entries() {
        let place = versions.iter().position(|name| *name == version.name).unwrap_or_default();
        writer.write_gnu_versym(index(place).versym(!version.is_default));
    }
    let all: Vec<_> = std::iter::once(library.name).chain(versions.iter().copied()).collect();
    writer.write_align_gnu_verdef(narrow(all.len()));
    for (place, name) in all.iter().enumerate() {
        let string = writer.add_dynamic_string(name.as_bytes());
        writer.write_gnu_verdef(&Verdef {
            version: elf::VER_DEF_CURRENT,
            // The first one names the library itself.
            flags: if place == 0 { elf::VER_FLG_BASE } else { elf::VersionFlags(0) },
            index: elf::VersionIndex(narrow(place + 1)),
            aux_count: 1,
            name: writer.dynamic_string_offset(Some(string)),
            hash: elf::hash(name.as_bytes()),
        });
    }
    let soname = writer.add_dynamic_string(library.name.as_bytes());
    let (strings, _) = writer.write_dynstr()?;
    writer.write_align_dynamic();
    writer.write_dynamic_string(elf::DT_SONAME, soname)?;
    writer.write_dynamic(elf::DT_NULL, 0)?;
    let (names, _) = writer.write_shstrtab()?;
    let _ = (strings, names);

    writer.write_null_section_header();
    writer.write_section_header(&SectionHeader {
        sh_name: writer.section_name_offset(Some(text_name)),
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
    writer.write_gnu_verdef_section_header(0);
    writer.write_dynamic_section_header(0);
    writer.write_shstrtab_section_header();
    let mut head = Vec::new();
    writer.write_file_header_to(&mut head)?;
    bytes[..head.len()].copy_from_slice(&head);
    Ok(bytes)
}

/// The section that definitions belong to; it is empty.
const TEXT: u32 = 1;

/// Every version that a library has, once.
fn versions(library: &Library) -> Vec<&str> {
    let mut names = Vec::new();
    for version in library.symbols.iter().flat_map(definitions) {
        if !names.contains(&version.name.as_str()) {
            names.push(version.name.as_str());
        }
    }
    names
}

fn definitions(symbol: &Symbol) -> std::slice::Iter<'_, Version> {
    symbol.versions.iter()
}

/// 0 and 1 stand for no version, and for the library itself.
fn index(place: usize) -> elf::VersionIndex {
    elf::VersionIndex(narrow(place + 2))
}

fn narrow(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use object::Endianness;
    use object::elf::FileHeader64;
    use object::read::elf::{Dyn as _, FileHeader as _, Sym as _};

    use super::*;

    /// What a linker reads out of a stub is what the list says: names, versions, which of them a link takes, and whether
    /// code or data is behind it.
    #[test]
    fn a_stub_defines_what_the_list_names() {
        for arch in Arch::ALL {
            let glibc = Glibc::of(arch);
            let files = files(&glibc);
            for library in &glibc.libraries {
                let file = files.iter().find(|file| file.name == link_name(library.name)).unwrap();
                let data = file.bytes.as_slice();
                let header = FileHeader64::<Endianness>::parse(data).unwrap();
                let endian = header.endian().unwrap();
                let sections = header.sections(endian, data).unwrap();
                let (entries, strings) = sections.dynamic(endian, data).unwrap().unwrap();
                let strings = sections.strings(endian, data, strings).unwrap();
                let soname = entries.iter().find(|entry| entry.d_tag(endian) == elf::DT_SONAME).unwrap();
                assert_eq!(soname.string(endian, strings).unwrap(), library.name.as_bytes());

                let versions = sections.versions(endian, data).unwrap().unwrap();
                let symbols = sections.symbols(endian, data, elf::SHT_DYNSYM).unwrap();
                let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                let read: BTreeSet<_> = (symbols.iter().enumerate().skip(1))
                    .map(|(at, symbol)| {
                        let index = versions.version_index(endian, object::SymbolIndex(at));
                        let version = versions.version(index.index()).unwrap().unwrap().name();
                        let name = symbol.name(endian, symbols.strings()).unwrap();
                        (text(name), text(version), !index.is_hidden(), symbol.st_type() == elf::STT_OBJECT)
                    })
                    .collect();
                let listed = library.symbols.iter().flat_map(|symbol| {
                    definitions(symbol).map(|version| {
                        (symbol.name.to_owned(), version.name.clone(), version.is_default, symbol.is_data)
                    })
                });
                assert_eq!(read, listed.collect(), "{} for {arch:?}", library.name);
            }
        }
    }
}
