//! From an artifact to the folder a host runs in: as it is, bundled by Genezio, bundled to CommonJS.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    Result,
    artifact::{self, Once, Recipe, run},
    genezio,
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

/// Makes an empty folder.
///
/// # Errors
/// When it cannot be emptied or created.
pub fn fresh(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| format!("removing `{}`: {error}", folder.display()))?;
    }
    fs::create_dir_all(folder).map_err(|error| format!("creating `{}`: {error}", folder.display()))
}

/// What Genezio's own command makes of the artifact for its AWS provider.
fn genezio(artifact: &Path) -> Result<PathBuf> {
    let class = class(artifact)?;
    let arguments = ["bundleClass", "--className", &class, "--cloudAdapter", "aws"];
    genezio::bundle(artifact, &arguments, "bundle.zip", &artifact.with_extension("genezio"))
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
fn class(artifact: &Path) -> Result<String> {
    let entries = fs::read_dir(artifact).map_err(|error| format!("reading the artifact: {error}"))?;
    entries
        .filter_map(|entry| fs::read_to_string(entry.ok()?.path()).ok())
        .find_map(|text| {
            let (_, rest) = text.split_once("export class ")?;
            rest.split_whitespace().next().map(str::to_owned)
        })
        .ok_or_else(|| format!("no exported class in `{}`", artifact.display()))
}
