//! Checks of this machine: what was found, what it means, and what would mend it.
//!
//! A check asks a [`Probe`], never the machine itself; a remedy is data, so it can be shown, tested or run.

mod checks;
mod probe;

pub use checks::all;
pub use probe::{Machine, Probe};

use serde::Serialize;

/// One thing worth knowing about a machine.
pub trait Check {
    /// Stable, kebab-case.
    fn name(&self) -> &'static str;
    /// Looks, and changes nothing.
    fn check(&self, probe: &dyn Probe) -> Finding;
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// As it should be.
    Fine,
    /// Missing, and only some things need it.
    Optional,
    /// Missing, and nothing works without it.
    Needed,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// What was found, or what is missing.
    pub what: String,
    /// What it means: what works because of it, or does not without it.
    pub means: String,
    /// What would mend it, when we know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Remedy>,
}

/// What would mend a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Remedy {
    /// Commands, each a program and its arguments, in this order.
    pub commands: Vec<Vec<String>>,
    /// True when `--fix` may run them as they are; false when a person has to decide or lacks the rights.
    pub automatic: bool,
}

impl Remedy {
    /// Commands written as words with single spaces, as people read them.
    pub fn new(automatic: bool, commands: &[&str]) -> Self {
        let words = |line: &&str| line.split(' ').map(str::to_owned).collect();
        Self { commands: commands.iter().map(words).collect(), automatic }
    }

    /// The commands as one would type them.
    pub fn shown(&self) -> String {
        self.commands.iter().map(|words| words.join(" ")).collect::<Vec<_>>().join(" && ")
    }
}

impl Finding {
    /// As it should be.
    pub fn fine(what: impl Into<String>, means: impl Into<String>) -> Self {
        Self { severity: Severity::Fine, what: what.into(), means: means.into(), remedy: None }
    }

    /// Missing.
    pub fn missing(
        severity: Severity,
        what: impl Into<String>,
        means: impl Into<String>,
        remedy: Option<Remedy>,
    ) -> Self {
        Self { severity, what: what.into(), means: means.into(), remedy }
    }
}

/// A machine that answers what a test wrote down.
#[cfg(test)]
#[derive(Default)]
pub(crate) struct Canned {
    pub outputs: Vec<(&'static str, &'static str)>,
    pub files: Vec<(&'static str, &'static str)>,
    pub root: bool,
}

#[cfg(test)]
impl Probe for Canned {
    fn output(&self, program: &str, args: &[&str]) -> Option<String> {
        let line = [&[program], args].concat().join(" ");
        self.outputs.iter().find(|(command, _)| *command == line).map(|(_, text)| (*text).to_owned())
    }
    fn has(&self, program: &str) -> bool {
        self.outputs.iter().any(|(command, _)| command.split(' ').next() == Some(program))
    }
    fn file(&self, path: &str) -> Option<String> {
        self.files.iter().find(|(known, _)| *known == path).map(|(_, text)| (*text).to_owned())
    }
    fn is_root(&self) -> bool {
        self.root
    }
}
