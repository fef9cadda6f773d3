//! Installs tools while suites that do not need them already run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Condvar, Mutex};

use anyhow::Result;

use super::Outcome;
use crate::prerequisite::{self, Missing};
use crate::tool::{self, Tool};
use crate::ui;

/// Tools installed at the same time: configure scripts leave half of a two-core machine idle.
const AT_ONCE: usize = 2;

/// Tools to be installed, and what came of each so far.
pub struct Provision<'a> {
    queue: Mutex<Vec<&'a Tool>>,
    done: Mutex<BTreeMap<&'a str, Outcome>>,
    changed: Condvar,
}

impl<'a> Provision<'a> {
    /// Will install these, in this order.
    pub fn new(mut tools: Vec<&'a Tool>) -> Self {
        tools.reverse();
        Self { queue: Mutex::new(tools), done: Mutex::default(), changed: Condvar::new() }
    }

    /// Installs the Debian packages of all tools in one go. Returns what to type for all that cannot be
    /// installed; each tool that needs some of it says so again.
    fn packages(&self) -> Result<Option<String>> {
        let mut packages = BTreeSet::new();
        for tool in self.queue.lock().expect("no holder panics").iter() {
            packages.extend(tool::system(tool)?);
        }
        let failure = prerequisite::install_packages(&packages).err();
        Ok(failure.map(|error| format!("{error:#}")).inspect(|text| ui::step("warning", text)))
    }

    fn work(&self) {
        while let Some(tool) = self.next() {
            // What a tool needs was queued before it, so somebody is at it or has done it.
            let outcome = tool.needs.iter().find_map(|need| self.wait(need)).unwrap_or_else(|| attempt(tool));
            self.done.lock().expect("no holder panics").insert(&tool.name, outcome);
            self.changed.notify_all();
        }
    }

    /// Installs everything on threads of its own while `meanwhile` runs, and waits for both. Beside what that returns, what to
    /// type for Debian packages that cannot be installed.
    pub fn work_all<T>(&self, meanwhile: impl FnOnce() -> T) -> Result<(T, Option<String>)> {
        std::thread::scope(|scope| {
            let packages = scope.spawn(|| {
                let missing = self.packages();
                for _ in 0..AT_ONCE {
                    scope.spawn(|| self.work());
                }
                missing
            });
            let result = meanwhile();
            Ok((result, packages.join().expect("it does not panic")?))
        })
    }

    /// Waits for a tool, and returns why it is not there.
    pub fn wait(&self, tool: &str) -> Option<Outcome> {
        let done = self.done.lock().expect("no holder panics");
        let done = self.changed.wait_while(done, |done| !done.contains_key(tool)).expect("no holder panics");
        match &done[tool] {
            Outcome::Passed => None,
            Outcome::Failed(reason) => Some(Outcome::Failed(reason.clone())),
            Outcome::Skipped(reason) => Some(Outcome::Skipped(reason.clone())),
        }
    }

    fn next(&self) -> Option<&'a Tool> {
        self.queue.lock().expect("no holder panics").pop()
    }
}

fn attempt(tool: &Tool) -> Outcome {
    let Err(error) = tool::provide(tool) else { return Outcome::Passed };
    let outcome = outcome(&tool.name, &error);
    if let Outcome::Failed(reason) = &outcome {
        ui::step("failed", reason);
    }
    outcome
}

/// What the machine lacks skips a suite; what should have worked and did not, fails it.
pub fn outcome(what: &str, error: &anyhow::Error) -> Outcome {
    let reason = format!("{what}: {error:#}");
    if error.downcast_ref::<Missing>().is_some() { Outcome::Skipped(reason) } else { Outcome::Failed(reason) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::{Context, anyhow};

    #[test]
    fn only_what_the_machine_lacks_skips() {
        let missing = prerequisite::command("no-such-command").context("for a test").unwrap_err();
        assert!(matches!(outcome("x", &missing), Outcome::Skipped(reason) if reason.contains("install")));
        assert!(matches!(outcome("x", &anyhow!("no network")), Outcome::Failed(_)));
    }
}
