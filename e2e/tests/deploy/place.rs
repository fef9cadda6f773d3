//! A folder of its own for a case: what a person has there who deploys.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use e2e::subject::{Arch, Program};
use e2e::{Result, artifact};

/// A folder with a program `app`, an empty home, and a folder for tools before all others on `PATH`.
pub struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub fn new(arch: Arch) -> Result<Self> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let place = Self { folder };
        for name in ["home", "bin"] {
            fs::create_dir(place.path(name)).map_err(|error| error.to_string())?;
        }
        place.program("app", arch)?;
        Ok(place)
    }

    /// A program that answers, under a name of its own.
    pub fn program(&self, name: &str, arch: Arch) -> Result<()> {
        let program = artifact::program(Program::HelloRuntime, arch)?;
        fs::copy(program, self.path(name)).map(drop).map_err(|error| error.to_string())
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    pub fn read(&self, relative: &str) -> Result<Vec<u8>> {
        fs::read(self.path(relative)).map_err(|error| format!("reading `{relative}`: {error}"))
    }

    pub fn json(&self, relative: &str) -> Result<serde_json::Value> {
        serde_json::from_slice(&self.read(relative)?).map_err(|error| format!("`{relative}`: {error}"))
    }

    pub fn write(&self, relative: &str, text: &str) -> Result<()> {
        let path = self.path(relative);
        let parent = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(parent).and_then(|()| fs::write(&path, text)).map_err(|error| error.to_string())
    }

    /// Puts a tool on `PATH` that does what these words of a shell do.
    pub fn tool(&self, name: &str, words: &str) -> Result<()> {
        let path = format!("bin/{name}");
        self.write(&path, &format!("#!/bin/sh\n{words} \"$@\"\n"))?;
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(self.path(&path), mode).map_err(|error| error.to_string())
    }

    /// A command in this folder that knows nothing of the person who runs the tests.
    pub fn command(&self, program: &Path) -> Command {
        let mut path = vec![self.path("bin")];
        path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).env_clear().env("HOME", self.path("home"));
        command.env("PATH", std::env::join_paths(path).unwrap_or_default());
        command
    }

    /// `cargo trap …`
    pub fn trap(&self, args: &[&str]) -> Result<Command> {
        let mut command = self.command(&artifact::cli()?);
        command.arg("trap").args(args);
        Ok(command)
    }

    /// Runs it to success, and hands out its stdout.
    pub fn succeed(&self, args: &[&str]) -> Result<String> {
        artifact::run(&mut self.trap(args)?)
    }
}

/// Exit status, stdout and stderr.
pub fn outcome(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// Fails with a sentence unless something holds.
pub fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<()> {
    if holds { Ok(()) } else { Err(otherwise()) }
}
