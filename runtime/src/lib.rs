#![cfg_attr(feature = "axum", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "axum"),
    doc = "The feature `axum` is off, and with it everything but the error type."
)]

// What the macros write names this crate, whose own tests use them too.
#[cfg(feature = "class")]
extern crate self as trap_runtime;

#[cfg(feature = "class")]
pub mod class;
mod error;
#[cfg(feature = "axum")]
mod http;
#[cfg(feature = "axum")]
mod lambda;
pub mod library;
#[cfg(feature = "axum")]
mod parent;
#[cfg(feature = "axum")]
mod run;
#[cfg(feature = "axum")]
mod signals;
#[cfg(feature = "axum")]
mod trace;

/// The axum that [`run`] takes a router of.
#[cfg(feature = "axum")]
pub use axum;
pub use error::Error;
#[cfg(feature = "axum")]
pub use run::{run, serve};
/// Makes a class of an `impl` block; see the [module](mod@class) for what that is.
#[cfg(feature = "class")]
pub use trap_runtime_macros::class;
