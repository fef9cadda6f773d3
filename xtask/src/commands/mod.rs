//! The command line: one file per command.

mod setup;

use anyhow::Result;

/// What this repository does to itself
#[derive(Debug, clap::Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Setup(setup::Args),
}

impl Cli {
    /// Runs what was asked for.
    pub fn run(self) -> Result<()> {
        match self.command {
            Command::Setup(args) => setup::run(&args),
        }
    }
}
