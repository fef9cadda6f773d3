//! Everything the tool says: stdout carries data a program may read, stderr carries talk.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::{Error, Result};

const BOLD_GREEN: Style = AnsiColor::Green.on_default().bold();
const BOLD_RED: Style = AnsiColor::Red.on_default().bold();
const BOLD_YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const BOLD_CYAN: Style = AnsiColor::Cyan.on_default().bold();

/// How results are written to stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// One JSON object per line, each with a `reason`.
    Json,
}

/// What is said, and how loudly. Cheap to copy.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ui {
    quiet: bool,
    verbose: bool,
    format: Format,
}

impl Ui {
    /// `quiet` silences talk, never data or errors.
    pub fn new(quiet: bool, verbose: bool, format: Format) -> Self {
        Self { quiet, verbose, format }
    }

    /// True when stdout is read by a program.
    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// True under `--quiet`.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// A finished step, in cargo's shape: a green verb, right-aligned, then what it did.
    pub fn status(&self, verb: &str, what: impl fmt::Display) {
        if !self.quiet {
            anstream::eprintln!("{BOLD_GREEN}{verb:>12}{BOLD_GREEN:#} {what}");
        }
    }

    /// A line that a program under our care wrote to `stream`. Among the talk it is marked with the stream;
    /// `quiet` silences the talk, so then the line stands alone, as it is.
    pub fn log(&self, stream: &str, line: impl fmt::Display) {
        if self.quiet {
            anstream::eprintln!("{line}");
        } else {
            self.status(stream, line);
        }
    }

    /// More than most people want to know; shown under `--verbose`.
    pub fn detail(&self, verb: &str, what: impl fmt::Display) {
        if self.verbose && !self.quiet {
            anstream::eprintln!("{BOLD_CYAN}{verb:>12}{BOLD_CYAN:#} {what}");
        }
    }

    /// Something that works but probably is not meant.
    pub fn warning(&self, what: impl fmt::Display) {
        if !self.quiet {
            anstream::eprintln!("{BOLD_YELLOW}warning{BOLD_YELLOW:#}: {what}");
        }
    }

    /// A line that moves while `what` takes its time. Nothing is drawn without a terminal, in CI, or
    /// under `--quiet`; the line is gone when the returned guard is dropped.
    pub fn progress(&self, verb: &str, what: impl fmt::Display) -> Progress {
        if self.quiet || std::env::var_os("CI").is_some() || !io::stderr().is_terminal() {
            return Progress(ProgressBar::hidden());
        }
        let bar = ProgressBar::new_spinner();
        let template = if anstream::AutoStream::choice(&io::stderr()) == anstream::ColorChoice::Never {
            "{prefix:>12} {msg} {elapsed} {spinner}"
        } else {
            "{prefix:>12.cyan.bold} {msg} {elapsed:.dim} {spinner}"
        };
        bar.set_style(
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner()),
        );
        bar.set_prefix(verb.to_owned());
        bar.set_message(what.to_string());
        bar.enable_steady_tick(Duration::from_millis(120));
        Progress(bar)
    }

    /// How many columns people see on stdout; `None` where nobody looks.
    pub fn width(&self) -> Option<usize> {
        terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0))
    }

    /// How wide a line may be that moves on stderr; `None` where none is drawn.
    pub fn moving_width(&self) -> Option<usize> {
        let is_watched = !self.quiet && std::env::var_os("CI").is_none() && io::stderr().is_terminal();
        let width = || terminal_size::terminal_size_of(io::stderr()).map(|(width, _)| usize::from(width.0));
        is_watched.then(width).flatten()
    }

    /// One machine-readable object on stdout, on a line of its own.
    ///
    /// # Errors
    /// When stdout cannot take it.
    pub fn json(&self, value: &impl Serialize) -> Result<()> {
        let mut line = serde_json::to_vec(value).map_err(|error| Error::Stdout(error.into()))?;
        line.push(b'\n');
        self.bytes(&line)
    }

    /// Text for people on stdout; styles are dropped where they are not wanted.
    ///
    /// # Errors
    /// When stdout cannot take it.
    pub fn text(&self, text: impl fmt::Display) -> Result<()> {
        let mut out = anstream::stdout().lock();
        write!(out, "{text}").and_then(|()| out.flush()).map_err(Error::Stdout)
    }

    /// Bytes on stdout, unchanged.
    ///
    /// # Errors
    /// When stdout cannot take them.
    pub fn bytes(&self, bytes: &[u8]) -> Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(bytes).and_then(|()| out.flush()).map_err(Error::Stdout)
    }

    /// A failure after which the command goes on; otherwise as [`Ui::error`].
    pub fn failure(&self, error: &Error) {
        self.explain(error);
    }

    /// What a tool wrote to its stderr, unchanged, on ours; `quiet` does not silence it.
    pub fn pass_on(&self, bytes: &[u8]) {
        // Where nobody listens there is nobody to tell.
        let _ = io::stderr().lock().write_all(bytes);
    }

    /// An error, its causes and its hint. A failure that a child tool has explained is not said twice.
    ///
    /// Under `--message-format json` it is also the last object on stdout.
    pub fn error(&self, error: &Error) {
        if error.is_broken_pipe() {
            return;
        }
        if self.is_json() {
            // When stdout cannot take it either, stderr still says what happened.
            let _ = self.json(&serde_json::json!({
                "reason": "trap-error",
                "code": error.code(),
                "message": error.to_string(),
                "hint": error.hint(),
            }));
        }
        self.explain(error);
    }

    fn explain(&self, error: &Error) {
        if !error.already_reported() {
            anstream::eprintln!("{BOLD_RED}error[{}]{BOLD_RED:#}: {error}", error.code());
            let mut cause = std::error::Error::source(error);
            while let Some(inner) = cause {
                anstream::eprintln!("  caused by: {inner}");
                cause = inner.source();
            }
        }
        if let Some(hint) = error.hint() {
            anstream::eprintln!("\n{BOLD_CYAN}hint{BOLD_CYAN:#}: {hint}");
        }
    }
}

/// A moving line; see [`Ui::progress`].
#[derive(Debug)]
#[must_use = "the line disappears when this is dropped"]
pub struct Progress(ProgressBar);

impl Progress {
    /// Says something else from now on.
    pub fn say(&self, what: impl fmt::Display) {
        self.0.set_message(what.to_string());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
