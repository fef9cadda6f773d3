//! `cargo xtask generate`: write the generated files that are committed, or check that they are current.
//!
//! A generator is a file in `xtask/generators`.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::{dir, process, suite, ui};

/// Write the generated files that are committed
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Change nothing; fail if something is out of date
    #[arg(long)]
    check: bool,
}

/// One file of `xtask/generators`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Generator {
    /// One line for lists.
    summary: String,
    /// Folders whose lock files are installed first.
    #[serde(default)]
    npm_ci: Vec<String>,
    /// Program and arguments.
    run: Vec<String>,
    /// Working folder, below the root.
    #[serde(default)]
    cwd: String,
    /// Folders, below the root, that hold nothing but what is generated.
    outputs: Vec<String>,
}

type Files = BTreeMap<PathBuf, Vec<u8>>;

pub fn run(args: &Args) -> Result<()> {
    for generator in all(&dir::root().join("xtask/generators"))? {
        ui::step("generate", &generator.summary);
        let before = read(&generator.outputs)?;
        let result = generate(&generator);
        if !args.check {
            result?;
            continue;
        }
        let after = read(&generator.outputs)?;
        restore(&before, &after)?;
        result?;
        let stale = difference(&before, &after);
        if !stale.is_empty() {
            bail!("out of date: `{}`; run `cargo xtask generate` and commit", stale.join("`, `"));
        }
    }
    Ok(())
}

fn all(folder: &Path) -> Result<Vec<Generator>> {
    let entries = fs::read_dir(folder).with_context(|| format!("could not list `{}`", folder.display()))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.sort();
    files.iter().map(|file| parse(file).with_context(|| format!("in `{}`", file.display()))).collect()
}

fn parse(file: &Path) -> Result<Generator> {
    toml::from_str(&fs::read_to_string(file)?).context("not a generator's manifest")
}

fn generate(generator: &Generator) -> Result<()> {
    for folder in &generator.npm_ci {
        suite::npm_ci(folder)?;
    }
    let (program, arguments) = generator.run.split_first().context("a generator that runs nothing")?;
    let mut command = Command::new(program);
    let status = process::openly(command.args(arguments).current_dir(dir::root().join(&generator.cwd)))?;
    ensure!(status.success(), "`{}` failed with {status}", generator.run.join(" "));
    Ok(())
}

fn read(folders: &[String]) -> Result<Files> {
    let mut files = Files::new();
    for folder in folders {
        collect(&dir::root().join(folder), &mut files)?;
    }
    Ok(files)
}

fn collect(folder: &Path, files: &mut Files) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        other => other.with_context(|| format!("could not list `{}`", folder.display()))?,
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            let bytes = fs::read(&path).with_context(|| format!("could not read `{}`", path.display()))?;
            files.insert(path, bytes);
        }
    }
    Ok(())
}

/// Puts back what a check has changed.
fn restore(before: &Files, after: &Files) -> Result<()> {
    for path in after.keys().filter(|path| !before.contains_key(*path)) {
        fs::remove_file(path).with_context(|| format!("could not remove `{}`", path.display()))?;
    }
    for (path, bytes) in before.iter().filter(|(path, bytes)| after.get(*path) != Some(bytes)) {
        fs::write(path, bytes).with_context(|| format!("could not write `{}`", path.display()))?;
    }
    Ok(())
}

fn difference(before: &Files, after: &Files) -> Vec<String> {
    let changed = after.iter().filter(|(path, bytes)| before.get(*path) != Some(bytes)).map(|(path, _)| path);
    let gone = before.keys().filter(|path| !after.contains_key(*path));
    let root = dir::root();
    let shown = |path: &PathBuf| path.strip_prefix(&root).unwrap_or(path).display().to_string();
    changed.chain(gone).map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(list: &[(&str, &str)]) -> Files {
        list.iter().map(|(path, text)| (path.into(), text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn changed_new_and_vanished_files_are_out_of_date() {
        let before = files(&[("same", "1"), ("changed", "1"), ("gone", "1")]);
        let after = files(&[("same", "1"), ("changed", "2"), ("new", "1")]);
        assert_eq!(difference(&before, &after), ["changed", "new", "gone"]);
        assert!(difference(&before, &before).is_empty());
    }

    #[test]
    fn a_check_puts_back_what_it_changed() {
        let dir = tempfile::tempdir().unwrap();
        let (kept, new) = (dir.path().join("kept"), dir.path().join("new"));
        fs::write(&kept, "generated").unwrap();
        fs::write(&new, "generated").unwrap();
        let mut after = Files::new();
        collect(dir.path(), &mut after).unwrap();

        restore(&[(kept.clone(), b"committed".to_vec())].into(), &after).unwrap();

        assert_eq!(fs::read(&kept).unwrap(), b"committed");
        assert!(!new.exists());
    }

    #[test]
    fn every_generator_of_ours_can_be_read() {
        assert!(!all(&dir::root().join("xtask/generators")).unwrap().is_empty());
    }
}
