//! The command line as people meet it: the real binary, an empty environment, a throw-away folder.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(target_os = "linux")]
mod bench;
mod build;
mod class;
#[cfg(unix)]
mod deploy;
#[cfg(target_os = "linux")]
mod edit_loop;
mod help;
mod inspect;
mod library;
mod new;
mod platforms;
mod sandbox;
