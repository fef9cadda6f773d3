#![cfg_attr(all(feature = "axum", feature = "event", feature = "blocking"), doc = include_str!("../README.md"))]
#![cfg_attr(
    not(all(feature = "axum", feature = "event", feature = "blocking")),
    doc = "Each way to answer events is a feature: `axum`, `event`, `blocking`. With all of them, this page says more."
)]

// What the macros write names this crate, whose own tests use them too.
#[cfg(feature = "class")]
extern crate self as trap_runtime;

#[cfg(feature = "blocking")]
pub mod blocking;
#[cfg(feature = "class")]
pub mod class;
mod client;
#[cfg(any(feature = "event", feature = "blocking"))]
mod context;
mod diagnostic;
mod error;
#[cfg(feature = "event")]
pub mod event;
#[cfg(any(feature = "event", feature = "blocking"))]
mod handling;
#[cfg(any(feature = "event", feature = "blocking"))]
mod home;
#[cfg(feature = "axum")]
mod http;
mod init;
#[cfg(any(feature = "axum", feature = "event"))]
mod lambda;
pub mod library;
#[cfg(any(feature = "axum", feature = "event"))]
mod own_runtime;
#[cfg(any(feature = "axum", feature = "event", feature = "blocking"))]
mod parent;
#[cfg(feature = "axum")]
mod router;
#[cfg(feature = "axum")]
mod run;
#[cfg(any(feature = "axum", feature = "event"))]
mod signals;
#[cfg(any(feature = "axum", feature = "event", feature = "blocking"))]
mod stderr;
#[cfg(any(feature = "axum", feature = "event", feature = "blocking"))]
mod trace;
mod variable;
#[cfg(feature = "blocking")]
mod watch;

/// The axum that [`run`] takes a router of.
#[cfg(feature = "axum")]
pub use axum;
#[cfg(any(feature = "event", feature = "blocking"))]
pub use context::{Context, FromEvent, LambdaEvent};
pub use diagnostic::Diagnostic;
pub use error::Error;
pub use init::report_init_error;
#[cfg(feature = "axum")]
pub use run::{run, serve};
/// Makes a class of an `impl` block; see the [module](mod@class) for what that is.
#[cfg(feature = "class")]
pub use trap_runtime_macros::class;
