//! Finding a Node that can be the host for programs of an architecture, on this machine.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::arch::Arch;
use crate::{Class, Error, Result};

/// A Node that was asked for its version, so it runs here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its executable.
    pub path: PathBuf,
    /// What it calls itself, without the `v`: `22.23.3`.
    pub version: String,
    /// Variables it needs to run here: where an emulator finds another architecture's libraries.
    pub environment: Vec<(OsString, OsString)>,
}

/// The Node for programs of `arch`: the one `given`, else the one on `PATH`, or, for another
/// architecture, the npm package `node-linux-<arch>` installed in or above the current folder.
///
/// # Errors
/// `node-missing` when there is none, `node-unusable` when it does not run, `qemu-missing` when this
/// machine cannot run programs of `arch`.
pub fn find(given: Option<&Path>, arch: Arch) -> Result<Node> {
    let is_foreign = Arch::of_this_machine() != Some(arch);
    if is_foreign && cfg!(target_os = "linux") {
        check_emulation(arch)?;
    }
    let path = match given {
        Some(path) => path.to_owned(),
        None if is_foreign => installed(arch).ok_or_else(|| missing_foreign(arch))?,
        None => which::which("node").map_err(|_| missing())?,
    };
    let environment = if is_foreign { libraries(arch).into_iter().collect() } else { Vec::new() };
    let version = version(&path, &environment, arch)?;
    Ok(Node { path, version, environment })
}

fn missing() -> Error {
    Error::known("node-missing", Class::Machine, "no `node` on `PATH`: the host that boots here is Node").with_hint(
        "install Node 20 or later (https://nodejs.org, or your system's package), or name one with `--node <path>`",
    )
}

fn missing_foreign(arch: Arch) -> Error {
    let message = format!("no Node for {arch} found: this machine is another architecture");
    Error::known("node-missing", Class::Machine, message).with_hint(format!(
        "`npm install --no-save --force node-linux-{arch}@22` puts one into `node_modules`, or name one with `--node <path>`"
    ))
}

/// `node_modules/node-linux-<arch>/bin/node`, here or in a folder above.
fn installed(arch: Arch) -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    let package = format!("node_modules/node-linux-{arch}/bin/node");
    here.ancestors().map(|folder| folder.join(&package)).find(|path| path.is_file())
}

/// The kernel must know an emulator for the architecture.
fn check_emulation(arch: Arch) -> Result<()> {
    let rule = Path::new("/proc/sys/fs/binfmt_misc").join(format!("qemu-{}", qemu_name(arch)));
    let is_enabled = std::fs::read_to_string(rule).is_ok_and(|rule| rule.starts_with("enabled"));
    if is_enabled {
        return Ok(());
    }
    let message = format!("this machine cannot run {arch} programs: no qemu-user is registered for them");
    Err(Error::known("qemu-missing", Class::Machine, message)
        .with_hint("on Debian or Ubuntu: `sudo apt-get install qemu-user-static`; or leave `--arch` out to use this machine's own"))
}

fn qemu_name(arch: Arch) -> &'static str {
    match arch {
        Arch::Arm64 => "aarch64",
        Arch::X64 => "x86_64",
    }
}

/// Where Debian's cross packages put the architecture's libraries, unless the user says otherwise.
fn libraries(arch: Arch) -> Option<(OsString, OsString)> {
    let folder = Path::new("/usr").join(format!("{}-linux-gnu", qemu_name(arch)));
    let is_needed = std::env::var_os("QEMU_LD_PREFIX").is_none() && folder.join("lib").is_dir();
    is_needed.then(|| ("QEMU_LD_PREFIX".into(), folder.into()))
}

fn version(path: &Path, environment: &[(OsString, OsString)], arch: Arch) -> Result<String> {
    let unusable = |why: String| {
        Error::known(
            "node-unusable",
            Class::Machine,
            format!("`{}` is not a Node that runs here: {why}", path.display()),
        )
    };
    let mut command = Command::new(path);
    command.arg("--version").envs(environment.iter().map(|(name, value)| (name, value)));
    let output =
        command.output().map_err(|error| unusable("it could not be started".into()).with_source(error))?;
    let said = String::from_utf8_lossy(&output.stdout);
    match said.trim().strip_prefix('v') {
        Some(version) if output.status.success() => Ok(version.to_owned()),
        _ => {
            let complaint = String::from_utf8_lossy(&output.stderr);
            let complaint = complaint.lines().next().unwrap_or("it did not tell its version").to_owned();
            let is_library = complaint.contains("ld-linux") || complaint.contains("shared librar");
            let error = unusable(complaint);
            Err(if is_library {
                let triplet = format!("{}-linux-gnu", qemu_name(arch)).replace('_', "-");
                error.with_hint(format!(
                    "its libraries are missing: on Debian `sudo apt-get install g++-{triplet}` brings them"
                ))
            } else {
                error
            })
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_node_is_refused_with_its_name() {
        let arch = Arch::of_this_machine().expect("a known machine");
        let error = find(Some(Path::new("/bin/true")), arch).expect_err("not Node");
        assert_eq!(error.code(), "node-unusable");
        assert!(error.to_string().contains("`/bin/true`"), "{error}");
        let error = find(Some(Path::new("/nowhere/node")), arch).expect_err("not there");
        assert_eq!(error.code(), "node-unusable");
    }
}
