//! `cargo trap dev`: the edit loop.

mod console;
mod env_file;
mod log;
mod sources;
mod watch;
