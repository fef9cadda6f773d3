//! `cargo xtask starters`: make starter projects of `cargo trap new` out of the examples, which is what their generator runs.
//!
//! An example is read in this repository and a project stands alone, so what speaks of this repository goes: paths,
//! `-p name`, and the paragraphs of the README that name it. What an example is called becomes the project's name.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::check::examples::{Asked, Kind, all};
use crate::dir;

/// Make starter projects out of the examples (`generate` runs this)
#[derive(Debug, clap::Args)]
pub struct Args {}

/// The hand-written project whose last lines, profile and settings, all have.
const MODEL: &str = "axum";

/// Where those lines begin in its manifest.
const SETTINGS: &str = "{% if payload == \"file\" %}";

/// Its line about panics, and what stands there where a panic is the failure of one call.
const ABORTS: &str =
    "panic = \"abort\"   # no unwinding tables; after a panic the platform starts a new program\n";
const UNWINDS: &str =
    "panic = \"unwind\"  # a panic is the error of its call alone; `abort` would end the program\n";

/// What keeps a path from being copied: results, and what only this repository reads.
const LEFT_OUT: [&str; 4] = ["asked.toml", "Cargo.lock", "target", "node_modules"];

#[derive(Deserialize)]
struct Manifest {
    package: Package,
}

#[derive(Deserialize)]
struct Package {
    description: String,
}

pub fn run(_: &Args) -> Result<()> {
    let projects = dir::root().join("templates/projects");
    let model = fs::read_to_string(projects.join(MODEL).join("files/Cargo.toml.tmpl"))?;
    let (_, settings) = model.split_once(SETTINGS).context("the model has no settings")?;
    ensure!(settings.contains(ABORTS), "the model does not say what a panic does");
    let settings = format!("{SETTINGS}{settings}");
    for example in all()? {
        // A library has a starter of its own.
        if example.kind == Kind::Library {
            continue;
        }
        let project = projects.join(&example.name);
        if project.exists() {
            fs::remove_dir_all(&project)?;
        }
        let own = if example.asked.unwinds { settings.replace(ABORTS, UNWINDS) } else { settings.clone() };
        make(&example.name, &example.folder, &example.asked, &project, &own)
            .with_context(|| format!("the example `{}`", example.name))?;
    }
    Ok(())
}

fn make(name: &str, example: &Path, asked: &Asked, project: &Path, settings: &str) -> Result<()> {
    let description = match &asked.starter {
        Some(_) => first_sentence(&fs::read_to_string(example.join("README.md"))?)?,
        None => {
            let manifest = fs::read_to_string(example.join("Cargo.toml"))?;
            let manifest: Manifest = toml::from_str(&manifest).context("a manifest without a description")?;
            manifest.package.description
        }
    };
    write(&project.join("project.toml"), &of_project(name, &description, asked))?;
    let files = project.join("files");
    let made = asked.starter.iter().map(|starter| format!("/{}\n", starter.program)).collect::<String>();
    write(&files.join("dot-gitignore"), &format!("/target\n{made}"))?;
    for path in paths(example)? {
        let relative = path.strip_prefix(example)?;
        let bytes = fs::read(&path)?;
        let Ok(text) = String::from_utf8(bytes) else {
            let to = files.join(relative);
            fs::create_dir_all(to.parent().expect("it lies in a folder"))?;
            fs::copy(&path, to)?;
            continue;
        };
        let rendered = match relative.to_str() {
            Some("Cargo.toml") => format!("{}{settings}", of_manifest(name, &text)),
            Some("README.md") => of_readme(name, &text),
            _ => alone(name, &text),
        };
        let is_template = rendered.contains("{{ name }}");
        ensure!(
            is_template || !rendered.contains("{{ "),
            "`{}` would be taken for a template",
            relative.display()
        );
        let ending = if is_template { ".tmpl" } else { "" };
        write(&files.join(format!("{}{ending}", relative.display())), &rendered)?;
    }
    Ok(())
}

fn of_project(name: &str, description: &str, asked: &Asked) -> String {
    // A question whose answer is fit for a terminal.
    let first = asked.ask.iter().find(|ask| ask.answer.is_some());
    let mut args = first.map_or_else(|| "/".to_owned(), |ask| as_typed(&ask.args));
    let mut compile = String::new();
    if let Some(starter) = &asked.starter {
        args = format!("--program {} {args}", starter.program);
        compile = format!("compile = {}\n", toml::Value::String(starter.compile.clone()));
    }
    let mut letters = description.chars();
    let first = letters.next().map(|letter| letter.to_lowercase().to_string()).unwrap_or_default();
    format!(
        "# Made from `examples/{name}` by `cargo xtask generate`.\nmanifest-version = 1\nid = \"{name}\"\n\
         summary = \"{first}{}\"\n{compile}invoke = {}\n",
        letters.as_str(),
        toml::Value::String(args)
    )
}

/// What a README without a manifest beside it says first, up to a colon or a full stop.
fn first_sentence(readme: &str) -> Result<String> {
    let paragraph = readme.split("\n\n").nth(1).context("a README of a title alone")?;
    let end = paragraph.find([':', '.']).unwrap_or(paragraph.len());
    Ok(paragraph[..end].replace('\n', " "))
}

/// Words as a shell is given them.
fn as_typed(words: &[String]) -> String {
    let is_plain = |word: &String| word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./=".contains(c));
    let quoted = words.iter().map(|word| match is_plain(word) {
        true => word.clone(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    });
    quoted.collect::<Vec<_>>().join(" ")
}

/// The manifest up to its profiles, which every project has alike.
fn of_manifest(name: &str, text: &str) -> String {
    let end = text.find("\n[profile.").unwrap_or(text.len());
    let lines = text[..end].lines().filter(|line| !line.starts_with("# Copy this folder"));
    let mut manifest = lines.collect::<Vec<_>>().join("\n");
    manifest = manifest
        .replace(&format!("name = \"{name}\""), "name = \"{{ name }}\"")
        .replace("edition = \"2024\"", "edition = \"{{ edition }}\"")
        .replace(", path = \"../../runtime\"", "");
    format!("{}\n\n", manifest.trim_end())
}

fn of_readme(name: &str, text: &str) -> String {
    let paragraphs = text.trim_end().split("\n\n").filter(|paragraph| !paragraph.contains("this repository"));
    let text = paragraphs.collect::<Vec<_>>().join("\n\n") + "\n";
    alone(name, &text.replacen(&format!("# {name}\n"), "# {{ name }}\n", 1))
}

/// Without the ways from this repository to the example.
fn alone(name: &str, text: &str) -> String {
    text.replace(&format!(" --manifest-path examples/{name}/Cargo.toml"), "")
        .replace(&format!(" -p {name}"), "")
        .replace(&format!("examples/{name}/"), "")
        .replace(&format!("../../../target/trap/lambda/{name}"), "../target/trap/lambda/{{ name }}")
        .replace(&format!("\"{name}.arm64.bin\""), "\"{{ name }}.arm64.bin\"")
}

/// All files below a folder, in order.
fn paths(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next)? {
            let path = entry?.path();
            if path.file_name().is_some_and(|name| LEFT_OUT.iter().any(|left_out| name == *left_out)) {
                continue;
            }
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::create_dir_all(path.parent().expect("it lies in a folder"))?;
    fs::write(path, text).with_context(|| format!("could not write `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_speaks_of_this_repository_goes() {
        let readme = "# greet\n\nSays hello.\n\n    cargo trap invoke -p greet --event-file examples/greet/a.json\n\n\
                      What the tests of this repository ask.\n";
        assert_eq!(
            of_readme("greet", readme),
            "# {{ name }}\n\nSays hello.\n\n    cargo trap invoke --event-file a.json\n"
        );
        let manifest = "[package]\nname = \"greet\"\nedition = \"2024\"\n\n# Copy this folder and so on.\n[dependencies]\n\
                        trap-runtime = { version = \"0.1.0\", path = \"../../runtime\" }\n\n[profile.release]\nlto = true\n";
        assert_eq!(
            of_manifest("greet", manifest),
            "[package]\nname = \"{{ name }}\"\nedition = \"{{ edition }}\"\n\n[dependencies]\n\
             trap-runtime = { version = \"0.1.0\" }\n\n"
        );
    }

    #[test]
    fn a_project_says_how_it_is_asked() {
        let asked: Asked = toml::from_str(
            "[[ask]]\nargs = ['/a']\nanswer-file = 'p'\n[[ask]]\nargs = ['--event', 'sqs']\nanswer = 'x'",
        )
        .unwrap();
        let text = of_project("x", "The idea", &asked);
        assert!(text.contains("summary = \"the idea\"\ninvoke = \"--event sqs\"\n"), "{text}");
        let asked: Asked =
            toml::from_str("[[ask]]\nargs = ['POST', '--data', '{\"it\": \"is\"}']\nanswer = 'x'").unwrap();
        let project: toml::Table = toml::from_str(&of_project("x", "The idea", &asked)).unwrap();
        assert_eq!(project["invoke"].as_str(), Some("POST --data '{\"it\": \"is\"}'"));
    }
}
