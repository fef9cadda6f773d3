//! Every way the runtime can fail, with what the person can do next.

use std::{error::Error as StdError, fmt, io, net::SocketAddr};

use crate::Diagnostic;

/// Why `run` or `serve` ended without being asked to.
///
/// A `main` that returns this error prints its `Debug` form, so that form is written for people: the
/// message, the causes, and a hint.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A variable that says where to listen holds something else.
    #[error("`{name}` is `{value}`, which is no {kind}")]
    Setting {
        /// The variable.
        name: &'static str,
        /// What it holds.
        value: String,
        /// What it should hold, as in "no port number".
        kind: &'static str,
        /// What to set it to. All these texts stand where HTTP is served and not here: a program that serves none
        /// must not contain the name by which `cargo trap` tells that one does.
        hint: &'static str,
    },

    /// Another program listens on the port already.
    #[error("port {} of {} is in use", address.port(), address.ip())]
    PortInUse {
        /// The address that was asked for.
        address: SocketAddr,
    },

    /// The address cannot be listened on, for another reason than its being in use.
    #[error("could not listen on `{address}`")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },

    /// The system refused what every start needs: a tokio runtime and the signal handlers.
    #[error("could not start")]
    Start(#[source] io::Error),

    /// `run`, which brings a tokio runtime, was called inside another one.
    #[error("`run` was called inside a tokio runtime")]
    InsideRuntime,

    /// There is a Runtime API, but not what a Lambda function is told beside it.
    #[error("`AWS_LAMBDA_RUNTIME_API` is set, but `{name}` is {problem}")]
    Variable {
        /// The variable that is needed.
        name: &'static str,
        /// What is wrong with it: `missing` or `not a number`.
        problem: &'static str,
    },

    /// The Runtime API could not be reached, or answered what no Runtime API answers.
    #[error("polling for events failed")]
    Poll(#[source] Box<dyn StdError + Send + Sync>),

    /// The HTTP server stopped by itself.
    #[error("serving HTTP failed")]
    Serve(#[source] io::Error),

    /// What the program needs before its first event could not be had;
    /// [`report_init_error`](crate::report_init_error) made this of it.
    #[error("{}: {}", .0.error_type, .0.error_message)]
    Init(Diagnostic),

    /// Without a Runtime API, events are read from stdin, and this is none.
    #[error("what stdin holds is no event")]
    Stdin(#[source] Box<dyn StdError + Send + Sync>),

    /// The handler failed at an event from stdin.
    #[error("{}: {}", .0.error_type, .0.error_message)]
    Handler(Diagnostic),

    /// The answer to an event from stdin could not be written.
    #[error("could not write the answer to stdout")]
    Stdout(#[source] io::Error),
}

impl Error {
    /// What to type or change next, when that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Setting { hint, .. } => Some((*hint).into()),
            Self::PortInUse { .. } => Some(
                "stop what listens there, or choose another port with `PORT`; `PORT=0` takes a free one"
                    .into(),
            ),
            Self::InsideRuntime => {
                Some("call `serve(…).await` there, or `run` from a `main` without tokio".into())
            }
            Self::Variable { name, .. } => Some(format!(
                "set `{name}` as Lambda does, or unset `AWS_LAMBDA_RUNTIME_API` to run without it"
            )),
            Self::Stdin(_) => Some("give it JSON, for example `echo '{}' | cargo run`".into()),
            Self::Listen { .. }
            | Self::Start(_)
            | Self::Poll(_)
            | Self::Serve(_)
            | Self::Init(_)
            | Self::Handler(_)
            | Self::Stdout(_) => None,
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let mut cause = self.source();
        while let Some(inner) = cause {
            write!(f, "\n  caused by: {inner}")?;
            cause = inner.source();
        }
        match self.hint() {
            Some(hint) => write!(f, "\n\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_main_prints_has_message_causes_and_hint() {
        let listen = Error::Listen { address: ([127, 0, 0, 1], 80).into(), source: io::Error::other("no") };
        assert_eq!(format!("{listen:?}"), "could not listen on `127.0.0.1:80`\n  caused by: no");
        assert_eq!(
            format!("{:?}", Error::InsideRuntime),
            "`run` was called inside a tokio runtime\n\n\
             hint: call `serve(…).await` there, or `run` from a `main` without tokio"
        );
    }
}
