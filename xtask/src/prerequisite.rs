//! What the machine itself must have: commands, Debian packages, Rust targets, a running qemu.
//!
//! Each thing is looked for first. What is missing is installed when that is ours to do, and
//! otherwise becomes a [`Missing`] that says what to type.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{process, ui};

/// Something that only the person at this machine can provide.
#[derive(Debug)]
pub struct Missing {
    what: String,
    remedy: String,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} missing: {}", self.what, self.remedy)
    }
}

impl std::error::Error for Missing {}

/// Fails with [`Missing`] unless the command is in `PATH`.
pub fn command(name: &str) -> Result<()> {
    if process::exists(name) {
        return Ok(());
    }
    let remedy = match name {
        "node" | "npm" => "install Node.js 20 or newer, with npm".to_owned(),
        "cargo" | "rustup" => "install Rust from https://rustup.rs".to_owned(),
        _ => format!("install `{name}`"),
    };
    Err(Missing { what: format!("`{name}` is"), remedy }.into())
}

/// Packages whose proof (a command, or an absolute path) is not on this machine.
pub fn missing_packages(wanted: &BTreeMap<String, String>) -> BTreeSet<String> {
    wanted.iter().filter(|(_, proof)| !process::exists(proof)).map(|(package, _)| package.clone()).collect()
}

/// Installs Debian packages, aloud, when that is possible here.
///
/// # Errors
/// [`Missing`] when not root or not on Debian; otherwise what `apt-get` failed with.
pub fn install_packages(packages: &BTreeSet<String>) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    let names = packages.iter().map(String::as_str).collect::<Vec<_>>();
    let list = names.join(" ");
    let missing = |remedy| Missing { what: format!("Debian packages ({list}) are"), remedy };
    if !process::exists("apt-get") {
        return Err(missing("this machine has no apt-get; install their equivalents".to_owned()).into());
    }
    if !is_root() {
        return Err(missing(format!("run `sudo apt-get install {list}`")).into());
    }
    ui::step("apt-get", &format!("install {list}"));
    let apt = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    process::quietly("apt-get-update", apt().args(["update", "--quiet"]))?;
    process::quietly(
        "apt-get-install",
        apt().args(["install", "--yes", "--quiet", "--no-install-recommends"]).args(names),
    )
}

/// Adds the Rust targets whose standard library the compiler does not have.
///
/// The compiler is asked, and not rustup: rustup's own list can lack what lies there (two of it at work at the same time
/// write it one over the other), and then it refuses to add it.
pub fn rust_targets(wanted: &BTreeSet<String>) -> Result<()> {
    let mut absent = Vec::new();
    for target in wanted {
        let mut rustc = Command::new("rustc");
        let folder = process::output(rustc.args(["--print", "target-libdir", "--target", target]))?;
        if !holds_std(Path::new(folder.trim())) {
            absent.push(target.as_str());
        }
    }
    add("target", &absent)
}

fn holds_std(folder: &Path) -> bool {
    let names = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.into_iter().any(|name| {
        let name = name.to_string_lossy();
        name.starts_with("libstd-") && name.ends_with(".rlib")
    })
}

/// Adds the components that the Rust toolchain lacks.
pub fn rust_components(wanted: &BTreeSet<String>) -> Result<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    command("rustup")?;
    let installed = process::output(Command::new("rustup").args(["component", "list", "--installed"]))?;
    add("component", &not_listed(wanted, &installed))
}

/// `kind` is `target` or `component`, as rustup spells it.
fn add(kind: &str, absent: &[&str]) -> Result<()> {
    if absent.is_empty() {
        return Ok(());
    }
    command("rustup")?;
    ui::step("rustup", &format!("{kind} add {}", absent.join(" ")));
    process::quietly(&format!("rustup-{kind}-add"), Command::new("rustup").args([kind, "add"]).args(absent))
}

/// Installs another toolchain with these components, unless it is there with all of them.
pub fn toolchain(name: &str, components: &BTreeSet<String>) -> Result<()> {
    command("rustup")?;
    let mut list = Command::new("rustup");
    list.args(["component", "list", "--installed", "--toolchain", name]);
    // Where there is no such toolchain, this fails.
    if process::output(&mut list).is_ok_and(|installed| not_listed(components, &installed).is_empty()) {
        return Ok(());
    }
    ui::step("rustup", &format!("toolchain install {name}"));
    let mut install = Command::new("rustup");
    install.args(["toolchain", "install", name, "--profile", "minimal", "--no-self-update"]);
    install.args(components.iter().flat_map(|component| ["--component", component.as_str()]));
    process::quietly("rustup-toolchain-install", &mut install)
}

/// A component is listed with the machine it is for: `clippy-x86_64-unknown-linux-gnu`.
fn not_listed<'a>(wanted: &'a BTreeSet<String>, installed: &str) -> Vec<&'a str> {
    let is_listed = |name: &str| {
        installed
            .lines()
            .any(|line| line.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))
    };
    wanted.iter().map(String::as_str).filter(|name| !is_listed(name)).collect()
}

/// Makes the kernel run foreign programs through qemu, from the registration its Debian package ships.
///
/// # Errors
/// [`Missing`] when that takes root and we are not; or the kernel's refusal.
pub fn binfmt(name: &str) -> Result<()> {
    let folder = Path::new("/proc/sys/fs/binfmt_misc");
    if is_enabled(&folder.join(name)) {
        return Ok(());
    }
    let line_file = format!("/usr/lib/binfmt.d/{name}.conf");
    if !is_root() {
        let what = format!("the kernel's registration of {name} is");
        let remedy = format!("run `sudo /lib/systemd/systemd-binfmt {line_file}`");
        return Err(Missing { what, remedy }.into());
    }
    if !folder.join("register").exists() {
        ui::step("mount", "binfmt_misc");
        let mut mount = Command::new("mount");
        process::quietly("mount-binfmt", mount.args(["-t", "binfmt_misc", "binfmt_misc"]).arg(folder))?;
    }
    if !is_enabled(&folder.join(name)) {
        ui::step("binfmt", &format!("register {name}"));
        let text = fs::read_to_string(&line_file).with_context(|| format!("could not read `{line_file}`"))?;
        let line = text.lines().find(|line| line.starts_with(':'));
        let line = line.with_context(|| format!("`{line_file}` registers nothing"))?;
        // The kernel reads its own escapes; one write is one registration.
        fs::write(folder.join("register"), line)
            .with_context(|| format!("the kernel refused to register {name}"))?;
    }
    ensure!(is_enabled(&folder.join(name)), "{name} is registered but not enabled");
    Ok(())
}

fn is_enabled(entry: &Path) -> bool {
    fs::read_to_string(entry).is_ok_and(|text| text.lines().next() == Some("enabled"))
}

/// By the effective user of this process, without a call that needs `unsafe`.
fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    effective_user(&status) == Some(0)
}

fn effective_user(status: &str) -> Option<u32> {
    status.lines().find_map(|line| line.strip_prefix("Uid:"))?.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_effective_user_is_the_second_number() {
        assert_eq!(effective_user("Name:\tx\nUid:\t1000\t0\t0\t0\n"), Some(0));
        assert_eq!(effective_user(""), None);
    }

    #[test]
    fn only_packages_without_proof_are_missing() {
        let wanted = [("libc6", "/"), ("nothing", "/no/such/file"), ("base", "sh")];
        let wanted = wanted.map(|(name, proof)| (name.to_owned(), proof.to_owned())).into();
        assert_eq!(missing_packages(&wanted), ["nothing".to_owned()].into());
    }

    #[test]
    fn a_component_is_listed_with_its_machine() {
        let wanted = ["clippy", "rustfmt"].map(str::to_owned).into();
        assert_eq!(not_listed(&wanted, "clippy-x86_64-unknown-linux-gnu\nrustfmts\n"), ["rustfmt"]);
        assert!(not_listed(&wanted, "clippy-x\nrustfmt-x\n").is_empty());
    }

    #[test]
    fn what_is_missing_comes_with_what_to_type() {
        let error = command("no-such-command").unwrap_err();
        assert!(error.downcast_ref::<Missing>().is_some());
        assert_eq!(error.to_string(), "`no-such-command` is missing: install `no-such-command`");
    }
}
