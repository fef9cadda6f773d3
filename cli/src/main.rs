//! Parse, run, report, exit.

use std::process::ExitCode;

use cargo_trap::cli::Cli;
use clap::Parser as _;

fn main() -> ExitCode {
    let Cli::Trap(trap) = Cli::parse_from(cargo_trap::cli::arguments(std::env::args_os()));
    let ui = trap.ui();
    match trap.run(&ui) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ui.error(&error);
            error.exit_code()
        }
    }
}
