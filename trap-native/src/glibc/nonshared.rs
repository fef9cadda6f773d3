//! The few functions of glibc that are linked into every program, because they must know which one calls them.
//!
//! What a library registers must go when the library does. So these are not part of `libc.so.6`: each adds
//! `__dso_handle`, whose address stands for the library it is linked into, and goes on to the function that does it.

use object::write::{Object, Relocation, SectionId, Symbol, SymbolId, SymbolSection};
use object::{
    Architecture, BinaryFormat, Endianness, RelocationFlags, SectionKind, SymbolFlags, SymbolKind,
    SymbolScope, elf,
};

use crate::Arch;

/// The name of the object file.
pub const NAME: &str = "libc_nonshared.o";

/// A function, what it goes on to, and its instructions on x64 and arm64, with zeros for what the linker fills in: the
/// distance to `__dso_handle`, then that to the function.
const FUNCTIONS: [(&str, &str, &[u8], [u32; 4]); 3] = [
    (
        "atexit",       // (function)
        "__cxa_atexit", // (function, null, handle)
        // xor esi, esi; lea rdx, [rip + handle]; jmp
        b"\x31\xf6\x48\x8d\x15\0\0\0\0\xe9\0\0\0\0",
        // mov x1, xzr; adrp x2, handle; add x2, x2, handle; b
        [0xaa1f_03e1, 0x9000_0002, 0x9100_0042, 0x1400_0000],
    ),
    (
        "at_quick_exit",       // (function)
        "__cxa_at_quick_exit", // (function, handle)
        // xchg ax, ax; lea rsi, [rip + handle]; jmp
        b"\x66\x90\x48\x8d\x35\0\0\0\0\xe9\0\0\0\0",
        // nop; adrp x1, handle; add x1, x1, handle; b
        [0xd503_201f, 0x9000_0001, 0x9100_0021, 0x1400_0000],
    ),
    (
        "pthread_atfork",    // (before, in the parent, in the child)
        "__register_atfork", // (before, in the parent, in the child, handle)
        // xchg ax, ax; lea rcx, [rip + handle]; jmp
        b"\x66\x90\x48\x8d\x0d\0\0\0\0\xe9\0\0\0\0",
        // nop; adrp x3, handle; add x3, x3, handle; b
        [0xd503_201f, 0x9000_0003, 0x9100_0063, 0x1400_0000],
    ),
];

/// What the linker fills in: where, what kind of distance, and what is added to it.
type Hole = (u64, elf::RelocationType, i64);

const X64_HANDLE: &[Hole] = &[(5, elf::R_X86_64_PC32, -4)];
const X64_CALL: &[Hole] = &[(10, elf::R_X86_64_PLT32, -4)];
const ARM64_HANDLE: &[Hole] =
    &[(4, elf::R_AARCH64_ADR_PREL_PG_HI21, 0), (8, elf::R_AARCH64_ADD_ABS_LO12_NC, 0)];
const ARM64_CALL: &[Hole] = &[(12, elf::R_AARCH64_JUMP26, 0)];

/// The object file for a machine. Each function has a section of its own, so that a link drops those it does not use.
pub fn object(arch: Arch) -> Vec<u8> {
    build(arch).expect("three functions are far below what the format can hold")
}

fn build(arch: Arch) -> object::write::Result<Vec<u8>> {
    let (architecture, handle_holes, call_holes) = match arch {
        Arch::Arm64 => (Architecture::Aarch64, ARM64_HANDLE, ARM64_CALL),
        Arch::X64 => (Architecture::X86_64, X64_HANDLE, X64_CALL),
    };
    let mut object = Object::new(BinaryFormat::Elf, architecture, Endianness::Little);
    // Says that nothing of it needs a stack that can be executed.
    object.add_section(Vec::new(), b".note.GNU-stack".to_vec(), SectionKind::Other);
    let handle = symbol(&mut object, "__dso_handle", None, elf::STT_NOTYPE);
    for (name, goes_on_to, x64, arm64) in FUNCTIONS {
        let arm64: Vec<u8> = arm64.iter().flat_map(|instruction| instruction.to_le_bytes()).collect();
        let code = if arch == Arch::X64 { x64 } else { &arm64 };
        let section = object.add_section(Vec::new(), format!(".text.{name}").into_bytes(), SectionKind::Text);
        object.append_section_data(section, code, 4);
        symbol(&mut object, name, Some((section, code.len() as u64)), elf::STT_FUNC);
        let target = object.add_symbol(undefined(goes_on_to));
        for (holes, symbol) in [(handle_holes, handle), (call_holes, target)] {
            for &(offset, r_type, addend) in holes {
                let flags = RelocationFlags::Elf { r_type };
                object.add_relocation(section, Relocation { offset, symbol, addend, flags })?;
            }
        }
    }
    object.write()
}

fn undefined(name: &str) -> Symbol {
    Symbol {
        name: name.as_bytes().to_vec(),
        value: 0,
        size: 0,
        kind: SymbolKind::Text,
        scope: SymbolScope::Unknown,
        weak: false,
        section: SymbolSection::Undefined,
        flags: SymbolFlags::None,
    }
}

/// A symbol that nobody outside of the library it is linked into can see.
fn symbol(
    object: &mut Object<'_>,
    name: &str,
    place: Option<(SectionId, u64)>,
    kind: elf::SymbolType,
) -> SymbolId {
    let st_info = elf::SymbolInfo::new(elf::STB_GLOBAL, kind);
    object.add_symbol(Symbol {
        size: place.map_or(0, |(_, size)| size),
        section: place.map_or(SymbolSection::Undefined, |(section, _)| SymbolSection::Section(section)),
        scope: SymbolScope::Linkage,
        flags: SymbolFlags::Elf { st_info, st_other: elf::STV_HIDDEN.into() },
        ..undefined(name)
    })
}
