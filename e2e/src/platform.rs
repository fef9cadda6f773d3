//! A platform starts runtimes and asks them things: AWS's emulator, or the server of this project.

pub mod log;
pub mod ours;
pub mod rie;

use std::{ffi::OsString, fmt, path::PathBuf, sync::Arc};

use crate::{Result, subject::Arch};

/// A runtime to start, as a platform's own configuration would describe it.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The runtime's command line.
    pub command: Vec<OsString>,
    /// Whether that command is a bare Node, which is to get our own client.
    pub is_node: bool,
    pub folder: PathBuf,
    /// `<module>.<export>`; the last word of AWS's Node client.
    pub handler: String,
    /// The whole environment; nothing of the test's own reaches the runtime.
    pub environment: Vec<(String, String)>,
    pub timeout_seconds: u32,
    /// Receives what the runtime prints and what the platform says about it.
    pub log: PathBuf,
}

impl Launch {
    pub fn unset(&mut self, name: &str) {
        self.environment.retain(|(known, _)| known != name);
    }

    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.unset(name);
        self.environment.push((name.to_owned(), value.into()));
    }
}

/// What a caller of the function gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The bytes the runtime posted, be it as a response or as the error of an invocation: AWS's emulator
    /// does not tell them apart.
    Posted(Vec<u8>),
    /// The runtime failed; `message` is empty where the platform gives none, `body` is all it sent.
    Failed {
        kind: String,
        message: String,
        body: String,
    },
    TimedOut(String),
}

impl fmt::Display for Answer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Posted(body) if body.len() > 20_000 => write!(out, "answered {} bytes", body.len()),
            Self::Posted(body) => write!(out, "answered {}", String::from_utf8_lossy(body)),
            Self::Failed { kind, message, .. } => write!(out, "failed with {kind}: {message}"),
            Self::TimedOut(message) => write!(out, "timed out: {message}"),
        }
    }
}

impl Answer {
    /// From what the emulator's front door says; `last_error` is asked where it gives no kind of failure.
    ///
    /// # Errors
    /// When the reply is none that the emulator gives.
    pub fn from_reply(
        status: u16,
        body: Vec<u8>,
        last_error: impl FnOnce() -> Result<String>,
    ) -> Result<Self> {
        let text = String::from_utf8_lossy(&body).into_owned();
        match status {
            200 if text.starts_with("Task timed out after") => Ok(Self::TimedOut(text)),
            200 => Ok(Self::Posted(body)),
            502 => {
                let json: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
                let field = |name: &str| json[name].as_str().map(str::to_owned);
                Ok(Self::Failed {
                    kind: field("errorType").map_or_else(last_error, Ok)?,
                    message: field("errorMessage").unwrap_or_else(|| text.clone()),
                    body: text,
                })
            }
            other => Err(format!("an answer with status {other}: {text}")),
        }
    }
}

/// A platform that runs.
pub trait Running: Send + Sync {
    /// Sends one event and waits for the answer.
    ///
    /// # Errors
    /// When no answer comes at all: that is a hang, whatever caused it.
    fn ask(&self, event: &[u8]) -> Result<Answer>;

    /// Ends the platform, and with it what it started.
    ///
    /// # Errors
    /// When it does not end.
    fn stop(&self) -> Result<()>;
}

/// The platforms that every case runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// AWS's emulator and AWS's Node client.
    Rie,
    /// Our server and AWS's Node client.
    Ours,
    /// Our server and our stand-in for the Node client: what `cargo trap invoke` runs.
    OursAlone,
}

impl Platform {
    pub const ALL: &[Self] = &[Self::Rie, Self::Ours, Self::OursAlone];

    /// Whether a case can be played here.
    pub fn suits(self, arch: Arch, wraps: bool) -> bool {
        // Our client is given to a command that is Node and nothing else; and under emulation, where every Node
        // costs seconds, AWS's client is enough.
        self != Self::OursAlone || (arch == Arch::X64 && !wraps)
    }

    /// # Errors
    /// When the platform itself does not come up.
    pub fn start(self, launch: &Launch) -> Result<Arc<dyn Running>> {
        match self {
            Self::Rie => Ok(Arc::new(rie::Rie::start(launch)?)),
            Self::Ours | Self::OursAlone => Ok(Arc::new(ours::Ours::start(launch)?)),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Rie => "rie",
            Self::Ours => "ours",
            Self::OursAlone => "ours-alone",
        })
    }
}
