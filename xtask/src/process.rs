//! Runs programs: quietly into a log file with signs of life, or in full view.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::{dir, ui};

/// How often a quiet program is said to be still running.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// How much of a failed program's log is shown: some tools name the cause first, others last.
const HEAD_LINES: usize = 10;
const TAIL_LINES: usize = 50;

/// Runs to the end with all output in a log file, whose ends are shown when the program fails.
pub fn quietly(what: &str, command: &mut Command) -> Result<()> {
    let log = dir::logs().join(format!("{what}.log"));
    fs::create_dir_all(dir::logs())
        .with_context(|| format!("could not create `{}`", dir::logs().display()))?;
    let file = File::create(&log).with_context(|| format!("could not create `{}`", log.display()))?;
    let shown = show(command);
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    let status =
        with_signs_of_life(what, || command.status()).with_context(|| format!("could not run `{shown}`"))?;
    if !status.success() {
        let text = fs::read(&log).unwrap_or_default();
        for line in ends(&String::from_utf8_lossy(&text), HEAD_LINES, TAIL_LINES) {
            ui::step("|", line);
        }
        bail!("`{shown}` failed with {status}; all it said is in `{}`", log.display());
    }
    Ok(())
}

/// Runs to the end in full view.
pub fn openly(command: &mut Command) -> Result<ExitStatus> {
    let shown = show(command);
    command.status().with_context(|| format!("could not run `{shown}`"))
}

/// Runs to the end and returns stdout.
pub fn output(command: &mut Command) -> Result<String> {
    let shown = show(command);
    let output = command.output().with_context(|| format!("could not run `{shown}`"))?;
    if !output.status.success() {
        // Empty where the program had our own stderr and has been heard already.
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`{shown}` failed with {} {}", output.status, said.trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{shown}` did not print text"))
}

/// Whether a command of this name is in `PATH`, or, for an absolute path, whether that file exists.
pub fn exists(name: &str) -> bool {
    if Path::new(name).is_absolute() {
        return Path::new(name).exists();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

/// A command that has what others leave of the machine: the larger the number (1 to 19), the less.
pub fn behind(niceness: u8, program: impl AsRef<OsStr>) -> Command {
    if !exists("nice") {
        return Command::new(program);
    }
    let mut command = Command::new("nice");
    command.args(["-n", &niceness.to_string()]).arg(program);
    command
}

/// The command as one would type it.
pub fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Does the work, and says every few seconds that it is still going on.
pub fn with_signs_of_life<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let (done, wait) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            while wait.recv_timeout(SIGN_OF_LIFE) == Err(RecvTimeoutError::Timeout) {
                ui::step("", &format!("{what} … {}", ui::seconds(start.elapsed())));
            }
        });
        let result = work();
        drop(done);
        result
    })
}

/// The first and the last lines, with a mark where some were left out.
fn ends(text: &str, head: usize, tail: usize) -> Vec<&str> {
    let lines = text.lines().collect::<Vec<_>>();
    if lines.len() <= head + tail {
        return lines;
    }
    [&lines[..head], &["…"], &lines[lines.len() - tail..]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_log_is_shown_by_its_ends() {
        assert_eq!(ends("a\nb\nc\nd\ne\n", 1, 2), ["a", "…", "d", "e"]);
        assert_eq!(ends("a\nb\nc\n", 1, 2), ["a", "b", "c"]);
    }

    #[test]
    fn a_command_is_shown_as_typed() {
        assert_eq!(show(Command::new("cargo").args(["fmt", "--all"])), "cargo fmt --all");
    }
}
