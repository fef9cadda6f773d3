//! The C library of hosts: the files that a library is linked against, made when they are first needed.

use std::path::PathBuf;

use trap_native::glibc::Glibc;

use crate::arch::Arch;
use crate::files::{self, Mode};
use crate::{Result, cache, payload};

/// The folder of the stub libraries for a machine. It need not be there yet: see [`write_stubs`].
///
/// # Errors
/// `no-cache`.
pub fn stubs(arch: Arch) -> Result<PathBuf> {
    // Named by what is in it, so that another version of this tool brings its own.
    let content: Vec<u8> =
        of(arch).stubs().into_iter().flat_map(|file| [file.name.into_bytes(), file.bytes].concat()).collect();
    let hash = payload::sha256(&content);
    Ok(cache::folder()?.join(format!("glibc-{}", &hash[..16])).join(arch.as_str()))
}

/// Writes the stub libraries, unless they are there.
///
/// # Errors
/// When a file cannot be written.
pub fn write_stubs(arch: Arch) -> Result<PathBuf> {
    let folder = stubs(arch)?;
    for file in of(arch).stubs() {
        let path = folder.join(&file.name);
        // Whole or not at all, so its length tells whether it is the file.
        if path.metadata().is_ok_and(|metadata| metadata.len() == file.bytes.len() as u64) {
            continue;
        }
        files::write(&path, &file.bytes, Mode::Plain)?;
    }
    Ok(folder)
}

fn of(arch: Arch) -> Glibc {
    Glibc::of(arch.into())
}
