//! The library behind `cargo trap`: what the commands do, apart from the command line itself.
//!
//! A build flows one way: [`project`] → [`compile`] → [`elf`] → [`payload`] → [`platform`] → [`plan`] →
//! [`exec`]. Each arrow is a value; only `compile` and `exec` touch the machine.

pub mod error;
pub mod ui;

pub use error::{Class, Error, Result};
