//! What the built exec stub is: something that every loader takes into any Node process, and nothing more.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use object::elf::{self, DynamicTag};
use object::read::elf::{ElfFile64, FileHeader as _, ProgramHeader as _};
use object::{Endianness, Object as _, ObjectSymbol as _};
use trap_native::{Arch, stub};

type File = ElfFile64<'static, Endianness>;

/// Both stubs, parsed.
fn stubs() -> impl Iterator<Item = (Arch, File)> {
    Arch::ALL.into_iter().map(|arch| (arch, File::parse(stub(arch)).unwrap()))
}

/// Type, flags and alignment of every segment.
fn segments(file: &File) -> Vec<(elf::ProgramType, u32, u64)> {
    let endian = file.endian();
    let facts = |segment: &elf::ProgramHeader64<Endianness>| {
        (segment.p_type(endian), segment.p_flags(endian).0, segment.p_align(endian))
    };
    file.elf_program_headers().iter().map(facts).collect()
}

fn dynamic(file: &File, tag: DynamicTag) -> Vec<u64> {
    let table = file.elf_dynamic_table().unwrap();
    table.iter().filter(|entry| entry.tag == tag).map(|entry| entry.val).collect()
}

#[test]
fn it_is_a_small_shared_object_for_its_machine() {
    for (arch, file) in stubs() {
        let (header, endian) = (file.elf_header(), file.endian());
        assert_eq!(header.e_type(endian), elf::ET_DYN);
        let machine = if arch == Arch::Arm64 { elf::EM_AARCH64 } else { elf::EM_X86_64 };
        assert_eq!(header.e_machine(endian), machine);
        // Every artifact carries it, and a base64 payload writes it to disk at every start.
        assert!(stub(arch).len() < 3600, "{arch:?} has {} bytes", stub(arch).len());
    }
}

#[test]
fn it_needs_no_library_and_one_symbol_of_the_process() {
    for (arch, file) in stubs() {
        assert_eq!(dynamic(&file, elf::DT_NEEDED), [0; 0], "{arch:?}");
        let symbols: Vec<_> = file.dynamic_symbols().map(|symbol| symbol.name().unwrap()).collect();
        assert_eq!(symbols, ["environ"], "{arch:?}");
        assert!(file.dynamic_symbols().all(|symbol| symbol.is_undefined()), "{arch:?} defines a symbol");
        // A version would tie it to one C library.
        for tag in [elf::DT_VERNEED, elf::DT_VERSYM, elf::DT_VERDEF] {
            assert_eq!(dynamic(&file, tag), [0; 0], "{arch:?}");
        }
    }
}

#[test]
fn it_runs_its_constructor_and_nothing_else() {
    for (arch, file) in stubs() {
        assert_eq!(dynamic(&file, elf::DT_INIT_ARRAYSZ), [8], "{arch:?} has one constructor");
        for tag in [elf::DT_INIT, elf::DT_FINI, elf::DT_FINI_ARRAY, elf::DT_JMPREL] {
            assert_eq!(dynamic(&file, tag), [0; 0], "{arch:?}");
        }
    }
}

#[test]
fn it_fits_kernels_with_large_pages() {
    for (arch, file) in stubs() {
        for (kind, _, alignment) in segments(&file) {
            assert!(kind != elf::PT_LOAD || alignment == 0x10000, "{arch:?}: {alignment:#x}");
        }
    }
}

#[test]
fn nothing_of_it_can_be_written_and_executed() {
    for (arch, file) in stubs() {
        for (kind, flags, _) in segments(&file) {
            let both = elf::PF_W.0 | elf::PF_X.0;
            assert!(flags & both != both, "{arch:?}: {kind:?}");
        }
        // Without this header loaders make the stack executable.
        let stack: Vec<_> =
            segments(&file).into_iter().filter(|(kind, ..)| *kind == elf::PT_GNU_STACK).collect();
        assert!(matches!(stack[..], [(_, flags, _)] if flags & elf::PF_X.0 == 0), "{arch:?}: {stack:?}");
        assert_eq!(dynamic(&file, elf::DT_TEXTREL), [0; 0], "{arch:?}");
        let flags = dynamic(&file, elf::DT_FLAGS);
        assert!(flags.iter().all(|flags| flags & elf::DF_TEXTREL.0 == 0), "{arch:?}");
    }
}
