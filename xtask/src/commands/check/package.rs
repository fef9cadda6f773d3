//! Every crate that can be published builds from its own package, with nothing but what is in it.
//!
//! Cargo's own verification is not used, because it can build yesterday's sources: it serves packages
//! that depend on each other from a registry of its own, unpacks that once per version into cargo's
//! home, and takes what it compiled from there for fresh. While a version does not change, a later run
//! at the same place then builds against the earlier content.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::metadata::{Metadata, Package};
use crate::snapshot::Snapshot;
use crate::{dir, process, ui};

pub fn run() -> Result<()> {
    let metadata = Metadata::load()?;
    let packages = metadata.members().filter(|package| package.is_publishable()).collect::<Vec<_>>();
    ensure!(!packages.is_empty(), "no publishable package");

    let mut cargo = Command::new("cargo");
    cargo.args(["package", "--locked", "--allow-dirty", "--no-verify"]).current_dir(dir::root());
    // All in one call: cargo then lets them find each other before they are published.
    cargo.args(packages.iter().flat_map(|package| ["--package", package.name.as_str()]));
    succeed(&mut cargo)?;

    let workspace = dir::target().join("package/workspace");
    let before = Snapshot::of(std::slice::from_ref(&workspace))?;
    unpack(&packages, &workspace)?;
    before.keep_dates()?;
    // The versions that the tests have compiled; cargo drops what no package asks for.
    fs::copy(dir::root().join("Cargo.lock"), workspace.join("Cargo.lock"))
        .with_context(|| format!("could not copy `Cargo.lock` to `{}`", workspace.display()))?;
    // One at a time: together, each would have the features that the others ask their dependencies for.
    for package in &packages {
        let mut cargo = Command::new("cargo");
        cargo.args(["build", "--package", package.name.as_str()]).current_dir(&workspace);
        succeed(cargo.env("CARGO_TARGET_DIR", dir::target()))?;
    }

    let names = packages.iter().map(|package| package.name.as_str()).collect::<Vec<_>>();
    ui::data(&format!("{} packages: {}", names.len(), names.join(", ")));
    Ok(())
}

/// Lays the packages side by side in a workspace where they find each other, and nothing else of ours.
fn unpack(packages: &[&Package], workspace: &Path) -> Result<()> {
    if workspace.exists() {
        fs::remove_dir_all(workspace)
            .with_context(|| format!("could not empty `{}`", workspace.display()))?;
    }
    fs::create_dir_all(workspace).with_context(|| format!("could not create `{}`", workspace.display()))?;
    for package in packages {
        let file = dir::target().join(format!("package/{}.crate", package.folder()));
        let mut tar = Command::new("tar");
        // Cargo dates everything in a package alike, years ago. `--touch` dates it now, so that nothing
        // compiled from an earlier content is taken for fresh; what has not changed keeps its date afterwards.
        tar.args(["--extract", "--gzip", "--touch", "--file"]).arg(file).arg("--directory").arg(workspace);
        succeed(&mut tar)?;
    }
    let manifest = workspace.join("Cargo.toml");
    fs::write(&manifest, format!("{}\n{}", manifest_of(packages), profile()?))
        .with_context(|| format!("could not write `{}`", manifest.display()))
}

/// The manifest of that workspace.
fn manifest_of(packages: &[&Package]) -> String {
    let members = packages.iter().map(|package| format!("{:?}", package.folder())).collect::<Vec<_>>();
    let needed = |name: &str| packages.iter().any(|package| package.depends_on(name));
    let patches = packages
        .iter()
        .filter(|package| needed(&package.name))
        .map(|package| format!("{} = {{ path = {:?} }}\n", package.name, package.folder()))
        .collect::<String>();
    format!(
        "[workspace]\nresolver = \"3\"\nmembers = [{}]\n\n[patch.crates-io]\n{patches}",
        members.join(", ")
    )
}

/// The repository's own profile: what the tests have compiled of the dependencies is used again.
fn profile() -> Result<String> {
    let text = fs::read_to_string(dir::root().join("Cargo.toml")).context("could not read `Cargo.toml`")?;
    let mut root: toml::Table = toml::from_str(&text)?;
    let mut profiles = root.remove("profile").context("the workspace has no profiles")?;
    let dev = profiles.as_table_mut().and_then(|profiles| profiles.remove("dev"));
    let dev =
        toml::Table::from_iter([("dev".to_owned(), dev.context("the workspace has no profile `dev`")?)]);
    Ok(toml::to_string(&toml::Table::from_iter([("profile".to_owned(), dev.into())]))?)
}

/// Runs a command in full view, to success.
fn succeed(command: &mut Command) -> Result<()> {
    let status = process::openly(command)?;
    ensure!(status.success(), "`{}` failed with {status}", process::show(command));
    Ok(())
}
