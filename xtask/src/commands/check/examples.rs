//! Every example is packaged for both architectures, booted in a Node of each, and answers as it says in its folder.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::metadata::Metadata;
use crate::{cache, dir, process, ui};

/// What an example is asked, from its `asked.toml`; one without is asked for `/`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    ask: Vec<Ask>,
}

/// One question, and everything that must come of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    /// Words for `cargo trap invoke`, run in the root of this repository.
    args: Vec<String>,
    /// All of the answer.
    answer: Option<String>,
    /// What the failure says; without it the program must answer.
    error: Option<String>,
    /// What the program logs.
    log: Option<String>,
}

pub fn run() -> Result<()> {
    let metadata = Metadata::load()?;
    let folder = dir::root().join("examples");
    let mut examples = metadata
        .members()
        .filter_map(|package| Some((package.name.as_str(), Path::new(&package.manifest_path).parent()?)))
        .filter(|(_, path)| path.starts_with(&folder))
        .collect::<Vec<_>>();
    examples.sort_unstable();
    ensure!(!examples.is_empty(), "no example");
    // The suite provides it, with what starts it on this machine.
    let arm64 = cache::root()?.join("node/arm64/20/bin/node");
    let arm64 = arm64.to_str().context("the cache's path is no text")?;
    let machines = [vec!["--arch", "x64"], vec!["--arch", "arm64", "--node", arm64]];
    for (name, path) in &examples {
        for ask in asked(path)? {
            for machine in &machines {
                check(name, machine, &ask)?;
            }
        }
    }
    let names = examples.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    ui::data(&format!("{} examples answered: {}", names.len(), names.join(", ")));
    Ok(())
}

/// What stands in an example's folder.
fn asked(folder: &Path) -> Result<Vec<Ask>> {
    let path = folder.join("asked.toml");
    if !path.exists() {
        let greeting = Ask { args: vec!["/".to_owned()], answer: None, error: None, log: None };
        return Ok(vec![greeting]);
    }
    let text = std::fs::read_to_string(&path)?;
    let asked: Asked = toml::from_str(&text).with_context(|| format!("`{}`", path.display()))?;
    ensure!(!asked.ask.is_empty(), "`{}` asks nothing", path.display());
    Ok(asked.ask)
}

fn check(name: &str, machine: &[&str], ask: &Ask) -> Result<()> {
    let mut cargo = Command::new("cargo");
    cargo.args(["trap", "invoke", "--package", name, "--profile", "trap-test"]);
    // The rest is the program's; 30 seconds, the default, are few for an emulated Node.
    cargo.args(["--timeout", "120"]).args(machine).args(&ask.args);
    cargo.current_dir(dir::root()).stdin(Stdio::null());
    let shown = process::show(&cargo);
    ui::step("$", &shown);
    let Output { status, stdout, stderr } =
        cargo.output().with_context(|| format!("could not run `{shown}`"))?;
    let (answer, log) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    let answer = answer.trim_end();
    ensure!(
        status.success() == ask.error.is_none(),
        "`{shown}` ended with {status}, answered `{answer}`, and said:\n{log}"
    );
    match &ask.answer {
        Some(expected) => ensure!(answer == expected, "`{name}` answered `{answer}` instead of `{expected}`"),
        None if ask.error.is_none() => {
            ensure!(answer.contains("Rust"), "`{name}` answered `{answer}`, which does not greet from Rust")
        }
        None => {}
    }
    for expected in ask.error.iter().chain(&ask.log) {
        ensure!(log.contains(expected.as_str()), "`{name}` did not say `{expected}`:\n{log}");
    }
    ui::data(if answer.is_empty() { "refused, as it should" } else { answer });
    Ok(())
}
