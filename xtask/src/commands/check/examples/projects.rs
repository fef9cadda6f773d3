//! The project that `cargo trap new --template` makes of an example compiles, and depends on nothing of this repository.
//!
//! All lie in one workspace, so that what was compiled for the examples serves them too.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::{Example, Kind, Machine, build};
use crate::{dir, ui};

pub fn check(cli: &Path, examples: &[Example]) -> Result<()> {
    let folder = tempfile::tempdir().context("could not make a folder")?;
    let mut members = Vec::new();
    for example in examples.iter().filter(|example| example.kind == Kind::Member) {
        let name = project(&example.name);
        let mut new = Command::new(cli);
        new.current_dir(folder.path()).args(["trap", "new", &name, "--template", &example.name, "--quiet"]);
        build::succeed(&mut new)?;
        members.push(name);
    }
    fs::write(folder.path().join("Cargo.toml"), manifest(&members)?)?;
    // The versions that the examples were built with.
    fs::copy(dir::root().join("Cargo.lock"), folder.path().join("Cargo.lock"))?;
    for names in build::groups(examples) {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(folder.path()).args(["build", "--bins", "--profile", build::PROFILE]);
        cargo.args(names.iter().flat_map(|name| ["--package".to_owned(), project(name)]));
        build::for_machine(&mut cargo, Machine::X64);
        build::succeed(cargo.env("CARGO_TARGET_DIR", dir::target()))?;
    }
    ui::data(&format!("{} projects compile: {}", members.len(), members.join(", ")));
    Ok(())
}

/// Another name than the example's, so that neither takes the other's place among what is built.
fn project(example: &str) -> String {
    format!("new-{example}")
}

fn manifest(members: &[String]) -> Result<String> {
    let root = fs::read_to_string(dir::root().join("Cargo.toml")).context("could not read `Cargo.toml`")?;
    let root: toml::Table = toml::from_str(&root)?;
    let profiles = &root["profile"];
    let profiles = ["release", build::PROFILE].map(|name| {
        let profile = toml::to_string(&without_packages(&profiles[name]))?;
        Ok(format!("[profile.{name}]\n{profile}"))
    });
    let profiles = profiles.into_iter().collect::<Result<Vec<_>>>()?.join("\n");
    Ok(format!(
        "[workspace]\nresolver = \"3\"\nmembers = {members:?}\n\n\
         # Until it is published, and whenever it is ahead of what is.\n\
         [patch.crates-io]\ntrap-runtime = {{ path = {:?} }}\n\n{profiles}",
        dir::root().join("runtime")
    ))
}

/// Settings for single packages are warned about where these are not.
fn without_packages(profile: &toml::Value) -> toml::Value {
    let mut profile = profile.clone();
    if let Some(table) = profile.as_table_mut() {
        table.remove("package");
    }
    profile
}
