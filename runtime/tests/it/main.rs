//! The runtime as processes: real sockets, real signals, and a Runtime API of a few lines.
#![cfg(unix)]

mod features;
mod http;
mod lambda;
mod program;
mod runtime_api;
mod stale;
mod typed;
