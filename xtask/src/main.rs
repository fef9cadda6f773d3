//! What this repository does to itself: set up what its tests need, run them, write generated files.
//!
//! Suites are files in `xtask/suites`, tools are folders in `xtask/tools`; both are found by listing.

mod cache;
mod commands;
mod dir;
mod elf;
mod prerequisite;
mod process;
mod snapshot;
mod suite;
mod tool;
mod ui;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match commands::Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ui::error(&error);
            ExitCode::FAILURE
        }
    }
}
