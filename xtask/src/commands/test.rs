//! `cargo xtask test`: set up what suites need, run them all, and count what came of them.

use std::sync::{Mutex, mpsc};
use std::time::Instant;

use anyhow::{Result, bail};

use crate::suite::{self, Provision, Report, Suite, View};
use crate::tool;
use crate::{dir, process, ui};

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
    let (report, missing) = provision.work_all(|| run_all(&suites, &provision))?;
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

/// Runs all in their order; those that may run beside others form a queue of their own, which each joins in its turn, and
/// which two work off once nothing else is left.
fn run_all(suites: &[&Suite], provision: &Provision<'_>) -> Report {
    let report = Mutex::new(Report::default());
    let one = |suite: &Suite, view: &View| {
        let start = Instant::now();
        let outcome = suite::run(suite, provision, view);
        report.lock().expect("no holder panics").add(&suite.name, outcome, start.elapsed());
    };
    let (queue, turns) = mpsc::channel::<&Suite>();
    let turns = Mutex::new(turns);
    let next = || turns.lock().expect("no holder panics").recv().ok();
    let work_off = || {
        while let Some(suite) = next() {
            match View::kept(&suite.name) {
                Ok(view) => {
                    one(suite, &view);
                    view.close();
                }
                Err(_) => one(suite, &View::open()),
            }
        }
    };
    std::thread::scope(|scope| {
        let beside = scope.spawn(work_off);
        for &suite in suites {
            // Alone, it has nobody to run beside.
            if suite.beside && suites.len() > 1 {
                ui::step("beside", &format!("{}: {}", suite.name, suite.summary));
                queue.send(suite).expect("the other end listens");
            } else {
                one(suite, &View::open());
            }
        }
        drop(queue);
        process::with_signs_of_life("suites that run beside", || {
            work_off();
            beside.join().expect("it does not panic");
        });
    });
    report.into_inner().expect("no holder panics")
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
    fn what_runs_beside_another_is_counted_as_well() {
        let suite = |name: &str, step: &str| {
            let mut suite: Suite =
                toml::from_str(&format!("summary = 's'\norder = 1\n{step}")).expect("a suite");
            name.clone_into(&mut suite.name);
            suite
        };
        let beside = suite("beside", "beside = true\n[[step]]\nrun = ['sh', '-c', 'exit 3']");
        let watched = suite("watched", "[[step]]\nrun = ['cargo', '--version']");
        let report = run_all(&[&beside, &watched], &Provision::new(Vec::new()));
        assert_eq!((report.failed(), report.lines().len()), (1, 3), "{:?}", report.lines());
    }

    #[test]
    fn an_unknown_suite_is_answered_with_the_known_ones() {
        let known = suite::all(&dir::suites()).unwrap();
        let error = choose(&known, &["e3e".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("no suite named `e3e`") && error.contains("`e2e`"), "{error}");
        assert_eq!(choose(&known, &[]).unwrap().len(), known.len());
    }
}
