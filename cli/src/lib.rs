//! The library behind `cargo trap`: what the commands do, apart from the command line itself.
//!
//! A build flows one way: [`project`] → [`compile`] → [`elf`] and [`gate`] → [`payload`] → [`platform`] → [`plan`] →
//! [`exec`]. Each arrow is a value; only `compile` and `exec` touch the machine.

pub mod addon;
pub mod arch;
pub mod artifact;
pub mod bench;
pub mod cache;
pub mod cargo_args;
pub mod class;
pub mod cli;
pub mod commands;
pub mod compile;
pub mod deploy;
pub mod dev;
pub mod doctor;
pub mod elf;
pub mod error;
pub mod events;
pub mod exec;
pub mod files;
pub mod gate;
pub mod glibc;
pub mod host;
pub mod lambda;
pub mod payload;
pub mod plan;
pub mod platform;
pub mod project;
pub mod settings;
pub mod size;
pub mod text;
pub mod toolchain;
pub mod ui;

pub use error::{Class, Error, Result};
