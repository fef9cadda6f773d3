//! Runs one suite: waits for its tools, then takes its steps.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use anyhow::{Context, Result};

use super::manifest::{Step, Suite};
use super::provision::outcome;
use super::{Outcome, Provision, View};
use crate::{cache, dir, prerequisite, process, tool, ui};

/// Status of coreutils' `timeout` when the time was up.
const TIME_IS_UP: i32 = 124;

/// Whether nobody watches: then nothing may be skipped, and nothing may take for ever.
pub fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !["", "0", "false"].contains(&value.as_str()))
}

/// Runs a suite, to be seen in this view.
pub fn run(suite: &Suite, tools: &Provision<'_>, view: &View) -> Outcome {
    view.step("suite", &format!("{}: {}", suite.name, suite.summary));
    let result = take(suite, tools, view);
    match result {
        Outcome::Skipped(reason) if is_ci() => Outcome::Failed(format!("not skipped under CI: {reason}")),
        other => other,
    }
}

fn take(suite: &Suite, tools: &Provision<'_>, view: &View) -> Outcome {
    let waited = |need: &String| process::with_signs_of_life(need, || tools.wait(need));
    let mut absent = suite.needs.iter().filter_map(waited).collect::<Vec<_>>();
    // What should have worked says more than what this machine never had.
    absent.sort_by_key(|outcome| !matches!(outcome, Outcome::Failed(_)));
    if let Some(why_not) = absent.into_iter().next() {
        return why_not;
    }
    for command in &suite.commands {
        if let Err(error) = prerequisite::command(command) {
            return outcome(command, &error);
        }
    }
    for folder in &suite.npm_ci {
        if let Err(error) = npm_ci(folder) {
            return outcome(folder, &error);
        }
    }
    for step in &suite.step {
        match take_step(suite, step, view) {
            Ok(None) => {}
            Ok(Some(reason)) => return Outcome::Failed(reason),
            Err(error) => return Outcome::Failed(format!("{error:#}")),
        }
    }
    Outcome::Passed
}

/// Installs a folder's npm packages unless they are those of its lock file already.
pub fn npm_ci(folder: &str) -> Result<()> {
    // Two suites may want the same at the same time.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().expect("no holder panics");
    let path = dir::root().join(folder);
    let key = cache::key(&[path.join("package-lock.json")])?;
    let modules = path.join("node_modules");
    if cache::has(&modules, &key) {
        return Ok(());
    }
    ui::step("npm ci", folder);
    let mut npm = tool::npm_ci(&path, Command::new("npm"))?;
    process::quietly(&format!("npm-ci-{}", folder.replace('/', "-")), &mut npm)?;
    std::fs::create_dir_all(&modules).with_context(|| format!("could not create `{}`", modules.display()))?;
    cache::stamp(&modules, &key)
}

/// Returns why the step failed.
fn take_step(suite: &Suite, step: &Step, view: &View) -> Result<Option<String>> {
    let shown = step.run.join(" ");
    view.step("$", &shown);
    let mut command = command(suite, &step.run)?;
    command.current_dir(dir::root().join(&step.cwd)).envs(&suite.env).envs(&step.env);
    let status = view.run(&mut command)?;
    Ok(match status.code() {
        Some(0) => None,
        Some(TIME_IS_UP) if is_ci() => Some(format!("`{shown}` took more than {} minutes", suite.minutes)),
        _ => Some(format!("`{shown}` failed with {status}")),
    })
}

fn command(suite: &Suite, words: &[String]) -> Result<Command> {
    let (program, arguments) = words.split_first().context("a step that runs nothing")?;
    let own = std::env::current_exe().context("could not find this program")?;
    let program = if program == "xtask" { own.as_path() } else { Path::new(program) };
    let limit = format!("{}m", suite.minutes);
    let mut before = Vec::new();
    if is_ci() && process::exists("timeout") {
        // It ends the whole group, which a kill of the child alone would leave running.
        before.extend(["timeout", "--kill-after=10", &limit]);
    }
    if suite.beside && process::exists("nice") {
        // Far behind the suite that is watched, and not so far that a Node that boots would seem to hang.
        before.extend(["nice", "-n", "10"]);
    }
    let mut all = before.into_iter().map(OsStr::new).chain([program.as_os_str()]);
    let mut command = Command::new(all.next().expect("the program at least"));
    command.args(all).args(arguments);
    // `cargo run` describes this package to us; to the cargo of a step that would be a lie.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suite(text: &str) -> Suite {
        toml::from_str(&format!("summary = 's'\norder = 1\n{text}")).unwrap()
    }

    #[test]
    fn the_first_failing_step_ends_the_suite_and_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let mark = dir.path().join("mark");
        let suite = suite(&format!(
            "[[step]]\nrun = ['cargo', '--version']\n\
             [[step]]\nrun = ['sh', '-c', 'exit 3']\n\
             [[step]]\nrun = ['mkdir', '{}']",
            mark.display()
        ));
        let Outcome::Failed(reason) = run(&suite, &Provision::new(Vec::new()), &View::open()) else {
            panic!("a failing step fails the suite")
        };
        assert!(reason.starts_with("`sh -c exit 3` failed with exit status: 3"), "{reason}");
        assert!(!mark.exists(), "nothing runs after a failure");
    }

    #[test]
    fn what_is_missing_keeps_the_steps_from_running() {
        let suite = suite("commands = ['no-such-command']\n[[step]]\nrun = ['cargo', '--version']");
        assert!(matches!(take(&suite, &Provision::new(Vec::new()), &View::open()), Outcome::Skipped(_)));
    }

    #[test]
    fn variables_of_the_step_win_over_those_of_the_suite() {
        let suite = suite(
            "env = { A = '1', B = '1' }\n[[step]]\nrun = ['sh', '-c', 'test $A$B = 12']\nenv = { B = '2' }",
        );
        assert_eq!(run(&suite, &Provision::new(Vec::new()), &View::open()), Outcome::Passed);
    }
}
