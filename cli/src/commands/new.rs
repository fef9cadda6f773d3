//! `cargo trap new`: a project that builds, runs and deploys as it is.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use clap::builder::PossibleValue;
use serde::{Deserialize, Serialize};

use crate::files::{self, Mode};
use crate::payload::Encoding;
use crate::platform;
use crate::ui::Ui;
use crate::{Class, Error, Result, plan};

/// Start a project: an axum router that builds, runs and deploys as it is
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The folder to make; its name is the package's name
    path: PathBuf,
    /// A platform to start for, or a starter project [default: axum, for genezio]
    #[arg(long, visible_alias = "platform", value_name = "NAME", value_parser = templates())]
    #[arg(env = "CARGO_TRAP_PLATFORM", hide_env_values = true)]
    template: Option<String>,
    /// A library that Node loads into its own process, instead of a program that takes Node's place
    #[arg(long)]
    lib: bool,
    /// The package's name, where the folder's does not fit
    #[arg(long)]
    name: Option<String>,
}

/// `project.toml` of a starter project.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Manifest {
    /// Format of the file; 1.
    pub manifest_version: u32,
    /// Equals the folder's name.
    pub id: String,
    /// One line for lists.
    pub summary: String,
    /// A line for the shell that makes its program, where it is not cargo that does.
    pub compile: Option<String>,
    /// Words for `cargo trap invoke` that it answers.
    #[serde(default = "root")]
    pub invoke: String,
}

fn root() -> String {
    "/".to_owned()
}

/// A file of a starter project: path and content.
pub type File = (String, Cow<'static, [u8]>);

/// What a starter project's templates can say.
#[derive(Debug, Serialize)]
struct Values<'a> {
    name: &'a str,
    platform: &'a str,
    payload: Encoding,
    edition: &'a str,
}

/// The starter project that is meant when none is named.
const DEFAULT: &str = "axum";

/// The one that `--lib` means.
const LIBRARY: &str = "library";

/// Runs the command.
///
/// # Errors
/// `not-empty` when the folder has something in it; `package-name`; `no-template`.
pub fn run(args: Args, ui: &Ui) -> Result<()> {
    let (project, platform) = choose(args.template.as_deref(), args.lib)?;
    let project = find(&project)?;
    let folder_name = std::path::absolute(&args.path)
        .ok()
        .and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .unwrap_or_default();
    let name = args.name.clone().unwrap_or(folder_name);
    check_name(&name)?;
    if !files::is_empty_or_missing(&args.path)? {
        return Err(Error::known(
            "not-empty",
            Class::Request,
            format!("`{}` is not empty", args.path.display()),
        )
        .with_hint("choose another folder; for an existing crate, run `cargo trap init` in it"));
    }
    let rendered = render(&project.id, &name, &platform)?;
    for (path, content) in &rendered {
        files::write(&args.path.join(path), content, Mode::Plain)?;
    }
    let is_package = project.compile.is_none();
    let own_workspace = if is_package { leave_workspace(&args.path)? } else { None };
    let path = args.path.display();
    if let Some(outer) = own_workspace {
        ui.status(
            "Separated",
            format_args!(
                "`{name}` from the workspace of `{}` around it: it has a `[workspace]` of its own",
                outer.display()
            ),
        );
    }
    match is_package {
        true => ui.status("Created", format_args!("`{name}` for {platform} in {path}")),
        // It has no settings, so the platform is said when it is built.
        false => ui.status("Created", format_args!("`{name}` in {path}")),
    }
    let runtime = if is_package { use_runtime_beside_this_tool(&args.path)? } else { None };
    if let Some(runtime) = runtime {
        let runtime = runtime.display();
        ui.status(
            "Patched",
            format_args!("trap-runtime: it is the one of `{runtime}`, from which this tool was built"),
        );
    }
    let enter = plan::word(&path.to_string());
    let compile = project.compile.map(|line| format!("{line} && ")).unwrap_or_default();
    ui.status("Next", format_args!("cd {enter} && {compile}cargo trap invoke {}", project.invoke));
    if ui.is_json() {
        let files: Vec<_> = rendered.iter().map(|(path, _)| path).collect();
        ui.json(&serde_json::json!({
            "reason": "trap-project", "name": name, "platform": platform, "dir": args.path, "files": files,
        }))?;
    }
    Ok(())
}

/// A tool that was built in its repository knows features of trap-runtime that what is published may not have, or that
/// nobody has published yet. A project that depends on it gets the one that stands beside the tool, which is returned.
fn use_runtime_beside_this_tool(path: &Path) -> Result<Option<PathBuf>> {
    let manifest = path.join("Cargo.toml");
    let text = files::read_text(&manifest)?;
    let depends = text.parse::<toml::Table>().is_ok_and(|table| {
        table.get("dependencies").is_some_and(|dependencies| dependencies.get("trap-runtime").is_some())
    });
    // An installed release has been compiled in cargo's registry, where each crate lies alone.
    let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("runtime");
    if !depends || !runtime.join("Cargo.toml").is_file() {
        return Ok(None);
    }
    let path = toml::Value::String(runtime.to_string_lossy().into_owned());
    let text = format!(
        "{text}\n# `cargo trap` was built beside this one. Without these lines it is what is published.\n\
         [patch.crates-io]\ntrap-runtime = {{ path = {path} }}\n"
    );
    files::write(&manifest, text.as_bytes(), Mode::Plain)?;
    Ok(Some(runtime))
}

/// A folder inside somebody's workspace is taken for a member that is not listed, and cargo refuses it; its
/// release profile would not count either. Makes it a workspace of its own then, and returns the outer one.
fn leave_workspace(path: &Path) -> Result<Option<PathBuf>> {
    let absolute = std::path::absolute(path).map_err(Error::file("find", path))?;
    let manifest = path.join("Cargo.toml");
    let outer = absolute.ancestors().skip(1).map(|folder| folder.join("Cargo.toml")).find(|outer| {
        let text = std::fs::read_to_string(outer).unwrap_or_default();
        text.parse::<toml::Table>().is_ok_and(|table| table.contains_key("workspace"))
    });
    if outer.is_some() {
        let text = files::read_text(&manifest)?;
        let text = format!(
            "{text}\n# The folder lies inside another workspace; this makes it stand alone.\n[workspace]\n"
        );
        files::write(&manifest, text.as_bytes(), Mode::Plain)?;
    }
    Ok(outer)
}

/// The files of a starter project, rendered.
///
/// # Errors
/// `no-template`, or `template` when one is broken.
pub fn render(project: &str, name: &str, platform: &str) -> Result<Vec<File>> {
    let folder = trap_templates::PROJECTS.get_dir(project).ok_or_else(|| unknown(project))?;
    let payload = platform::find(platform)?.manifest.payload;
    let values = Values { name, platform, payload, edition: "2024" };
    platform::tree_of_bytes(folder, "files")
        .into_iter()
        .map(|(path, bytes)| {
            let Some(template) = path.strip_suffix(".tmpl") else { return Ok((dotted(&path), bytes.into())) };
            // What is no text has no place for a name.
            let text = String::from_utf8_lossy(bytes);
            Ok((dotted(template), platform::render_text(template, &text, &values)?.into_bytes().into()))
        })
        .collect()
}

fn unknown(project: &str) -> Error {
    Error::known("no-template", Class::Request, format!("no starter project named `{project}`"))
}

fn find(project: &str) -> Result<Manifest> {
    projects()?.into_iter().find(|manifest| manifest.id == project).ok_or_else(|| unknown(project))
}

/// `dot-gitignore` is a name that git and cargo leave alone; the project gets `.gitignore`.
fn dotted(path: &str) -> String {
    path.split('/')
        .map(|part| part.strip_prefix("dot-").map_or_else(|| part.to_owned(), |rest| format!(".{rest}")))
        .collect::<Vec<_>>()
        .join("/")
}

/// All starter projects.
///
/// # Errors
/// `template` when a manifest is broken: a defect of this tool.
pub fn projects() -> Result<Vec<Manifest>> {
    trap_templates::PROJECTS
        .dirs()
        .map(|folder| {
            let broken = |what: &str| {
                Error::known(
                    "template",
                    Class::Tool,
                    format!("the project `{}` {what}", folder.path().display()),
                )
            };
            let text = folder
                .get_file(folder.path().join("project.toml"))
                .and_then(|file| file.contents_utf8())
                .ok_or_else(|| broken("has no `project.toml`"))?;
            let manifest: Manifest = toml::from_str(text)
                .map_err(|error| broken("has a broken `project.toml`").with_source(error))?;
            if manifest.manifest_version != 1 || folder.path().to_str() != Some(&manifest.id) {
                return Err(broken("has a manifest of another version or name"));
            }
            Ok(manifest)
        })
        .collect()
}

/// The names that `--template` takes: platforms and starter projects.
fn templates() -> clap::builder::PossibleValuesParser {
    let platforms = platform::all().unwrap_or_default().into_iter().map(|platform| platform.manifest);
    let platforms = platforms.map(|manifest| (manifest.id, format!("platform: {}", manifest.summary)));
    let projects = projects().unwrap_or_default().into_iter();
    let projects = projects.map(|project| (project.id, format!("project: {}", project.summary)));
    platforms.chain(projects).map(|(id, about)| PossibleValue::new(id).help(about)).into()
}

/// The starter project and the platform behind a name, which stands for one of them.
fn choose(wanted: Option<&str>, library: bool) -> Result<(String, String)> {
    let project = if library { LIBRARY } else { DEFAULT };
    let default = (project.to_owned(), platform::DEFAULT.to_owned());
    let Some(wanted) = wanted else { return Ok(default) };
    if projects()?.iter().any(|project| project.id == wanted) {
        if library && wanted != LIBRARY {
            let message =
                format!("the starter project `{wanted}` is a program, and `--lib` asks for a library");
            return Err(Error::known("no-template", Class::Request, message)
                .with_hint("leave one of the two out; `--template` with `--lib` may name a platform"));
        }
        return Ok((wanted.to_owned(), default.1));
    }
    Ok((default.0, platform::find(wanted)?.manifest.id))
}

/// Cargo's own rules, checked before anything is written.
fn check_name(name: &str) -> Result<()> {
    let hint = |text: &str| {
        Err(Error::known("package-name", Class::Request, format!("`{name}` cannot name a package"))
            .with_hint(text))
    };
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
        return hint("use letters, digits, `-` and `_`; give another name with `--name`");
    }
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return hint("begin with a letter; give another name with `--name`");
    }
    if [
        "test",
        "core",
        "std",
        "alloc",
        "proc_macro",
        "proc-macro",
        "self",
        "super",
        "crate",
        "fn",
        "mod",
        "axum",
        "tokio",
        "lambda_http",
    ]
    .contains(&name)
    {
        return hint("cargo or Rust uses that name itself; give another one with `--name`");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_starter_project_renders_for_every_platform() {
        for project in projects().unwrap() {
            for platform in platform::all().unwrap() {
                let files = render(&project.id, "my-service", &platform.manifest.id).unwrap();
                assert!(files.iter().any(|(path, _)| path == ".gitignore"), "a .gitignore");
                let cargo = files.iter().find(|(path, _)| path == "Cargo.toml");
                assert_eq!(cargo.is_some(), project.compile.is_none(), "{}", project.id);
                let Some(cargo) = cargo else { continue };
                let manifest: toml::Table = toml::from_slice(&cargo.1).unwrap();
                assert_eq!(manifest["package"]["name"].as_str(), Some("my-service"));
                assert_eq!(
                    manifest["package"]["metadata"]["trap"]["platform"].as_str(),
                    Some(platform.manifest.id.as_str())
                );
            }
        }
    }

    #[test]
    fn platforms_and_projects_have_different_names() {
        for project in projects().unwrap() {
            assert!(platform::find(&project.id).is_err(), "`{}` names both", project.id);
        }
    }

    #[test]
    fn names_that_cargo_would_refuse_are_refused_first() {
        for good in ["a", "my-service", "x_1"] {
            check_name(good).unwrap();
        }
        for bad in ["", "a b", "1a", "ä", "test", "axum", "a/b"] {
            assert_eq!(check_name(bad).unwrap_err().code(), "package-name", "{bad}");
        }
    }
}
