//! Tools the tests need: what each is (data, one folder each) and how it is installed.

mod install;
mod manifest;

pub use install::{npm_ci, provide, system};
pub use manifest::{Tool, all, with_needs};
