//! The programs of the examples, for both machines: those of this workspace by as few calls of cargo as can be, so that
//! they share all that they can with each other, and with what other suites build.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

use super::{Example, Kind, Machine};
use crate::{cache, dir, process, ui};

/// The programs of this workspace.
pub fn members(examples: &[Example]) -> Result<()> {
    for group in groups(examples) {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(dir::root()).args(["build", "--locked", "--bins", "--release"]);
        cargo.args(group.iter().flat_map(|example| ["--package", example.name.as_str()]));
        cargo.envs(group.iter().find_map(|example| panics(example)));
        Machine::ALL.into_iter().for_each(|machine| for_machine(&mut cargo, machine));
        succeed(&mut cargo)?;
    }
    Ok(())
}

/// What one call makes, for each call: cargo takes the features that any of them asks for, and one profile.
pub fn groups(examples: &[Example]) -> Vec<Vec<&Example>> {
    let members = examples.iter().filter(|example| example.kind == Kind::Member);
    let (unwinding, others): (Vec<_>, Vec<_>) = members.partition(|example| example.asked.unwinds);
    [others, unwinding].into_iter().filter(|group| !group.is_empty()).collect()
}

/// A setting of the release profile: what Node loads must outlive a panic in it, and so must a class, as in the project that
/// begins with it.
pub fn panics(example: &Example) -> Option<(&'static str, &'static str)> {
    let unwinds = example.kind == Kind::Library || example.asked.unwinds;
    unwinds.then_some(("CARGO_PROFILE_RELEASE_PANIC", "unwind"))
}

/// Adds a machine to a build, linked as `cargo trap build` does: its own builds and these share all but the last step.
pub fn for_machine(cargo: &mut Command, machine: Machine) {
    let target = machine.target();
    cargo.args(["--target", target]);
    cargo.env(format!("CARGO_TARGET_{}_LINKER", target.to_uppercase().replace('-', "_")), "rust-lld");
}

/// The command line of this checkout.
pub fn cli() -> Result<PathBuf> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(dir::root()).args([
        "build",
        "--locked",
        "--package",
        "cargo-trap",
        "--bin",
        "cargo-trap",
    ]);
    succeed(&mut cargo)?;
    Ok(dir::target().join("debug/cargo-trap"))
}

/// Where `members` leaves a program.
pub fn member(name: &str, machine: Machine) -> PathBuf {
    dir::target().join(machine.target()).join("release").join(name)
}

/// A program that cargo does not make.
pub fn other(folder: &Path, name: &str, words: &[String], machine: Machine) -> Result<PathBuf> {
    let program = dir::target().join("xtask").join(format!("{name}-{}", machine.word()));
    std::fs::create_dir_all(program.parent().expect("it lies in a folder"))?;
    let fill = |word: &String| {
        word.replace("{cpu}", machine.cpu()).replace("{program}", &program.display().to_string())
    };
    let words = words.iter().map(fill).collect::<Vec<_>>();
    ensure!(!words.is_empty(), "`{name}` has neither a `Cargo.toml` nor a `compile` in its `asked.toml`");
    let mut compiler = Command::new(&words[0]);
    succeed(compiler.args(&words[1..]).current_dir(folder).env("PATH", path_with_zig()?))?;
    Ok(program)
}

/// `PATH`, and on it the C compiler that the suite provides, after whatever is there.
pub fn path_with_zig() -> Result<std::ffi::OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([cache::root()?.join("zig/0.17.1/ziglang")]);
    Ok(std::env::join_paths(folders)?)
}

/// Runs a command in full view, to success.
pub fn succeed(command: &mut Command) -> Result<()> {
    let shown = process::show(command);
    ui::step("$", &shown);
    let status = process::openly(command)?;
    ensure!(status.success(), "`{shown}` failed with {status}");
    Ok(())
}
