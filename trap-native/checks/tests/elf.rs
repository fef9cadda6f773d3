//! What the addon makes of the first bytes of a file.

#[path = "../../addon/src/elf.rs"]
mod elf;

use elf::Misfit;

/// A head: class and byte order, type, machine.
fn head(identity: [u8; 2], kind: u16, machine: u16) -> Vec<u8> {
    let mut head = vec![0; elf::HEAD];
    head[..4].copy_from_slice(b"\x7fELF");
    head[4..6].copy_from_slice(&identity);
    head[16..18].copy_from_slice(&kind.to_le_bytes());
    head[18..20].copy_from_slice(&machine.to_le_bytes());
    head
}

const OWN: u16 = if cfg!(target_arch = "aarch64") { 183 } else { 62 };

#[test]
fn a_library_for_this_machine_fits() {
    assert_eq!(elf::check(&head([2, 1], 3, OWN)), Ok(()));
    assert_eq!(elf::name(OWN), Some(elf::own_name()));
}

#[test]
fn everything_else_is_told_apart() {
    let other = if OWN == 62 { 183 } else { 62 };
    assert_eq!(elf::check(&head([2, 1], 3, other)), Err(Misfit::OtherMachine(other)));
    // 32-bit programs of some machines have the number of the 64-bit ones.
    assert_eq!(elf::check(&head([1, 1], 3, OWN)), Err(Misfit::OtherMachine(OWN)));
    assert_eq!(elf::check(&head([2, 2], 3, OWN)), Err(Misfit::OtherMachine(OWN)));
    assert_eq!(elf::name(0x1234), None);
    for (bytes, says) in [
        (vec![], "empty"),
        (vec![0; 3], "no shared library"),
        (vec![0; elf::HEAD], "no shared library"),
        (head([2, 1], 3, OWN)[..19].to_vec(), "no shared library"),
        (head([2, 1], 2, OWN), "program"),
        (head([2, 1], 1, OWN), "object file"),
    ] {
        let Err(Misfit::NoLibrary(words)) = elf::check(&bytes) else { panic!("{says}") };
        assert!(words.contains(says), "{words}");
    }
}
