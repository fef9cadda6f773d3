//! Parse, run, report, exit.

use std::process::ExitCode;

use cargo_trap::cli::Cli;
use clap::Parser as _;

fn main() -> ExitCode {
    let Cli::Trap(trap) = Cli::parse();
    let ui = trap.ui();
    match trap.run(&ui) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ui.error(&error);
            error.exit_code()
        }
    }
}
