//! `cargo trap dev` as people use it: a project is edited, asked, broken, mended and left. How long anything takes is
//! reported and not tested.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::print_stderr, clippy::print_stdout, reason = "a test crate")]

mod edit;
mod end;
mod guard;
mod load;
mod place;
