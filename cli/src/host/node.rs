//! Finding a Node that can be the host for programs of an architecture, on this machine.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::arch::Arch;
use crate::{Class, Error, Result};

/// How to get the emulator.
const QEMU: &str = "on Debian or Ubuntu: `sudo apt-get install qemu-user-static`";

/// What Linux says of a file that neither it nor a registered emulator can execute (`ENOEXEC`).
const EXEC_FORMAT: i32 = 8;

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
    let path = match given {
        Some(path) => path.to_owned(),
        None if is_foreign => installed(arch).ok_or_else(|| missing_foreign(arch))?,
        None => which::which("node").map_err(|_| missing())?,
    };
    let environment = if is_foreign { libraries(arch).into_iter().collect() } else { Vec::new() };
    let version = version(&path, &environment, arch)?;
    Ok(Node { path, version, environment })
}

/// The Node that somebody means by a path or a version: `22`, `22.15` or `22.15.1` is the npm package
/// `node-linux-<arch>` of that version, in or above the current folder, or the `node` on `PATH`.
///
/// # Errors
/// `node-missing` when there is none of that version; as [`find`] for a path.
pub fn resolve(given: &str, arch: Arch) -> Result<Node> {
    let wanted = given.strip_prefix('v').unwrap_or(given);
    let is_version = wanted.split('.').all(|part| part.parse::<u32>().is_ok());
    if !is_version || Path::new(given).exists() {
        return find(Some(Path::new(given)), arch);
    }
    let is_foreign = Arch::of_this_machine() != Some(arch);
    let on_path = if is_foreign { None } else { which::which("node").ok() };
    let mut others = Vec::new();
    for path in packages(arch).into_iter().chain(on_path) {
        match find(Some(&path), arch) {
            Ok(node) if is_of(&node.version, wanted) => return Ok(node),
            Ok(node) => others.push(format!("`{}` is {}", path.display(), node.version)),
            // Nobody asked for this one; if it cannot run, it is not the one.
            Err(_) => {}
        }
    }
    let found = if others.is_empty() { String::new() } else { format!(" ({})", others.join(", ")) };
    let force = if is_foreign { " --force" } else { "" };
    let message = format!("no Node {wanted} for {arch} in `node_modules` or on `PATH`{found}");
    Err(Error::known("node-missing", Class::Machine, message).with_hint(format!(
        "`npm install --no-save{force} node-linux-{arch}@{wanted}` puts one into `node_modules`, or name one by its path"
    )))
}

/// True when `version` begins with the numbers that were asked for.
fn is_of(version: &str, wanted: &str) -> bool {
    version.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn missing() -> Error {
    Error::known("node-missing", Class::Machine, "no `node` on `PATH`: the host that boots here is Node").with_hint(
        "install Node 20 or later (https://nodejs.org, or your system's package), or name one with `--node <path>`",
    )
}

fn missing_foreign(arch: Arch) -> Error {
    let message = format!("no Node for {arch} found: this machine is another architecture");
    let mut hint = format!(
        "`npm install --no-save --force node-linux-{arch}@22` puts one into `node_modules`, or name one with `--node <path>`"
    );
    // Without a Node nothing can be tried, so this is a guess; it saves a second round.
    if cfg!(target_os = "linux") && !has_emulator(arch) {
        hint.push_str(&format!("; it most likely needs qemu-user too, {QEMU}"));
    }
    Error::known("node-missing", Class::Machine, message).with_hint(hint)
}

/// `node_modules/node-linux-<arch>/bin/node`, here or in a folder above.
fn installed(arch: Arch) -> Option<PathBuf> {
    packages(arch).into_iter().next()
}

/// The same, all of them.
fn packages(arch: Arch) -> Vec<PathBuf> {
    let here = std::env::current_dir().unwrap_or_default();
    let package = format!("node_modules/node-linux-{arch}/bin/node");
    here.ancestors().map(|folder| folder.join(&package)).filter(|path| path.is_file()).collect()
}

/// True when the kernel is seen to know an emulator for the architecture. In a container it may know one
/// that is not seen, so only an attempt tells for certain.
fn has_emulator(arch: Arch) -> bool {
    let rule = Path::new("/proc/sys/fs/binfmt_misc").join(format!("qemu-{}", qemu_name(arch)));
    std::fs::read_to_string(rule).is_ok_and(|rule| rule.starts_with("enabled"))
}

fn no_emulator(arch: Arch) -> Error {
    let message = format!("this machine cannot run {arch} programs: no qemu-user is registered for them");
    Error::known("qemu-missing", Class::Machine, message)
        .with_hint(format!("{QEMU}; or leave `--arch` out to use this machine's own"))
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
    let is_foreign = Arch::of_this_machine() != Some(arch);
    let output = command.output().map_err(|error| match error.raw_os_error() {
        Some(EXEC_FORMAT) if is_foreign && cfg!(target_os = "linux") => no_emulator(arch).with_source(error),
        _ => unusable("it could not be started".into()).with_source(error),
    })?;
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

    /// An executable file with these bytes.
    fn executable(folder: &Path, bytes: &[u8]) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = folder.join("node");
        std::fs::write(&path, bytes).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
        path
    }

    #[test]
    fn versions_are_compared_number_by_number() {
        for wanted in ["22", "22.1", "22.1.0"] {
            assert!(is_of("22.1.0", wanted), "{wanted}");
        }
        for wanted in ["2", "22.10", "22.1.0.0", "24"] {
            assert!(!is_of("22.1.0", wanted), "{wanted}");
        }
    }

    #[test]
    fn a_version_that_is_not_there_is_told_with_the_command_that_brings_it() {
        let arch = Arch::of_this_machine().expect("a known machine");
        let error = resolve("3.14", arch).expect_err("no such Node");
        assert_eq!(error.code(), "node-missing");
        assert!(error.hint().is_some_and(|hint| hint.contains("@3.14`")), "{error}");
        assert_eq!(resolve("./3.14", arch).expect_err("no such file").code(), "node-unusable");
    }

    #[test]
    fn an_emulator_is_missing_only_when_the_kernel_refuses_the_file() {
        let ours = Arch::of_this_machine().expect("a known machine");
        let foreign = if ours == Arch::X64 { Arch::Arm64 } else { Arch::X64 };
        let folder = tempfile::TempDir::new().expect("a folder");

        // No machine runs this, with whatever emulators.
        let nobodys = executable(folder.path(), b"\x7fELF of no machine");
        assert_eq!(find(Some(&nobodys), foreign).expect_err("refused").code(), "qemu-missing");
        assert_eq!(find(Some(&nobodys), ours).expect_err("refused").code(), "node-unusable");

        // This one runs, so nothing is missing, wherever the kernel keeps its rules.
        let node = executable(folder.path(), b"#!/bin/sh\necho v22.1.0\n");
        assert_eq!(find(Some(&node), foreign).expect("it runs").version, "22.1.0");
    }
}
