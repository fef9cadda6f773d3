//! From an artifact to the folder a host runs in: as it is, bundled by Genezio, bundled to CommonJS.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    Result,
    artifact::{self, Once, Recipe, run},
    subject::{Delivery, Subject},
    tools,
};

/// What a host runs.
#[derive(Debug, Clone)]
pub struct Deployed {
    pub folder: PathBuf,
    /// `<module>.<export>`, as AWS names handlers.
    pub handler: String,
}

/// A handler that loads the artifact inside its first invocation, as adapters that construct lazily do.
const LAZY: &str = "export const handler = async (event, context) => {
  const artifact = await import(\"./index.mjs\");
  return artifact.handler(event, context);
};
";

/// Makes the folder for a subject, once.
///
/// # Errors
/// When the build or the bundler fails, with what it printed.
pub fn deployed(subject: &Subject) -> Result<Deployed> {
    static MADE: Once<(Recipe, Delivery), Result<Deployed>> = Once::new();
    MADE.get((Recipe::of(subject), subject.delivery), || {
        let artifact = artifact::artifact(subject)?;
        let folder = artifact.with_extension(subject.delivery.word());
        let handler = "index.handler".to_owned();
        match subject.delivery {
            Delivery::Lambda => Ok(Deployed { folder: artifact, handler }),
            Delivery::LambdaLazy => {
                copy_folder(&artifact, &folder)?;
                fs::write(folder.join("lazy.mjs"), LAZY)
                    .map_err(|error| format!("writing the lazy handler: {error}"))?;
                Ok(Deployed { folder, handler: "lazy.handler".to_owned() })
            }
            Delivery::LambdaCjs => {
                fresh(&folder)?;
                let esbuild = tools::genezio()?.with_file_name("esbuild");
                run(Command::new(esbuild)
                    .arg(artifact.join("index.mjs"))
                    .args(["--bundle", "--platform=node", "--format=cjs", "--minify", "--log-level=error"])
                    .arg(format!("--outfile={}", folder.join("index.js").display())))?;
                Ok(Deployed { folder, handler })
            }
            Delivery::Genezio => Ok(Deployed { folder: genezio(&artifact)?, handler }),
        }
    })
}

/// Copies a folder with everything below it, permissions included.
///
/// # Errors
/// When `cp` fails.
pub fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fresh(to)?;
    run(Command::new("cp").arg("-a").arg(from.join(".")).arg(to)).map(drop)
}

fn fresh(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| format!("removing `{}`: {error}", folder.display()))?;
    }
    fs::create_dir_all(folder).map_err(|error| format!("creating `{}`: {error}", folder.display()))
}

/// What Genezio's own command makes of the artifact for its AWS provider. Seconds each, so kept for the
/// next run together with the hash of what went in.
fn genezio(artifact: &Path) -> Result<PathBuf> {
    let (folder, kept) = (artifact.with_extension("genezio"), artifact.with_extension("fingerprint"));
    let fingerprint = fingerprint(artifact)?;
    if fs::read_to_string(&kept).is_ok_and(|known| known == fingerprint) {
        return Ok(folder);
    }
    // Written again only when all is done: an interrupted run keeps nothing.
    let _ = fs::remove_file(&kept);
    let project = artifact.with_extension("project");
    copy_folder(artifact, &project)?;
    let command = tools::genezio()?;
    // Types come from the tool's own folder: with them in place its type check needs no network.
    let modules = command.parent().and_then(Path::parent).ok_or("the Genezio CLI has no folder")?;
    fs::create_dir_all(project.join("node_modules/@types"))
        .map_err(|error| format!("preparing the project: {error}"))?;
    for name in ["@types/node", "undici-types"] {
        let link = project.join("node_modules").join(name);
        if modules.join(name).exists() && !link.exists() {
            std::os::unix::fs::symlink(modules.join(name), link)
                .map_err(|error| format!("linking `{name}`: {error}"))?;
        }
    }
    let output = artifact.with_extension("bundle");
    fresh(&output)?;
    run(Command::new(command)
        .current_dir(&project)
        .args(["bundleClass", "--className", &class(&project)?, "--cloudAdapter", "aws", "--output"])
        .arg(&output)
        .env("CI", "true")
        .env("GENEZIO_NO_TELEMETRY", "1"))?;
    fresh(&folder)?;
    unzip(&output.join("bundle.zip"), &folder)?;
    fs::write(&kept, fingerprint).map_err(|error| format!("keeping the bundle: {error}"))?;
    Ok(folder)
}

/// Unpacks with permissions, as the platform does.
///
/// # Errors
/// When the archive cannot be read.
pub fn unzip(archive: &Path, folder: &Path) -> Result<()> {
    let fail = |error: &dyn std::fmt::Display| format!("unpacking `{}`: {error}", archive.display());
    let file = fs::File::open(archive).map_err(|error| fail(&error))?;
    let mut archive = zip::ZipArchive::new(file).map_err(|error| fail(&error))?;
    archive.extract(folder).map_err(|error| fail(&error))
}

/// The name of the class that the artifact exports.
fn class(project: &Path) -> Result<String> {
    let entries = fs::read_dir(project).map_err(|error| format!("reading the project: {error}"))?;
    entries
        .filter_map(|entry| fs::read_to_string(entry.ok()?.path()).ok())
        .find_map(|text| {
            let (_, rest) = text.split_once("export class ")?;
            rest.split_whitespace().next().map(str::to_owned)
        })
        .ok_or_else(|| format!("no exported class in `{}`", project.display()))
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
