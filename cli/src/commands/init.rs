//! `cargo trap init`: what `new` does, for a crate that exists. Comments and order in its manifest survive.

use std::path::PathBuf;

use toml_edit::{DocumentMut, Item, Table, value};

use crate::cargo_args::CargoArgs;
use crate::files::{self, Mode};
use crate::payload::Encoding;
use crate::platform::{self, Manifest};
use crate::project::{Product, Project};
use crate::ui::Ui;
use crate::{Class, Error, Result, plan};

/// Prepare an existing crate: its platform, and a release profile made for starting fast
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The platform to package for
    #[arg(long, visible_alias = "template", value_name = "NAME", default_value = platform::DEFAULT, value_parser = platform::values(), env = "CARGO_TRAP_PLATFORM", hide_env_values = true)]
    platform: String,
    /// Package to prepare
    #[arg(short, long, value_name = "SPEC")]
    package: Option<String>,
    /// Path to Cargo.toml
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
}

/// The release profile that `cargo trap new` writes too.
const fn profile(payload: Encoding, product: Product) -> [Line; 5] {
    let level = match payload {
        Encoding::File => ("opt-level", "3", "the program is executed where it lies: bytes cost little"),
        Encoding::Base64 => {
            ("opt-level", "\"z\"", "the payload is read at every cold start: bytes cost more than cycles")
        }
    };
    let panic = match product {
        Product::Program => (
            "panic",
            "\"abort\"",
            "no unwind tables; a panic ends the program and the platform starts a new one",
        ),
        // An abort would end the host in the middle of whatever it does.
        Product::Library => ("panic", "\"unwind\"", "a panic becomes the status that the host ends with"),
    };
    [
        level,
        ("lto", "\"fat\"", "drops what no path reaches"),
        ("codegen-units", "1", "one unit sees more to share and to drop"),
        panic,
        ("strip", "true", "symbols are never read on the platform"),
    ]
}

/// A line of a profile: its key, its value, and the reason for it.
type Line = (&'static str, &'static str, &'static str);

/// Crates that make a program speak the Lambda Runtime API.
const RUNTIMES: [&str; 3] = ["lambda_http", "lambda_runtime", "trap-runtime"];

/// Runs the command.
///
/// # Errors
/// `no-platform`, `no-project`; when a manifest cannot be read or written.
pub fn run(args: Args, ui: &Ui) -> Result<()> {
    let Manifest { id: platform, payload, .. } = platform::find(&args.platform)?.manifest;
    let cargo =
        CargoArgs { package: args.package, manifest_path: args.manifest_path, ..CargoArgs::default() };
    let project = Project::find(&cargo, None)?;
    let manifest = project.root.join("Cargo.toml");
    let mut changed = Vec::new();

    let mut document = parse(&manifest)?;
    if set_platform(&mut document, &platform) {
        changed.push(format!("`[package.metadata.trap]` with platform `{platform}`"));
    }
    let lines = profile(payload, project.product);
    // Profiles count in the workspace's root manifest only.
    let root = project.workspace_root.join("Cargo.toml");
    if root == manifest {
        let added = set_profile(&mut document, &lines);
        changed.extend(added.then(|| "the missing lines of `[profile.release]`".to_owned()));
        save(&manifest, &document, &changed)?;
    } else {
        save(&manifest, &document, &changed)?;
        let mut root_document = parse(&root)?;
        if set_profile(&mut root_document, &lines) {
            files::write(&root, root_document.to_string().as_bytes(), Mode::Plain)?;
            changed.push(format!("the missing lines of `[profile.release]` in `{}`", plan::shown(&root)));
        }
    }
    match changed.as_slice() {
        [] => {
            ui.status("Unchanged", format_args!("`{}` is prepared for {platform} already", project.package))
        }
        changed => ui.status("Added", changed.join(" and ")),
    }
    let speaks = document
        .get("dependencies")
        .and_then(Item::as_table_like)
        .is_some_and(|table| table.iter().any(|(name, _)| RUNTIMES.contains(&name)));
    if speaks {
        ui.status("Next", "cargo trap invoke /");
    } else {
        ui.warning(format_args!(
            "`{}` depends on none of `{}`: a program must poll AWS Lambda's Runtime API to be packaged",
            project.package,
            RUNTIMES.join("`, `")
        ));
        ui.status("Next", "cargo add lambda_http, and pass your axum router to `lambda_http::run`");
    }
    if ui.is_json() {
        ui.json(&serde_json::json!({
            "reason": "trap-init", "package": project.package, "platform": platform, "added": changed,
        }))?;
    }
    Ok(())
}

fn parse(path: &std::path::Path) -> Result<DocumentMut> {
    files::read_text(path)?.parse().map_err(|error: toml_edit::TomlError| {
        Error::known("manifest", Class::Request, format!("`{}` is not TOML", plan::shown(path)))
            .with_source(error)
    })
}

fn save(path: &std::path::Path, document: &DocumentMut, changed: &[String]) -> Result<()> {
    if changed.is_empty() {
        return Ok(());
    }
    files::write(path, document.to_string().as_bytes(), Mode::Plain)
}

/// Sets the platform; false when it is set to that already.
fn set_platform(document: &mut DocumentMut, platform: &str) -> bool {
    let implicit = || {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    };
    let package = document.entry("package").or_insert_with(implicit);
    let Some(package) = package.as_table_mut() else { return false };
    let metadata = package.entry("metadata").or_insert_with(implicit);
    let Some(metadata) = metadata.as_table_like_mut() else { return false };
    let trap = metadata.entry("trap").or_insert(Item::Table(Table::new()));
    let Some(trap) = trap.as_table_like_mut() else { return false };
    if trap.get("platform").and_then(Item::as_str) == Some(platform) {
        return false;
    }
    trap.insert("platform", value(platform));
    true
}

/// Adds the lines of the release profile that are missing; what is there stays. False when none was missing.
fn set_profile(document: &mut DocumentMut, lines: &[Line]) -> bool {
    let implicit = || {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    };
    let profile = document.entry("profile").or_insert_with(implicit);
    let Some(profile) = profile.as_table_mut() else { return false };
    let release = profile.entry("release").or_insert(Item::Table(Table::new()));
    let Some(release) = release.as_table_like_mut() else { return false };
    let mut added = false;
    for &(key, text, why) in lines {
        if release.contains_key(key) {
            continue;
        }
        let Ok(mut line) = text.parse::<toml_edit::Value>() else { continue };
        line.decor_mut().set_prefix(" ");
        line.decor_mut().set_suffix(format!(" # {why}"));
        release.insert(key, Item::Value(line));
        added = true;
    }
    added
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_choices_of_the_manifest_survive() {
        let before =
            "# mine\n[package]\nname = \"x\" # the name\n\n[profile.release]\nopt-level = 3 # measured\n";
        let mut document: DocumentMut = before.parse().unwrap();
        assert!(set_platform(&mut document, "lambda"));
        assert!(set_profile(&mut document, &profile(Encoding::File, Product::Program)));
        let after = document.to_string();
        for kept in ["# mine", "name = \"x\" # the name", "opt-level = 3 # measured"] {
            assert!(after.contains(kept), "{after}");
        }
        for added in ["[package.metadata.trap]\nplatform = \"lambda\"", "strip = true # symbols"] {
            assert!(after.contains(added), "{after}");
        }
        let parsed: toml::Table = toml::from_str(&after).unwrap();
        assert_eq!(parsed["profile"]["release"]["opt-level"].as_integer(), Some(3));
    }

    #[test]
    fn a_second_run_changes_nothing() {
        let mut document: DocumentMut = "[package]\nname = \"x\"\n".parse().unwrap();
        set_platform(&mut document, "lambda");
        set_profile(&mut document, &profile(Encoding::File, Product::Program));
        let once = document.to_string();
        assert!(!set_platform(&mut document, "lambda"));
        assert!(!set_profile(&mut document, &profile(Encoding::Base64, Product::Library)));
        assert_eq!(document.to_string(), once);
    }
}
