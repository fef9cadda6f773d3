//! `cargo xtask check`: single rules that need more than a command line; suites run them as steps.

pub mod examples;
mod metadata;
mod msrv;
mod package;
mod readme;

use anyhow::Result;

/// Check one rule of this repository
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    rule: Rule,
}

#[derive(Debug, clap::Subcommand)]
enum Rule {
    /// No dependency asks for a newer Rust than we state
    Msrv,
    /// Every publishable crate can be packaged, and builds from its package
    Package,
    /// The commands the README opens with work
    Readme,
    /// Every example answers
    Examples,
    /// Every project that begins with an example compiles
    Starters,
}

pub fn run(args: &Args) -> Result<()> {
    match args.rule {
        Rule::Msrv => msrv::run(),
        Rule::Package => package::run(),
        Rule::Readme => readme::run(),
        Rule::Examples => examples::run(),
        Rule::Starters => examples::starters(),
    }
}
