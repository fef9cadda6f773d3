//! Genezio's own command line, and what it makes of an artifact.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::artifact::{self, Once, run};
use crate::bundle::{copy_folder, fresh, unzip};
use crate::subject::{Arch, Node};
use crate::{Result, tools};

/// A call of it, without arguments yet.
///
/// # Errors
/// When it is not installed.
pub fn command(project: &Path) -> Result<Command> {
    let mut command = Command::new(tools::node(Arch::X64, Node::V20)?);
    command.arg(tools::genezio()?).current_dir(project).env("CI", "true").env("GENEZIO_NO_TELEMETRY", "1");
    Ok(command)
}

/// The `node_modules` that it is installed in; TypeScript and Node's types are among them.
///
/// # Errors
/// When it is not installed.
pub fn modules() -> Result<PathBuf> {
    let genezio = tools::genezio()?;
    let modules = genezio.parent().and_then(Path::parent);
    modules.map(Path::to_owned).ok_or_else(|| "the Genezio CLI has no folder".to_owned())
}

/// Makes a project of an artifact: a copy, and the types that it is checked with, which would need the network otherwise.
///
/// # Errors
/// When something cannot be copied or linked.
pub fn project(artifact: &Path, project: &Path) -> Result<()> {
    copy_folder(artifact, project)?;
    if project.join("tsconfig.json").exists() {
        for name in ["@types/node", "undici-types"] {
            link(&modules()?.join(name), &project.join("node_modules").join(name))?;
        }
    }
    Ok(())
}

/// Makes a symbolic link, and the folders that it lies in.
///
/// # Errors
/// When there is something already.
pub fn link(to: &Path, at: &Path) -> Result<()> {
    if let Some(parent) = at.parent() {
        fs::create_dir_all(parent).map_err(|error| format!("creating `{}`: {error}", parent.display()))?;
    }
    std::os::unix::fs::symlink(to, at).map_err(|error| format!("linking `{}`: {error}", at.display()))
}

/// What a command of it makes of an artifact: `archive`, unpacked into a folder in `folder`.
///
/// Many seconds of work each, so it is made once, and stays there for the next run together with the hash of what went in.
///
/// # Errors
/// When the command fails, with what it printed.
pub fn bundle(artifact: &Path, arguments: &[&str], archive: &str, folder: &Path) -> Result<PathBuf> {
    static MADE: Once<PathBuf, Result<PathBuf>> = Once::new();
    MADE.get(folder.to_owned(), || make(artifact, arguments, archive, folder))
}

fn make(artifact: &Path, arguments: &[&str], archive: &str, folder: &Path) -> Result<PathBuf> {
    let (bundle, kept) = (folder.join("bundle"), folder.join("fingerprint"));
    let went_in = format!("{} {arguments:?} {}", fingerprint(artifact)?, tools::genezio()?.display());
    if fs::read_to_string(&kept).is_ok_and(|known| known == went_in) {
        return Ok(bundle);
    }
    // What is kept is written when all is done: an interrupted run keeps nothing.
    fresh(folder)?;
    let (sources, output) = (folder.join("project"), folder.join("output"));
    project(artifact, &sources)?;
    run(command(&sources)?.args(arguments).arg("--output").arg(&output))?;
    unzip(&output.join(archive), &bundle)?;
    fs::write(&kept, went_in).map_err(|error| format!("keeping the bundle: {error}"))?;
    Ok(bundle)
}

fn fingerprint(folder: &Path) -> Result<String> {
    // GNU tar sorts and blanks what does not matter, so that the same files give the same hash.
    let archive = folder.with_extension("tar");
    run(Command::new("tar")
        .args(["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "-cf"])
        .arg(&archive)
        .arg("-C")
        .arg(folder)
        .arg("."))?;
    let hash = artifact::sha256(&archive);
    let _ = fs::remove_file(&archive);
    hash
}
