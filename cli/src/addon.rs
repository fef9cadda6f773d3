//! The addon that loads a library into Node: built by the cargo of whoever packages one, once for each machine, from
//! sources that this tool carries, and kept in the user's cache folder.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use sha2::{Digest as _, Sha256};
use trap_native::{Libraries, addon, shared_object};

use crate::arch::Arch;
use crate::cargo_args::cargo;
use crate::files::{self, Mode};
use crate::ui::Ui;
use crate::{Error, Result, cache, glibc, plan, toolchain};

/// The addon for a machine, whole. It is built unless it has been already, which needs no network but for a Rust target
/// that is missing.
///
/// # Errors
/// `target-missing`, `linker-missing`, `no-cache`; cargo's own failure; when the cache cannot be written.
pub fn get(arch: Arch, offline: bool, ui: &Ui) -> Result<Vec<u8>> {
    let folder = folder()?;
    let built = folder.join(format!("{arch}.node"));
    if built.is_file() {
        return files::read(&built);
    }
    toolchain::ensure_target(arch.glibc_target(), offline, ui)?;
    let linker = toolchain::own_linker(arch.glibc_target())?;
    let bytes = build(&folder, arch, &linker, ui)?;
    files::write(&built, &bytes, Mode::Plain)?;
    Ok(bytes)
}

/// Where the addons of this tool and this Rust are.
fn folder() -> Result<PathBuf> {
    let mut hash = Sha256::new();
    for addon::File { path, text } in addon::FILES {
        hash.update(path);
        hash.update(text);
    }
    // Another compiler makes other bytes of the same sources.
    hash.update(toolchain::rust_version()?);
    let hash: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Ok(cache::folder()?.join(format!("addon-{hash}")))
}

fn build(folder: &Path, arch: Arch, linker: &str, ui: &Ui) -> Result<Vec<u8>> {
    // A project of its own for each build: two at once do not get into each other's way.
    std::fs::create_dir_all(folder).map_err(Error::file("create the folder", folder))?;
    let project = tempfile::Builder::new().prefix("build-").tempdir_in(folder);
    let project = project.map_err(Error::file("create a folder in", folder))?;
    for addon::File { path, text } in addon::FILES {
        files::write(&project.path().join(path), text.as_bytes(), Mode::Plain)?;
    }
    let target = arch.glibc_target();
    let stubs = glibc::write_stubs(arch)?;
    let mut flags = shared_object(Libraries::Stubs(&stubs));
    flags.push(format!("-Clinker={linker}"));
    // Same input, same bytes: the folder is another one each time.
    flags.push(format!("--remap-path-prefix={}=", project.path().display()));
    let mut command = cargo();
    command.args(["build", "--profile", addon::PROFILE, "--quiet", "--offline", "--target", target]);
    command.arg("--manifest-path").arg(project.path().join(addon::MANIFEST));
    command.arg("--target-dir").arg(project.path().join("target"));
    command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f")).current_dir(project.path());
    ui.status(
        "Building",
        format_args!(
            "the addon that loads libraries for {arch}, once; it is kept in {}",
            plan::shown(folder)
        ),
    );
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status = status.map_err(|source| Error::Start {
        tool: "cargo".to_owned(),
        source,
        hint: Some("install Rust with rustup".to_owned()),
    })?;
    if !status.success() {
        return Err(Error::ToolFailed {
            tool: "cargo build (of the addon)".to_owned(),
            status: status.code().unwrap_or(101),
            hint: Some(format!(
                "it needs nothing but Rust's own linker and the target `{target}`: `cargo trap doctor` checks both"
            )),
        });
    }
    let library = project
        .path()
        .join("target")
        .join(target)
        .join(addon::PROFILE)
        .join(format!("lib{}.so", addon::CRATE));
    files::read(&library)
}
