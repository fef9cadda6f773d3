//! The commands of the README work as they stand there.
//!
//! Every `console` block is a session: its lines run in order, the first block in the checkout, later ones in
//! an empty folder with what `cargo install` put on the path. All share the checkout's target folder, so that what
//! several of their programs depend on is compiled once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::{dir, process, ui};

pub fn run() -> Result<()> {
    let text = fs::read_to_string(dir::root().join("README.md")).context("could not read `README.md`")?;
    let sessions = sessions(&text);
    ensure!(sessions.len() > 1, "the README shows no session beyond the one it opens with");
    let zip = dir::target().join("trap/lambda/my-service.zip");
    if zip.exists() {
        fs::remove_file(&zip).context("could not remove what an earlier run left")?;
    }
    let scratch = tempfile::tempdir().context("could not make a folder")?;
    fs::create_dir(scratch.path().join("checkout")).context("could not make a folder")?;
    let mut count = 0;
    for (index, lines) in sessions.iter().enumerate() {
        let mut folder = if index == 0 { dir::root() } else { scratch.path().join("checkout") };
        for words in lines {
            if let ["cd", inside] = words[..] {
                folder.push(inside);
                continue;
            }
            // The tests are how we got here.
            if words[..2] == ["cargo", "xtask"] {
                continue;
            }
            let shown = words.join(" ");
            ui::step("$", &shown);
            let answer = process::output(&mut command(words, &folder, scratch.path().join("installed"))?)?;
            if words.contains(&"invoke") {
                ensure!(answer.contains("Hello from Rust"), "`{shown}` answered `{answer}`");
                ui::data(answer.trim_end());
            }
            count += 1;
        }
    }
    ensure!(zip.exists(), "the README's last session leaves no `{}`", zip.display());
    ui::data(&format!("{count} commands of the README work"));
    Ok(())
}

/// One line of a session, ready to run.
fn command(words: &[&str], folder: &Path, installed: PathBuf) -> Result<Command> {
    let mut path = vec![installed.join("bin")];
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let mut command = Command::new(words[0]);
    command
        .args(&words[1..])
        .env("PATH", std::env::join_paths(path).context("a folder of PATH has a `:`")?)
        .env("CARGO_INSTALL_ROOT", &installed)
        .env("CARGO_TARGET_DIR", dir::target())
        .stderr(Stdio::inherit());
    // `--path` is meant in the checkout, where the README says to run it.
    let in_checkout = words.windows(2).any(|pair| pair == ["install", "--path"]);
    if words[0] != "cargo" {
        bail!("the README runs `{}`; only `cargo` and `cd` are understood here", words[0]);
    }
    command.current_dir(if in_checkout { dir::root() } else { folder.to_path_buf() });
    Ok(command)
}

/// The lines of every `console` block that begin with `$`, as words, without their comments.
fn sessions(readme: &str) -> Vec<Vec<Vec<&str>>> {
    readme
        .split("```console\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .map(|block| {
            block
                .lines()
                .filter_map(|line| line.strip_prefix("$ "))
                .map(|line| line.split_whitespace().take_while(|word| *word != "#").collect())
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_is_a_session_and_comments_are_not_typed() {
        let readme = "# t\n```console\n$ cargo trap a /   # shows\nHello\n$ cargo xtask test\n```\n```toml\n$ no\n```\n```console\n$ cd x\n```\n";
        assert_eq!(
            sessions(readme),
            [vec![vec!["cargo", "trap", "a", "/"], vec!["cargo", "xtask", "test"]], vec![vec!["cd", "x"]]]
        );
    }
}
