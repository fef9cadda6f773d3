//! A Node on musl, as Alpine's: its C library comes from the system, the rest from its wheel.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Result, tools};

/// A Node that runs on musl.
#[derive(Debug)]
pub struct Musl {
    libraries: PathBuf,
    node: PathBuf,
}

const LOADER: &str = "/lib/x86_64-linux-musl/libc.so";
/// The name under which Alpine's libraries ask for musl.
const NAME: &str = "libc.musl-x86_64.so.1";

impl Musl {
    /// Lays out its libraries in a folder.
    ///
    /// # Errors
    /// When `cargo xtask setup node-musl` has not been there, or a file is not as expected.
    pub fn new(folder: &Path) -> Result<Self> {
        let root = tools::cache().join("node/musl");
        let (node, from) = (root.join("bin/node"), root.join("lib"));
        let libraries = folder.join("musl");
        fs::create_dir_all(&libraries).map_err(|error| format!("creating a folder: {error}"))?;
        let entries = fs::read_dir(&from).map_err(|error| {
            format!("`{}`: {error}; `cargo xtask setup node-musl` installs it", from.display())
        })?;
        for entry in entries {
            let path = entry.map_err(|error| format!("listing libraries: {error}"))?.path();
            let bytes = fs::read(&path).map_err(|error| format!("reading a library: {error}"))?;
            let bytes = unpacked(&bytes).ok_or_else(|| format!("`{}` is not as expected", path.display()))?;
            let name = path.file_name().unwrap_or_default();
            fs::write(libraries.join(name), &bytes).map_err(|error| format!("writing a library: {error}"))?;
            // A wheel renames what it brings. Alpine has it under its own name, and libraries of others ask for it.
            if name.to_string_lossy().starts_with("libgcc_s") {
                let own = libraries.join("libgcc_s.so.1");
                fs::write(own, bytes).map_err(|error| format!("writing a library: {error}"))?;
            }
        }
        fs::copy(LOADER, libraries.join(NAME)).map_err(|error| format!("`{LOADER}`: {error}"))?;
        Ok(Self { libraries, node })
    }

    /// This Node, ready for arguments.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(LOADER);
        command.arg("--library-path").arg(&self.libraries).arg(&self.node);
        command
    }
}

const SEGMENT: usize = 56;
const PAGE: usize = 0x1000;
const PT_LOAD: u64 = 1;
const PT_DYNAMIC: u64 = 2;
const PT_NOTE: u64 = 4;
/// A relocation by the address at which the library lies, on x64.
const RELATIVE: u64 = 8;

/// The same library with its packed relocations (`DT_RELR`) written out, for a musl before 1.2.4, which skips them. They
/// go to the end of the file, and the segment of its notes becomes the one that loads them.
fn unpacked(library: &[u8]) -> Option<Vec<u8>> {
    let word = |at: usize| Some(u64::from_le_bytes(library.get(at..at + 8)?.try_into().ok()?));
    let at = |at: usize| usize::try_from(word(at)?).ok();
    let half = |at: usize| Some(usize::from(u16::from_le_bytes(library.get(at..at + 2)?.try_into().ok()?)));
    let segments: Vec<usize> =
        (0..half(56)?).map(|n| at(32).map(|first| first + n * SEGMENT)).collect::<Option<_>>()?;
    let kind = |segment: usize| word(segment).map(|word| word & 0xffff_ffff);
    let of_kind = |wanted| segments.iter().copied().find(|&segment| kind(segment) == Some(wanted));
    // Where in the file a place in memory lies.
    let place = |address: usize| {
        segments.iter().filter(|&&segment| kind(segment) == Some(PT_LOAD)).find_map(|&segment| {
            let (offset, start, length) = (at(segment + 8)?, at(segment + 16)?, at(segment + 32)?);
            (start..start + length).contains(&address).then(|| offset + address - start)
        })
    };
    let end = segments.iter().filter(|&&segment| kind(segment) == Some(PT_LOAD));
    let end = end.map(|&segment| Some(at(segment + 16)? + at(segment + 40)?)).collect::<Option<Vec<_>>>()?;
    let end = end.into_iter().max()?.next_multiple_of(PAGE);

    let dynamic = of_kind(PT_DYNAMIC)?;
    let (first, length) = (at(dynamic + 8)?, at(dynamic + 32)?);
    let entry = |tag: u64| (first..first + length).step_by(16).find(|&entry| word(entry) == Some(tag));
    let value = |tag: u64| entry(tag).and_then(|entry| at(entry + 8));
    let (Some(packed), Some(packed_length)) = (value(36), value(35)) else { return Some(library.to_vec()) };

    // <https://gabi.xinuos.com/elf/06-reloc.html#relative-relocation-table>
    let mut places = Vec::new();
    let mut next = 0;
    for entry in (0..packed_length).step_by(8) {
        let entry = at(place(packed)? + entry)?;
        if entry & 1 == 0 {
            places.push(entry);
            next = entry + 8;
        } else {
            places.extend((0..63).filter(|bit| entry >> (bit + 1) & 1 == 1).map(|bit| next + bit * 8));
            next += 63 * 8;
        }
    }
    let (old, old_length) = (value(7)?, value(8)?);
    let mut table = library.get(place(old)?..place(old)? + old_length)?.to_vec();
    for address in places {
        let addend = word(place(address)?)?;
        table.extend([address as u64, RELATIVE, addend].into_iter().flat_map(u64::to_le_bytes));
    }

    let mut new = library.to_vec();
    new.resize(new.len().next_multiple_of(PAGE), 0);
    let offset = new.len() as u64;
    new.extend(&table);
    let mut put = |at: usize, values: &[u64]| {
        for (index, value) in values.iter().enumerate() {
            new[at + index * 8..at + index * 8 + 8].copy_from_slice(&value.to_le_bytes());
        }
    };
    let (start, length) = (end as u64, table.len() as u64);
    // Readable (4), and as long in memory as in the file.
    put(of_kind(PT_NOTE)?, &[4 << 32 | PT_LOAD, offset, start, start, length, length, PAGE as u64]);
    put(entry(7)?, &[7, start]);
    put(entry(8)?, &[8, length]);
    // What names the packed table becomes what every loader knows and nobody needs (`DT_BIND_NOW`).
    for tag in [35, 36, 37] {
        put(entry(tag)?, &[24]);
    }
    Some(new)
}
