//! Typed classes: methods in Rust that a client calls by JSON-RPC, by HTTP, or by the clock.
//!
//! ```
//! use trap_runtime::class::{self, Typed};
//!
//! #[derive(serde::Serialize, serde::Deserialize, Typed)]
//! struct Greeting {
//!     text: String,
//!     length: u32,
//! }
//!
//! struct Greeter;
//!
//! #[trap_runtime::class]
//! impl Greeter {
//!     /// Says hello.
//!     async fn hello(&self, name: String) -> Greeting {
//!         let text = format!("Hello, {name}!");
//!         Greeting { length: text.chars().count() as u32, text }
//!     }
//! }
//!
//! # fn main() {
//! let router = class::router(Greeter); // add routes of your own, then give it to `trap_runtime::run`
//! # }
//! ```
//!
//! A call is answered as Genezio's own handler for AWS Lambda answers it: JSON-RPC 2.0 at any path, HTTP methods at
//! `/<class>/<method>`, cron events by name.
//!
//! The answers carry no CORS headers, as that handler's do not: a function URL adds its own. `OPTIONS` is answered.
//!
//! Events that are no requests, as the clock's, come to the router as `POST /events`: leave that path to the class.
//!
//! # Types
//!
//! What methods take and return implements serde's traits and [`Typed`], which is derived beside them. It travels as
//! serde writes it, but for integers of 64 bits and more, which are `{"$bigint":"…"}`, as Genezio's SDK reads and
//! writes a `bigint`. A number that JSON has no form for (`NaN`) is the error of the call. With the feature `chrono`,
//! times are `chrono`'s.
//!
//! [`Typed`] makes the compiler put a description of the class into the program: methods, documentation, types. What
//! TypeScript has no counterpart for does not compile. `cargo trap client` writes a client of it.
//!
//! # Panics
//!
//! A panic in a method is the error of that call, and the program answers the next one. That needs
//! `panic = "unwind"`, Rust's default, in the profile: with `panic = "abort"` the process ends. What it said stays in
//! the log; the caller is told the method's name alone.

mod answer;
mod call;
mod description;
mod failure;
mod read;
mod typed;
mod write;

pub use answer::{HttpRequest, HttpResponse, router};
pub use call::GnzContext;
pub use failure::Failure;
pub use trap_runtime_macros::Typed;
pub use typed::Typed;

/// What the macros expand to; no part of the promise of this crate.
#[doc(hidden)]
pub mod internal {
    pub use std::sync::Arc;

    pub use serde_json::Value;

    pub use super::answer::{Class, Future, http};
    pub use super::call::{Params, reply};
    pub use super::description::{HEAD, Piece, keep, length, written};
    pub use super::failure::Outcome;
}
