//! What the tests against real hosts are made of.
//!
//! A [`subject::Subject`] says which Node, architecture, takeover, payload and platform; a
//! [`stage::Stage`] runs one of them against a [`platform::Platform`] and writes down what the program and
//! the host saw, so that AWS's emulator and our own server can be compared line by line.
#![allow(missing_docs, reason = "names say it all in a crate that only the tests beside it use")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop where it stands")]

pub mod artifact;
pub mod bundle;
pub mod genezio;
pub mod http;
pub mod musl;
pub mod native;
pub mod platform;
pub mod record;
pub mod sandbox;
pub mod stage;
pub mod subject;
pub mod tools;
pub mod wait;

/// What every step returns: a failure is a sentence for the person who reads the test's output.
pub type Result<T> = std::result::Result<T, String>;
