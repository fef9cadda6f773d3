//! What an example is asked: its `asked.toml`. One without is asked for `/`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Asked {
    /// What makes the program, where it is not cargo: words, run in the example's folder. `{cpu}` stands for the machine
    /// as compilers call it, `{program}` for the file to make.
    #[serde(default)]
    pub compile: Vec<String>,
    /// The crate that cargo trap has to name where no C compiler for the target is.
    pub compiles_c: Option<String>,
    /// Whether the README has a table of sizes, `| arm64 | bytes |`.
    #[serde(default)]
    pub sizes: bool,
    /// Whether it and a project that begins with it unwind, because a panic is the failure of one call and no more.
    #[serde(default)]
    pub unwinds: bool,
    /// How a project that begins with it makes its program, where it is not cargo that does.
    pub starter: Option<Starter>,
    #[serde(default)]
    pub ask: Vec<Ask>,
}

/// What stands in cargo's place in a project without it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Starter {
    /// A line for the shell that makes the program for a machine like its own.
    pub compile: String,
    /// The file that it makes.
    pub program: String,
}

/// One question, and everything that must come of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Ask {
    /// Words for `cargo trap invoke`, run in the example's folder.
    pub args: Vec<String>,
    /// All of the answer.
    pub answer: Option<String>,
    /// The same, in a file of the folder.
    pub answer_file: Option<String>,
    /// What the failure says; without it the program must answer.
    pub error: Option<String>,
    /// What the program logs.
    pub log: Option<String>,
}

impl Asked {
    /// What stands in an example's folder.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("asked.toml");
        let mut asked = if path.exists() {
            let text =
                fs::read_to_string(&path).with_context(|| format!("could not read `{}`", path.display()))?;
            let asked: Self = toml::from_str(&text).with_context(|| format!("`{}`", path.display()))?;
            ensure!(!asked.ask.is_empty(), "`{}` asks nothing", path.display());
            asked
        } else {
            Self::default()
        };
        if asked.ask.is_empty() {
            asked.ask.push(Ask {
                args: vec!["/".to_owned()],
                answer: None,
                answer_file: None,
                error: None,
                log: None,
            });
        }
        Ok(asked)
    }
}

impl Ask {
    /// Fails unless the answer and the log are what they should be.
    pub fn hold(&self, folder: &Path, answer: &[u8], log: &str) -> Result<()> {
        let text = String::from_utf8_lossy(answer);
        let text = text.trim_end();
        if let Some(expected) = &self.answer {
            ensure!(text == expected, "it answered `{text}` instead of `{expected}`");
        } else if let Some(file) = &self.answer_file {
            let expected = fs::read(folder.join(file)).with_context(|| format!("could not read `{file}`"))?;
            ensure!(answer == expected, "the {} bytes that it answered are not `{file}`", answer.len());
        } else if self.error.is_none() {
            ensure!(text.contains("Rust"), "it answered `{text}`, which does not greet from Rust");
        }
        for expected in self.error.iter().chain(&self.log) {
            ensure!(log.contains(expected.as_str()), "it did not say `{expected}`:\n{log}");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(text: &str) -> Ask {
        toml::from_str(&format!("args = ['/']\n{text}")).unwrap()
    }

    #[test]
    fn an_answer_is_compared_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let hold =
            |text: &str, answer: &str, log: &str| ask(text).hold(folder.path(), answer.as_bytes(), log);
        assert!(hold("answer = 'yes'", "yes\n", "").is_ok());
        assert!(hold("answer = 'yes'", "yes and no\n", "").is_err());
        assert!(hold("", "Hello from Rust", "").is_ok());
        assert!(hold("", "Hello", "").is_err());
        assert!(hold("error = 'E: no'", "", "E: no such").is_ok());
        assert!(hold("error = 'E: no'", "", "another").is_err());
        fs::write(folder.path().join("picture"), b"\xff\n").unwrap();
        let picture = ask("answer-file = 'picture'");
        assert!(picture.hold(folder.path(), b"\xff\n", "").is_ok());
        assert!(picture.hold(folder.path(), b"\xff", "").is_err());
    }

    #[test]
    fn a_file_that_asks_nothing_is_refused_and_none_asks_for_the_root() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Asked::read(folder.path()).unwrap().ask[0].args, ["/"]);
        fs::write(folder.path().join("asked.toml"), "sizes = true\n").unwrap();
        assert!(Asked::read(folder.path()).is_err());
    }
}
