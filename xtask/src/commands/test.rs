//! `cargo xtask test`: set up what suites need, run them all, and count what came of them.

use std::time::Instant;

use anyhow::{Result, bail};

use crate::suite::{self, Provision, Report, Suite};
use crate::tool;
use crate::{dir, ui};

/// Set up what the tests need and run all of them
#[derive(Debug, Default, clap::Args)]
pub struct Args {
    /// Names of suites (default: all of them)
    suites: Vec<String>,

    /// List the suites and stop
    #[arg(long)]
    list: bool,
}

pub fn run(args: &Args) -> Result<()> {
    let known = suite::all(&dir::suites())?;
    if args.list {
        for suite in &known {
            ui::data(&format!("{:12} {}", suite.name, suite.summary));
        }
        return Ok(());
    }
    let suites = choose(&known, &args.suites)?;
    let tools = tool::all(&dir::tools())?;
    let provision = Provision::new(tool::with_needs(suites.iter().flat_map(|suite| &suite.needs), &tools)?);
    let missing = provision.packages()?;

    let report = provision.work_all(|| {
        let mut report = Report::default();
        for suite in &suites {
            let start = Instant::now();
            let outcome = suite::run(suite, &provision);
            report.add(&suite.name, outcome, start.elapsed());
        }
        report
    });
    ui::data("");
    if let Some(missing) = missing {
        ui::data(&missing);
    }
    for line in report.lines() {
        ui::data(&line);
    }
    match report.failed() {
        0 => Ok(()),
        failed => bail!("{failed} of {} suites failed", suites.len()),
    }
}

fn choose<'a>(known: &'a [Suite], names: &[String]) -> Result<Vec<&'a Suite>> {
    for name in names {
        if !known.iter().any(|suite| suite.name == *name) {
            let names = known.iter().map(|suite| suite.name.as_str()).collect::<Vec<_>>();
            bail!("no suite named `{name}`: choose from `{}`", names.join("`, `"));
        }
    }
    Ok(known.iter().filter(|suite| names.is_empty() || names.contains(&suite.name)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_suite_is_answered_with_the_known_ones() {
        let known = suite::all(&dir::suites()).unwrap();
        let error = choose(&known, &["e3e".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("no suite named `e3e`") && error.contains("`e2e`"), "{error}");
        assert_eq!(choose(&known, &[]).unwrap().len(), known.len());
    }
}
