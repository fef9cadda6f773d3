//! Shared objects of a few lines, compiled as a library for a host is: by rustc alone, against stub libraries.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use trap_native::{Libraries, glibc::Glibc, shared_object};

use crate::{Result, artifact::run, subject::Arch};

impl From<Arch> for trap_native::Arch {
    fn from(arch: Arch) -> Self {
        match arch {
            Arch::X64 => Self::X64,
            Arch::Arm64 => Self::Arm64,
        }
    }
}

/// Writes the stub libraries for a machine into a folder, and says where.
///
/// # Errors
/// When a file cannot be written.
pub fn stubs(arch: Arch, folder: &Path) -> Result<PathBuf> {
    let stubs = folder.join(format!("stubs-{arch}"));
    fs::create_dir_all(&stubs).map_err(|error| format!("creating `{}`: {error}", stubs.display()))?;
    for file in Glibc::of(arch.into()).stubs() {
        fs::write(stubs.join(&file.name), file.bytes).map_err(|error| format!("writing a stub: {error}"))?;
    }
    Ok(stubs)
}

/// Compiles a source text into `<folder>/<name>.so`, for glibc.
///
/// # Errors
/// With everything the compiler printed.
pub fn compile(name: &str, source: &str, arch: Arch, folder: &Path, more: &[&str]) -> Result<PathBuf> {
    let (text, library) = (folder.join(format!("{name}.rs")), folder.join(format!("{name}.so")));
    fs::write(&text, source).map_err(|error| format!("writing `{}`: {error}", text.display()))?;
    let stubs = stubs(arch, folder)?;
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition=2024", "--crate-type=cdylib", "--target"]);
    rustc.arg(trap_native::Arch::from(arch).glibc_target());
    rustc.args(shared_object(Libraries::Stubs(&stubs))).args(more).arg("-o").arg(&library).arg(&text);
    run(&mut rustc)?;
    Ok(library)
}

/// Compiles a source text into `<folder>/<name>.so`, for musl on x64.
///
/// # Errors
/// With everything the compiler printed.
pub fn compile_for_musl(name: &str, source: &str, folder: &Path) -> Result<PathBuf> {
    let (text, library) = (folder.join(format!("{name}.rs")), folder.join(format!("{name}.so")));
    fs::write(&text, source).map_err(|error| format!("writing `{}`: {error}", text.display()))?;
    let stubs = folder.join("stubs-musl");
    fs::create_dir_all(&stubs).map_err(|error| format!("creating `{}`: {error}", stubs.display()))?;
    // musl has no versions, so that nothing has to be said about what the process has.
    for name in ["libc.so", "libgcc_s.so"] {
        fs::write(stubs.join(name), "/* nothing */").map_err(|error| format!("writing a stub: {error}"))?;
    }
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition=2024", "--crate-type=cdylib", "--target", "x86_64-unknown-linux-musl"]);
    rustc.args(shared_object(Libraries::Stubs(&stubs))).arg("-o").arg(&library).arg(&text);
    run(&mut rustc)?;
    Ok(library)
}
