//! One file per command: `Args` is what was typed, `run` does it.

pub mod bench;
pub mod build;
pub mod client;
pub mod completions;
pub mod deploy;
pub mod dev;
pub mod doctor;
pub mod init;
pub mod inspect;
pub mod invoke;
pub mod man;
pub mod new;
pub mod platforms;
