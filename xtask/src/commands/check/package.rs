//! Every crate that can be published builds from its own package, with nothing but what is in it.

use std::process::Command;

use anyhow::{Result, ensure};

use super::metadata::Metadata;
use crate::{dir, process, ui};

pub fn run() -> Result<()> {
    let metadata = Metadata::load()?;
    let mut names = metadata
        .members()
        .filter(|package| package.publish.as_ref().is_none_or(|registries| !registries.is_empty()))
        .map(|package| package.name.as_str())
        .collect::<Vec<_>>();
    names.sort_unstable();
    ensure!(!names.is_empty(), "no publishable package");
    let mut cargo = Command::new("cargo");
    // All in one call: cargo then lets them find each other before they are published.
    cargo.args(["package", "--locked", "--allow-dirty"]).current_dir(dir::root());
    cargo.args(names.iter().flat_map(|name| ["--package", name]));
    // A package has no workspace, so it has no profiles either; with the same settings the
    // dependencies that the tests have compiled already are used again.
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only");
    let status = process::openly(&mut cargo)?;
    ensure!(status.success(), "`{}` failed with {status}", process::show(&cargo));
    ui::data(&format!("{} packages: {}", names.len(), names.join(", ")));
    Ok(())
}
