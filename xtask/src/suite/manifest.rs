//! `<name>.toml`: what a suite needs and what it runs. Unknown keys are errors.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// One file of `xtask/suites`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Suite {
    /// Name of the file.
    #[serde(skip)]
    pub name: String,
    /// One line for lists.
    pub summary: String,
    /// Suites run by rising order, then by name: what fails fast comes first.
    pub order: u32,
    /// Folders of `xtask/tools` that must be ready.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Commands that must be in `PATH`.
    #[serde(default)]
    pub commands: Vec<String>,
    /// Folders of this repository whose lock files are installed first.
    #[serde(default)]
    pub npm_ci: Vec<String>,
    /// Variables for every step.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Whether it runs beside those that follow, with what they leave of the machine, and is shown when it is over: one that
    /// compiles and compares, and measures no time.
    #[serde(default)]
    pub beside: bool,
    /// Longest time a step may take under CI, where nobody watches.
    #[serde(default = "default_minutes")]
    pub minutes: u32,
    /// What is run, in order; the first failure ends the suite.
    pub step: Vec<Step>,
}

/// One command of a suite.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Step {
    /// Program and arguments; the program `xtask` is this one.
    pub run: Vec<String>,
    /// Working folder, below the root.
    #[serde(default)]
    pub cwd: String,
    /// Variables for this step.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
}

fn default_minutes() -> u32 {
    8
}

/// Every suite in the folder, in the order in which they run.
pub fn all(folder: &Path) -> Result<Vec<Suite>> {
    let entries = fs::read_dir(folder).with_context(|| format!("could not list `{}`", folder.display()))?;
    let mut suites = Vec::new();
    for entry in entries {
        let file = entry?.path();
        if file.extension().is_some_and(|extension| extension == "toml") {
            let text = fs::read_to_string(&file);
            let text = text.with_context(|| format!("could not read `{}`", file.display()))?;
            let mut suite = parse(&text).with_context(|| format!("in `{}`", file.display()))?;
            suite.name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            suites.push(suite);
        }
    }
    suites.sort_by(|a, b| (a.order, &a.name).cmp(&(b.order, &b.name)));
    Ok(suites)
}

fn parse(text: &str) -> Result<Suite> {
    let suite: Suite = toml::from_str(text).context("not a suite's manifest")?;
    ensure!(!suite.step.is_empty(), "a suite without a step tests nothing");
    ensure!(suite.step.iter().all(|step| !step.run.is_empty()), "a step that runs nothing");
    Ok(suite)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{dir, tool};

    const SMALLEST: &str = "summary = 's'\norder = 1\n";

    #[test]
    fn unknown_keys_are_refused() {
        let with = |more: &str| parse(&format!("{SMALLEST}{more}"));
        assert!(with("[[step]]\nrun = ['true']").is_ok());
        assert!(with("need = ['x']\n[[step]]\nrun = ['true']").is_err());
        assert!(with("[[step]]\nrun = ['true']\ndir = 'x'").is_err());
    }

    #[test]
    fn a_suite_that_runs_nothing_is_refused() {
        assert!(parse(SMALLEST).is_err());
        assert!(parse(&format!("{SMALLEST}step = []")).is_err());
        assert!(parse(&format!("{SMALLEST}[[step]]\nrun = []")).is_err());
    }

    #[test]
    fn every_suite_of_ours_needs_tools_that_exist() {
        let tools = tool::all(&dir::tools()).unwrap();
        let suites = all(&dir::suites()).unwrap();
        assert!(!suites.is_empty());
        for suite in suites {
            for need in &suite.needs {
                assert!(tools.iter().any(|tool| tool.name == *need), "{}: no tool `{need}`", suite.name);
            }
        }
    }

    #[test]
    fn every_file_of_end_to_end_tests_is_run_by_a_suite() {
        let suites = all(&dir::suites()).unwrap();
        let steps: Vec<_> = suites.iter().flat_map(|suite| &suite.step).map(|step| &step.run).collect();
        let entries = fs::read_dir(dir::root().join("e2e/tests")).unwrap();
        let tests: Vec<_> = entries
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        assert!(!tests.is_empty());
        for test in tests {
            let names = |run: &Vec<String>| run.windows(2).any(|pair| pair == ["--test", &test]);
            assert!(steps.iter().any(|run| names(run)), "no step of `xtask/suites` has `--test {test}`");
        }
    }

    #[test]
    fn suites_run_by_order_and_then_by_name() {
        let dir = tempfile::tempdir().unwrap();
        for (name, order) in [("b", 2), ("a", 2), ("c", 1)] {
            let text = format!("summary = 's'\norder = {order}\n[[step]]\nrun = ['true']");
            fs::write(dir.path().join(format!("{name}.toml")), text).unwrap();
        }
        let names = all(dir.path()).unwrap().into_iter().map(|suite| suite.name).collect::<Vec<_>>();
        assert_eq!(names, ["c", "a", "b"]);
    }
}
