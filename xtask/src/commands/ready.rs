//! `cargo xtask ready`: what CI runs, as CI runs it.

use anyhow::Result;

use super::test;
use crate::{process, suite};

/// Run what CI runs: every suite, and nothing may be skipped
#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(_: &Args) -> Result<()> {
    if suite::is_ci() {
        return test::run(&test::Args::default());
    }
    // Variables of this very process cannot be changed safely; those of a child can.
    let own = std::env::current_exe()?;
    let status = process::openly(std::process::Command::new(own).arg("test").env("CI", "true"))?;
    anyhow::ensure!(status.success(), "not ready");
    Ok(())
}
