//! `cargo xtask generate`: write the generated files that are committed, or check that they are current.
//!
//! A generator is a file in `xtask/generators`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::snapshot::Snapshot;
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
    /// The compiler whose results are committed, as `rustc --version` says it; absent where none is used.
    rustc: Option<String>,
    /// Program and arguments; the program `xtask` is this one.
    run: Vec<String>,
    /// Working folder, below the root.
    #[serde(default)]
    cwd: String,
    /// Files, and folders that hold nothing but what is generated, below the root.
    outputs: Vec<String>,
}

type Files = BTreeMap<PathBuf, Vec<u8>>;

pub fn run(args: &Args) -> Result<()> {
    for generator in all(&dir::root().join("xtask/generators"))? {
        ui::step("generate", &generator.summary);
        if let Some(why_not) = other_compiler(&generator)? {
            ensure!(!suite::is_ci(), "{why_not}");
            ui::step("skipped", &why_not);
            continue;
        }
        let outputs = generator.outputs.iter().map(|output| dir::root().join(output)).collect::<Vec<_>>();
        let committed = Snapshot::of(&outputs)?;
        let result = generate(&generator);
        let (before, after) = (files(&committed), files(&Snapshot::of(&outputs)?));
        if args.check {
            restore(&before, &after)?;
        }
        committed.keep_dates()?;
        result?;
        if !args.check {
            continue;
        }
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

/// Why this compiler's results cannot be compared with what is committed, if it is another one.
fn other_compiler(generator: &Generator) -> Result<Option<String>> {
    let Some(wanted) = &generator.rustc else { return Ok(None) };
    let found = process::output(Command::new("rustc").arg("--version").current_dir(dir::root()))?;
    Ok(difference_of_compilers(wanted, found.trim()))
}

fn difference_of_compilers(wanted: &str, found: &str) -> Option<String> {
    if wanted == found {
        return None;
    }
    let version = wanted.split(' ').nth(1).unwrap_or(wanted);
    Some(format!(
        "what is committed was made by `{wanted}`, and this is `{found}`: run `rustup toolchain install {version}`, then \
         with RUSTUP_TOOLCHAIN={version} `cargo xtask setup` and this again; or move on to this compiler, as the \
         manifest in `xtask/generators` says"
    ))
}

fn generate(generator: &Generator) -> Result<()> {
    for folder in &generator.npm_ci {
        suite::npm_ci(folder)?;
    }
    let (program, arguments) = generator.run.split_first().context("a generator that runs nothing")?;
    let own = std::env::current_exe().context("could not find this program")?;
    let mut command = if program == "xtask" { Command::new(own) } else { Command::new(program) };
    let status = process::openly(command.args(arguments).current_dir(dir::root().join(&generator.cwd)))?;
    ensure!(status.success(), "`{}` failed with {status}", generator.run.join(" "));
    Ok(())
}

fn files(snapshot: &Snapshot) -> Files {
    snapshot.files().map(|(path, bytes)| (path.to_owned(), bytes.to_owned())).collect()
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
        let after = super::files(&Snapshot::of(&[dir.path().to_owned()]).unwrap());

        restore(&[(kept.clone(), b"committed".to_vec())].into(), &after).unwrap();

        assert_eq!(fs::read(&kept).unwrap(), b"committed");
        assert!(!new.exists());
    }

    #[test]
    fn another_compiler_is_named_with_what_to_type() {
        let ours = "rustc 1.95.0 (59807616e 2026-04-14)";
        assert_eq!(difference_of_compilers(ours, ours), None);
        // A build of the same version by somebody else has another code generator.
        for other in ["rustc 1.96.0 (abc 2026-05-28)", "rustc 1.95.0 (59807616e 2026-04-14) (somebody's)"] {
            let said = difference_of_compilers(ours, other).unwrap();
            assert!(said.contains(other) && said.contains("rustup toolchain install 1.95.0"), "{said}");
        }
    }

    #[test]
    fn every_generator_of_ours_can_be_read() {
        assert!(!all(&dir::root().join("xtask/generators")).unwrap().is_empty());
    }
}
