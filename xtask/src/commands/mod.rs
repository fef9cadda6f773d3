//! The command line: one file per command.

mod check;
mod generate;
mod ready;
mod setup;
mod starters;
mod stub;
mod symbols;
mod test;
mod types;

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
    Test(test::Args),
    Ready(ready::Args),
    Generate(generate::Args),
    Setup(setup::Args),
    Check(check::Args),
    #[command(hide = true)]
    Starters(starters::Args),
    #[command(hide = true)]
    Stub(stub::Args),
    #[command(hide = true)]
    Symbols(symbols::Args),
    #[command(hide = true)]
    Types(types::Args),
}

impl Cli {
    /// Runs what was asked for.
    pub fn run(self) -> Result<()> {
        match self.command {
            Command::Test(args) => test::run(&args),
            Command::Ready(args) => ready::run(&args),
            Command::Generate(args) => generate::run(&args),
            Command::Setup(args) => setup::run(&args),
            Command::Check(args) => check::run(&args),
            Command::Starters(args) => starters::run(&args),
            Command::Stub(args) => stub::run(&args),
            Command::Symbols(args) => symbols::run(&args),
            Command::Types(args) => types::run(&args),
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_well_formed() {
        <super::Cli as clap::CommandFactory>::command().debug_assert();
    }
}
