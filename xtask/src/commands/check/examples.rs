//! Every example is packaged, booted in the Node of this machine, and answers.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use super::metadata::Metadata;
use crate::{dir, process, ui};

pub fn run() -> Result<()> {
    let metadata = Metadata::load()?;
    let folder = dir::root().join("examples");
    let mut names = metadata
        .members()
        .filter(|package| Path::new(&package.manifest_path).starts_with(&folder))
        .map(|package| package.name.as_str())
        .collect::<Vec<_>>();
    names.sort_unstable();
    ensure!(!names.is_empty(), "no example");
    for name in &names {
        let mut cargo = Command::new("cargo");
        cargo.args(["trap", "invoke", "--package", name, "--profile", "trap-test", "/"]);
        cargo.current_dir(dir::root()).stderr(std::process::Stdio::inherit());
        ui::step("$", &process::show(&cargo));
        let answer = process::output(&mut cargo)?;
        ensure!(answer.contains("Rust"), "`{name}` answered `{answer}`: every example greets from Rust");
        ui::data(answer.trim_end());
    }
    ui::data(&format!("{} examples answered: {}", names.len(), names.join(", ")));
    Ok(())
}
