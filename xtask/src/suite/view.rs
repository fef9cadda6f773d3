//! Where it goes what a suite says: to whoever watches; or into a file until the suite is over, where others run meanwhile.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};

use anyhow::{Context, Result};

use crate::{dir, process, ui};

/// Where a suite speaks.
pub struct View(Option<(PathBuf, File)>);

impl View {
    /// For the one suite that is watched.
    pub fn open() -> Self {
        Self(None)
    }

    /// For one that runs beside it.
    pub fn kept(suite: &str) -> Result<Self> {
        let path = dir::logs().join(format!("suite-{suite}.log"));
        fs::create_dir_all(dir::logs())
            .with_context(|| format!("could not create `{}`", dir::logs().display()))?;
        let file = File::create(&path).with_context(|| format!("could not create `{}`", path.display()))?;
        Ok(Self(Some((path, file))))
    }

    /// Says what is done next.
    pub fn step(&self, verb: &str, text: &str) {
        match &self.0 {
            None => ui::step(verb, text),
            // What cannot be written is missed by nobody as long as the suite passes.
            Some((_, file)) => drop((&*file).write_all(ui::line(verb, text).as_bytes())),
        }
    }

    /// Runs a command to the end.
    pub fn run(&self, command: &mut Command) -> Result<ExitStatus> {
        if let Some((_, file)) = &self.0 {
            command.stdout(file.try_clone()?).stderr(file.try_clone()?);
        }
        process::openly(command)
    }

    /// Shows what was kept.
    pub fn close(self) {
        let Some((path, _)) = self.0 else { return };
        match fs::read(&path) {
            Ok(text) => ui::said(&String::from_utf8_lossy(&text)),
            Err(error) => ui::step("warning", &format!("could not read `{}`: {error}", path.display())),
        }
    }
}
