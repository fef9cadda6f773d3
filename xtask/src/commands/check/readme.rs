//! The commands the README opens with work as they stand there.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{dir, process, ui};

pub fn run() -> Result<()> {
    let text = fs::read_to_string(dir::root().join("README.md")).context("could not read `README.md`")?;
    let commands = opening_commands(&text);
    // The tests are how we got here.
    let (own, others): (Vec<_>, Vec<_>) = commands.into_iter().partition(|words| words[1] == "xtask");
    ensure!(!own.is_empty(), "the README does not open with how to run the tests");
    ensure!(!others.is_empty(), "the README does not open with a command that shows the tool");
    for words in &others {
        let shown = words.join(" ");
        ui::step("$", &shown);
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).current_dir(dir::root());
        let answer = process::output(command.stderr(std::process::Stdio::inherit()))?;
        ensure!(!answer.trim().is_empty(), "`{shown}` printed nothing on stdout");
        ui::data(answer.trim_end());
    }
    ui::data(&format!("{} commands of the README work", others.len()));
    Ok(())
}

/// The `cargo …` lines of the first code block, fenced or indented, without their comments.
fn opening_commands(readme: &str) -> Vec<Vec<&str>> {
    let mut commands = Vec::new();
    for line in readme.lines() {
        let line = line.trim();
        let line = line.strip_prefix("$ ").unwrap_or(line);
        let words = line.split_whitespace().take_while(|word| *word != "#").collect::<Vec<_>>();
        if words.len() > 1 && words[0] == "cargo" {
            commands.push(words);
        } else if !commands.is_empty() {
            break;
        }
    }
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_block_counts_and_comments_do_not() {
        let fenced =
            "# t\n\ntext\n\n```sh\ncargo trap a /   # shows\n$ cargo xtask test\n```\n\n    cargo later\n";
        assert_eq!(
            opening_commands(fenced),
            [vec!["cargo", "trap", "a", "/"], vec!["cargo", "xtask", "test"]]
        );
        let indented = "text\n\n    cargo trap a\n\n    cargo later\n";
        assert_eq!(opening_commands(indented), [vec!["cargo", "trap", "a"]]);
    }
}
