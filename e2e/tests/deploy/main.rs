//! Deploying with the real thing: the AWS command line against an endpoint that speaks Lambda's API, and each snippet
//! given to the tool that it is for.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop where it stands")]

mod aws;
mod endpoint;
mod place;
mod snippets;

use std::path::Path;

use e2e::{Result, stage};
use libtest_mimic::{Arguments, Failed, Trial};

/// A case, and the tools without which it cannot be played.
pub struct Case {
    /// What it shows.
    pub name: &'static str,
    /// Says what is missing.
    pub needs: fn() -> Result<()>,
    /// Fails with a sentence.
    pub play: fn() -> Result<()>,
}

fn main() {
    let arguments = Arguments::from_args();
    stage::set_base(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("deploy"));
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    let trials = aws::cases().into_iter().chain(snippets::cases()).map(|case| match (case.needs)() {
        Ok(()) => Trial::test(case.name, move || (case.play)().map_err(Failed::from)),
        Err(missing) if in_ci => {
            Trial::test(case.name, move || Err(Failed::from(format!("{missing}; try `cargo xtask setup`"))))
        }
        Err(_) => Trial::test(case.name, || Ok(())).with_ignored_flag(true).with_kind("a tool is missing"),
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}
