//! Every way the runtime can fail, with what the person can do next.

use std::{error::Error as StdError, fmt, io, net::SocketAddr};

/// Why `run` or `serve` ended without being asked to.
///
/// A `main` that returns this error prints its `Debug` form, so that form is written for people: the
/// message, the causes, and a hint.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// `PORT` holds something else than a port number.
    #[error("`PORT` is `{value}`, which is no port number")]
    Port {
        /// What the variable holds.
        value: String,
    },

    /// `TRAP_HOST` holds something else than an IP address.
    #[error("`TRAP_HOST` is `{value}`, which is no IP address")]
    Host {
        /// What the variable holds.
        value: String,
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
    #[error("`trap_runtime::run` was called inside a tokio runtime")]
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
}

impl Error {
    /// What to type or change next, when that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Port { .. } => Some("set `PORT` to a number from 0 to 65535, or unset it for 3000".into()),
            Self::Host { .. } => Some("set `TRAP_HOST` to `127.0.0.1`, `0.0.0.0` or another address".into()),
            Self::PortInUse { .. } => Some(
                "stop what listens there, or choose another port with `PORT`; `PORT=0` takes a free one"
                    .into(),
            ),
            Self::InsideRuntime => Some(
                "call `trap_runtime::serve(router).await` there, or `run` from a `main` without tokio".into(),
            ),
            Self::Variable { name, .. } => {
                Some(format!("set `{name}` as Lambda does, or unset `AWS_LAMBDA_RUNTIME_API` to serve HTTP"))
            }
            Self::Listen { .. } | Self::Start(_) | Self::Poll(_) | Self::Serve(_) => None,
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
            format!("{:?}", Error::Port { value: "http".into() }),
            "`PORT` is `http`, which is no port number\n\n\
             hint: set `PORT` to a number from 0 to 65535, or unset it for 3000"
        );
    }
}
