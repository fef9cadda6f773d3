//! How a check looks at a machine.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What checks may ask.
pub trait Probe {
    /// What a program prints on stdout, if it is there and succeeds.
    fn output(&self, program: &str, args: &[&str]) -> Option<String>;
    /// True when a program is in `PATH`.
    fn has(&self, program: &str) -> bool;
    /// The text of a file; empty for one that is there and cannot be read.
    fn file(&self, path: &str) -> Option<String>;
    /// True when commands may change the system.
    fn is_root(&self) -> bool;
}

/// This machine, seen from a folder.
#[derive(Debug)]
pub struct Machine {
    /// Where programs are started: a toolchain file there counts.
    pub folder: PathBuf,
}

impl Probe for Machine {
    fn output(&self, program: &str, args: &[&str]) -> Option<String> {
        let output = Command::new(which::which(program).ok()?)
            .args(args)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn has(&self, program: &str) -> bool {
        which::which(program).is_ok()
    }

    fn file(&self, path: &str) -> Option<String> {
        Path::new(path).exists().then(|| std::fs::read_to_string(path).unwrap_or_default())
    }

    fn is_root(&self) -> bool {
        #[cfg(unix)]
        return rustix::process::geteuid().is_root();
        #[cfg(not(unix))]
        return false;
    }
}
