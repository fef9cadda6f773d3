//! `cargo xtask stub`: compile the exec stub for every machine, which is what its generator runs.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use trap_native::{Arch, Libraries, shared_object};

use crate::{dir, process};

/// Compile the exec stub (`generate` runs this)
#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(_: &Args) -> Result<()> {
    let source = dir::root().join("trap-native/stub/stub.rs");
    // rustc puts what it is working on beside the result, so that is elsewhere until it is done.
    let work = tempfile::tempdir().context("could not make a folder")?;
    for arch in Arch::ALL {
        let name = format!("{}.so", arch.as_str());
        let built = work.path().join(&name);
        let mut rustc = rustc(&source, &built, arch);
        let status = process::openly(&mut rustc)?;
        ensure!(
            status.success(),
            "`{}` failed with {status}; if `core` is missing, run `cargo xtask setup`",
            process::show(&rustc)
        );
        let committed = source.with_file_name(&name);
        let bytes = fs::read(&built).with_context(|| format!("could not read `{}`", built.display()))?;
        // Written, not copied with its mode: nobody executes the file itself.
        fs::write(&committed, bytes).with_context(|| format!("could not write `{}`", committed.display()))?;
    }
    Ok(())
}

/// The same source, the same bytes: no debug information, so no path of this machine; one unit, so one order.
fn rustc(source: &Path, result: &Path, arch: Arch) -> Command {
    let mut command = Command::new("rustc");
    command.args(["--edition=2024", "--crate-type=cdylib", "--target", arch.target()]);
    command.args(["-Copt-level=z", "-Ccodegen-units=1", "-Cpanic=abort", "-Cforce-unwind-tables=no"]);
    command.arg("-Cstrip=symbols").args(shared_object(Libraries::None));
    command.arg("-o").arg(result).arg(source);
    command
}
