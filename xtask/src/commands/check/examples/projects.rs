//! The project that `cargo trap new --template` makes of an example compiles, and depends on nothing of this repository.
//!
//! All lie in one workspace, so that what was compiled for the examples serves them too.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::asked::Starter;
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
    for group in build::groups(examples) {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(folder.path()).args(["build", "--bins", "--release"]);
        cargo.args(group.iter().flat_map(|example| ["--package".to_owned(), project(&example.name)]));
        cargo.envs(group.iter().find_map(|example| build::panics(example)));
        build::for_machine(&mut cargo, Machine::X64);
        build::succeed(cargo.env("CARGO_TARGET_DIR", dir::target()))?;
    }
    for example in examples {
        if let Some(starter) = &example.asked.starter {
            without_cargo(cli, folder.path(), example, starter)
                .with_context(|| format!("the project of `{}`", example.name))?;
        }
    }
    ui::data(&format!("{} projects compile: {}", members.len(), members.join(", ")));
    Ok(())
}

/// As `cargo trap new` says: its own line makes the program, which then answers.
fn without_cargo(cli: &Path, folder: &Path, example: &Example, starter: &Starter) -> Result<()> {
    let name = project(&example.name);
    let mut new = Command::new(cli);
    new.current_dir(folder).args(["trap", "new", &name, "--template", &example.name, "--quiet"]);
    build::succeed(&mut new)?;
    let folder = folder.join(name);
    build::succeed(Command::new("sh").arg("-c").arg(&starter.compile).current_dir(&folder))?;
    let mut invoke = Command::new(cli);
    invoke.args(["trap", "invoke", "--program", &starter.program]).args(&example.asked.ask[0].args);
    let output = invoke.current_dir(&folder).output().context("could not start it")?;
    example.asked.ask[0].hold(&folder, &output.stdout, &String::from_utf8_lossy(&output.stderr))
}

/// Another name than the example's, so that neither takes the other's place among what is built.
fn project(example: &str) -> String {
    format!("new-{example}")
}

fn manifest(members: &[String]) -> Result<String> {
    let root = fs::read_to_string(dir::root().join("Cargo.toml")).context("could not read `Cargo.toml`")?;
    let root: toml::Table = toml::from_str(&root)?;
    let release = toml::to_string(&without_packages(&root["profile"]["release"]))?;
    Ok(format!(
        "[workspace]\nresolver = \"3\"\nmembers = {members:?}\n\n\
         # Until it is published, and whenever it is ahead of what is.\n\
         [patch.crates-io]\ntrap-runtime = {{ path = {:?} }}\n\n[profile.release]\n{release}",
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
