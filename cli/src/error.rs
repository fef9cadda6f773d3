//! Every way a command can fail, with what the person can do next.
//!
//! A message is a lowercase fragment without a final period. The hint is apart from it and says what to
//! type. Codes are stable: scripts match on them and the README's troubleshooting section lists them.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

/// What every fallible function of this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The classes of exit status. 0 is success and 1 is left to panics and surprises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Class {
    /// The request is wrong: a flag, a name, a manifest, a program that cannot run there.
    Request = 2,
    /// This machine lacks something that can be installed.
    Machine = 3,
    /// A tool we ran, or a platform's answer, was not what it should be.
    Tool = 4,
    /// A file could not be read or written.
    Files = 5,
    /// The host or the program failed while it ran: no answer, or an error for an answer.
    Run = 6,
    /// A limit that was set for a measurement is exceeded.
    Budget = 7,
}

/// A failure the tool expects.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file operation failed. `doing` is a verb phrase: "read", "write", "create the folder".
    #[error("could not {doing} `{}`", path.display())]
    File {
        /// What was attempted.
        doing: &'static str,
        /// The path as the person knows it.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Standard output went away or could not take the data.
    #[error("could not write to standard output")]
    Stdout(#[source] io::Error),
    /// A tool could not be started at all.
    #[error("could not start `{tool}`")]
    Start {
        /// Its name or path.
        tool: String,
        /// What the system said.
        #[source]
        source: io::Error,
        /// How to get it.
        hint: Option<String>,
    },
    /// A tool explained its failure on stderr itself; only its status is passed on.
    #[error("`{tool}` ended with {status}")]
    ToolFailed {
        /// The command line, shortened.
        tool: String,
        /// Its exit status.
        status: i32,
        /// What we know and the tool does not say.
        hint: Option<String>,
    },
    /// Anything else that has a code of its own.
    #[error("{message}")]
    Known {
        /// Stable, kebab-case, listed in the README.
        code: &'static str,
        /// The class that decides the exit status.
        class: Class,
        /// What happened and what it means.
        message: String,
        /// What to type or change.
        hint: Option<String>,
        /// What caused it, where something else reported it.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

impl Error {
    /// A failure with a code of its own. Add [`Error::with_hint`] whenever there is something to type.
    pub fn known(code: &'static str, class: Class, message: impl Into<String>) -> Self {
        Self::Known { code, class, message: message.into(), hint: None, source: None }
    }

    /// A failed file operation; use it as `.map_err(Error::file("read", &path))`.
    pub fn file(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { doing, path, source }
    }

    /// Adds what to type next.
    #[must_use]
    pub fn with_hint(mut self, text: impl Into<String>) -> Self {
        if let Self::Known { hint, .. } | Self::Start { hint, .. } | Self::ToolFailed { hint, .. } = &mut self
        {
            *hint = Some(text.into());
        }
        self
    }

    /// Adds the failure behind this one.
    #[must_use]
    pub fn with_source(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        if let Self::Known { source, .. } = &mut self {
            *source = Some(cause.into());
        }
        self
    }

    /// Stable name for scripts and for the troubleshooting section of the README.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "file",
            Self::Stdout(_) => "stdout",
            Self::Start { .. } => "tool-missing",
            Self::ToolFailed { .. } => "tool-failed",
            Self::Known { code, .. } => code,
        }
    }

    /// The process status: a failed tool's own, else the number of the class.
    pub fn exit_code(&self) -> ExitCode {
        let status = match self {
            Self::File { .. } | Self::Stdout(_) => Class::Files as u8,
            Self::Start { .. } => Class::Machine as u8,
            Self::ToolFailed { status, .. } => {
                u8::try_from(*status).ok().filter(|status| *status != 0).unwrap_or(Class::Tool as u8)
            }
            Self::Known { class, .. } => *class as u8,
        };
        ExitCode::from(status)
    }

    /// The next thing to type or change, when we know it.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Known { hint, .. } | Self::Start { hint, .. } | Self::ToolFailed { hint, .. } => {
                hint.as_deref()
            }
            Self::File { .. } | Self::Stdout(_) => None,
        }
    }

    /// True when the child process has printed its own explanation on our stderr.
    pub fn already_reported(&self) -> bool {
        matches!(self, Self::ToolFailed { .. })
    }

    /// True when standard output was closed by its reader (`cargo trap … | head`): not worth a word.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Stdout(source) if source.kind() == io::ErrorKind::BrokenPipe)
    }
}
