//! Every example is packaged for both architectures, booted in a Node of each, and answers as it says in its folder.
//!
//! The machine at hand is asked everything, the emulated one the first question of each, and everything where an example
//! shares nothing with the rest.

mod asked;
mod build;
mod projects;
mod sizes;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, ensure};

use self::asked::Ask;
pub use self::asked::Asked;
use super::metadata::Metadata;
use crate::{cache, dir, process, ui};

/// A folder of `examples/`.
pub struct Example {
    pub name: String,
    pub folder: PathBuf,
    pub kind: Kind,
    pub asked: Asked,
}

/// How its program comes to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A program of this workspace.
    Member,
    /// A library that Node loads.
    Library,
    /// A workspace of its own.
    Alone,
    /// Without cargo.
    Other,
}

impl Kind {
    /// What it is asked on: everything on the first, the first question on the second. What shares nothing with the rest is
    /// compiled for one.
    fn machines(self) -> &'static [Machine] {
        match self {
            Self::Member | Self::Library | Self::Other => &Machine::ALL,
            Self::Alone => &[Machine::Arm64],
        }
    }
}

/// What is tested on.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Machine {
    X64,
    Arm64,
}

impl Machine {
    const ALL: [Self; 2] = [Self::X64, Self::Arm64];

    fn word(self) -> &'static str {
        match self {
            Self::X64 => "x64",
            Self::Arm64 => "arm64",
        }
    }

    fn cpu(self) -> &'static str {
        match self {
            Self::X64 => "x86_64",
            Self::Arm64 => "aarch64",
        }
    }

    fn target(self) -> &'static str {
        match self {
            Self::X64 => "x86_64-unknown-linux-musl",
            Self::Arm64 => "aarch64-unknown-linux-musl",
        }
    }
}

pub fn run() -> Result<()> {
    let examples = all()?;
    let cli = build::cli()?;
    build::members(&examples)?;
    for example in &examples {
        let shown = || format!("the example `{}`", example.name);
        if let Some(culprit) = &example.asked.compiles_c {
            names_who_compiles_c(&cli, example, culprit).with_context(shown)?;
        }
        for &machine in example.kind.machines() {
            let source = source(example, machine).with_context(shown)?;
            let is_first = example.kind.machines()[0] == machine;
            let questions = if is_first { usize::MAX } else { 1 };
            for ask in example.asked.ask.iter().take(questions) {
                question(&cli, example, machine, &source, ask).with_context(shown)?;
            }
        }
        if example.asked.sizes {
            sizes::check(&cli, &example.name, &example.folder).with_context(shown)?;
        }
    }
    let names = examples.iter().map(|example| example.name.as_str()).collect::<Vec<_>>();
    ui::data(&format!("{} examples answered: {}", names.len(), names.join(", ")));
    Ok(())
}

/// What `cargo trap new --template` makes of them.
pub fn starters() -> Result<()> {
    projects::check(&build::cli()?, &all()?)
}

/// Every folder of `examples/`.
pub fn all() -> Result<Vec<Example>> {
    let metadata = Metadata::load()?;
    let mut examples = Vec::new();
    for entry in fs::read_dir(dir::root().join("examples")).context("could not list `examples`")? {
        let folder = entry?.path();
        let manifest = folder.join("Cargo.toml");
        let package = metadata.members().find(|package| Path::new(&package.manifest_path) == manifest);
        let kind = match package {
            Some(package) if package.is_library() => Kind::Library,
            Some(_) => Kind::Member,
            None if manifest.exists() => Kind::Alone,
            None => Kind::Other,
        };
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let asked = Asked::read(&folder)?;
        reads_as_it_answers(&folder, &asked).with_context(|| format!("the example `{name}`"))?;
        examples.push(Example { name, folder, kind, asked });
    }
    ensure!(!examples.is_empty(), "no example");
    examples.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(examples)
}

/// The README shows what the first question brings.
fn reads_as_it_answers(folder: &Path, asked: &Asked) -> Result<()> {
    let readme = fs::read_to_string(folder.join("README.md")).context("it has no README.md")?;
    let first = &asked.ask[0];
    for shown in first.answer.iter().chain(&first.answer_file) {
        ensure!(
            readme.contains(shown.as_str()),
            "its README does not show `{shown}`, which is what it answers"
        );
    }
    Ok(())
}

/// What tells `cargo trap` which program is meant.
fn source(example: &Example, machine: Machine) -> Result<Vec<String>> {
    let Example { name, folder, kind, asked } = example;
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let program = |path: PathBuf| vec!["--program".to_owned(), path.display().to_string()];
    Ok(match kind {
        Kind::Member => program(build::member(name, machine)),
        Kind::Other => program(build::other(folder, name, &asked.compile, machine)?),
        Kind::Library => words(&["--package", name]),
        Kind::Alone => words(&["--locked"]),
    })
}

fn question(cli: &Path, example: &Example, machine: Machine, source: &[String], ask: &Ask) -> Result<()> {
    let mut command = Command::new(cli);
    command.args(["trap", "invoke", "--arch", machine.word()]).args(source);
    if machine == Machine::Arm64 {
        // The suite provides it, with what starts it on this machine.
        command.arg("--node").arg(cache::root()?.join("node/arm64/20/bin/node"));
    }
    // Not below the example, where a program that is given would have its artifact.
    command.arg("--target-dir").arg(dir::target());
    command.envs(build::panics(example));
    // The rest is the program's; 30 seconds, the default, are few for an emulated Node.
    command.args(["--timeout", "120"]).args(&ask.args);
    command.current_dir(&example.folder).stdin(Stdio::null()).env("PATH", build::path_with_zig()?);
    let shown = process::show(&command);
    ui::step("$", &shown);
    let Output { status, stdout, stderr } =
        command.output().with_context(|| format!("could not run `{shown}`"))?;
    let log = String::from_utf8_lossy(&stderr);
    ensure!(
        status.success() == ask.error.is_none(),
        "`{shown}` ended with {status}, answered `{}`, and said:\n{log}",
        String::from_utf8_lossy(&stdout)
    );
    ask.hold(&example.folder, &stdout, &log)?;
    match (&ask.error, std::str::from_utf8(&stdout)) {
        (Some(error), _) => ui::data(&format!("refused, as it should: {error}")),
        (None, Ok(answer)) => ui::data(answer.trim_end()),
        (None, Err(_)) => ui::data(&format!("{} bytes", stdout.len())),
    }
    Ok(())
}

/// Where no C compiler for the target is, `cargo trap` names the crate that wants one.
fn names_who_compiles_c(cli: &Path, example: &Example, culprit: &str) -> Result<()> {
    let bare = tempfile::tempdir().context("could not make a folder")?;
    // What Rust itself needs, and nothing that compiles for another machine.
    for tool in ["cargo", "rustc", "rustup", "cc", "ld", "as", "ar"] {
        let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
            .map(|folder| folder.join(tool))
            .find(|path| path.is_file());
        if let Some(found) = found {
            std::os::unix::fs::symlink(found, bare.path().join(tool))?;
        }
    }
    let mut command = Command::new(cli);
    command.args(["trap", "build", "--locked", "--arch", "arm64"]);
    // A folder of its own: what was compiled with a compiler would be compiled again after this.
    command.arg("--target-dir").arg(dir::target().join("xtask/without-c"));
    command.arg("--out-dir").arg(bare.path().join("out"));
    command.current_dir(&example.folder).stdin(Stdio::null()).env("PATH", bare.path());
    let shown = process::show(&command);
    ui::step("$", &format!("{shown}, without a C compiler"));
    let output = command.output().with_context(|| format!("could not run `{shown}`"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let hint = format!("`{culprit}` compiles C, and this machine has none for `aarch64-unknown-linux-musl`");
    ensure!(!output.status.success(), "`{shown}` succeeded without a C compiler");
    ensure!(said.contains(&hint), "`{shown}` did not say `{hint}`:\n{said}");
    ui::data(&hint);
    Ok(())
}
