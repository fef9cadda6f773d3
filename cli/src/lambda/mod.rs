//! A local AWS Lambda: the Runtime API that a program polls, and the function URL in front of it.
//!
//! A [`Sandbox`] is one execution environment: it launches a runtime (any process that polls), serves it
//! the Runtime API of 2018-06-01 on a loopback port, hands it one invocation at a time and enforces the
//! deadline. States, statuses and texts are those of AWS's own emulator, so that a program which passes
//! here passes there. [`function_url`] turns HTTP into events and answers into HTTP; [`front`] serves it.

mod actor;
mod api;
mod event;
mod exit;
mod extension;
pub mod front;
mod function;
pub mod function_url;
mod outcome;
mod query;
mod refusal;
mod sandbox;
mod state;
mod time;

pub use event::{Event, Observer, Phase, Stream};
pub use exit::Exit;
pub use function::{Function, Invocation};
pub(crate) use function::{random, uuid};
pub use outcome::{Answer, Done, Outcome, When};
pub use sandbox::{Handle, Launch, Launched, Sandbox};

/// The largest event and the largest buffered answer, in bytes: Lambda's 6 MB and its envelope.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub const PAYLOAD_LIMIT: usize = 6_291_556;

/// The largest streamed answer, in bytes (200 MB, same page).
pub const STREAM_LIMIT: usize = 200 * 1024 * 1024;
