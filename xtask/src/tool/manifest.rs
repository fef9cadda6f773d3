//! `tool.toml`: what a tool is and where it comes from. Unknown keys are errors.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::elf::Machine;

/// One folder of `xtask/tools`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Tool {
    /// Name of the folder.
    #[serde(skip)]
    pub name: String,
    /// The folder itself.
    #[serde(skip)]
    pub folder: PathBuf,
    /// One line for lists.
    pub summary: String,
    /// Where it is installed, below the cache; absent for what lives in the system.
    pub path: Option<String>,
    /// Tools that must be ready before this one is installed.
    #[serde(default)]
    pub needs: Vec<String>,
    /// npm packages, from a committed lock file.
    pub npm: Option<Npm>,
    /// Python wheels, unpacked into one folder, from a committed `requirements.txt` with hashes.
    pub wheel: Option<Wheel>,
    /// What to keep of the download: final path → path after unpacking. Empty keeps everything.
    #[serde(default)]
    pub take: BTreeMap<String, String>,
    /// Files that must be there afterwards.
    #[serde(default)]
    pub files: Vec<String>,
    /// Files that must be there afterwards, and the machine they are for.
    #[serde(default)]
    pub elf: BTreeMap<String, Machine>,
    /// Debian package → what proves it is there (a command, or an absolute path). With a `path`
    /// they are needed to install the tool, without one they are the tool.
    #[serde(default)]
    pub debian: BTreeMap<String, String>,
    /// Rust targets.
    #[serde(default)]
    pub rust_targets: BTreeSet<String>,
    /// Components of the Rust toolchain.
    #[serde(default)]
    pub rust_components: BTreeSet<String>,
    /// The toolchain that these are components of, where it is another than the one in use.
    pub rust_toolchain: Option<String>,
    /// Kernel registration that lets foreign programs run.
    pub binfmt: Option<String>,
}

/// How npm installs a tool.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Npm {
    /// The tool whose `package.json` and lock file count; absent: this tool's own.
    pub lock: Option<String>,
    /// Whether install scripts run.
    #[serde(default)]
    pub scripts: bool,
    /// More arguments for `npm ci`.
    #[serde(default)]
    pub args: Vec<String>,
    /// Variables for install scripts; `{cache}` stands for the root of the cache.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
}

/// How pip downloads a tool.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wheel {
    /// The platform it is for, by its tag, where that is not this machine.
    pub platform: Option<String>,
}

/// Every tool in the folder, sorted by name.
pub fn all(folder: &Path) -> Result<Vec<Tool>> {
    let entries = fs::read_dir(folder).with_context(|| format!("could not list `{}`", folder.display()))?;
    let mut tools = Vec::new();
    for entry in entries {
        let folder = entry?.path();
        if folder.is_dir() {
            tools.push(read(&folder)?);
        }
    }
    tools.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(tools)
}

/// These tools and what they need, once each, what is needed first.
///
/// # Errors
/// A name that is no tool's.
pub fn with_needs<'a>(names: impl IntoIterator<Item = &'a String>, known: &[Tool]) -> Result<Vec<&Tool>> {
    let mut chosen: Vec<&Tool> = Vec::new();
    for name in names {
        let tool = find(name, known)?;
        for need in &tool.needs {
            add(find(need, known)?, &mut chosen);
        }
        add(tool, &mut chosen);
    }
    Ok(chosen)
}

fn find<'a>(name: &str, known: &'a [Tool]) -> Result<&'a Tool> {
    known.iter().find(|tool| tool.name == name).with_context(|| {
        let names = known.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>();
        format!("no tool named `{name}`: choose from `{}`", names.join("`, `"))
    })
}

fn add<'a>(tool: &'a Tool, chosen: &mut Vec<&'a Tool>) {
    if !chosen.iter().any(|other| other.name == tool.name) {
        chosen.push(tool);
    }
}

fn read(folder: &Path) -> Result<Tool> {
    let file = folder.join("tool.toml");
    let text = fs::read_to_string(&file).with_context(|| format!("could not read `{}`", file.display()))?;
    let mut tool = parse(&text).with_context(|| format!("in `{}`", file.display()))?;
    tool.name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    folder.clone_into(&mut tool.folder);
    Ok(tool)
}

fn parse(text: &str) -> Result<Tool> {
    toml::from_str(text).context("not a tool's manifest")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dir;

    #[test]
    fn unknown_keys_are_refused() {
        assert!(parse("summary = 's'\npath = 'p'").is_ok());
        assert!(parse("summary = 's'\npaht = 'p'").is_err());
        assert!(parse("summary = 's'\n[npm]\nscript = true").is_err());
        assert!(parse("summary = 's'\n[elf]\nfile = 'mips'").is_err());
    }

    #[test]
    fn every_tool_of_ours_is_pinned() {
        let tools = all(&dir::tools()).unwrap();
        assert!(!tools.is_empty());
        for tool in &tools {
            if tool.npm.as_ref().is_some_and(|npm| npm.lock.is_none()) {
                let text = fs::read_to_string(tool.folder.join("package.json")).unwrap();
                let package: serde_json::Value = serde_json::from_str(&text).unwrap();
                for (name, version) in package["dependencies"].as_object().unwrap() {
                    let version = version.as_str().unwrap().rsplit('@').next().unwrap();
                    let exact = version.split('.').all(|part| part.parse::<u32>().is_ok());
                    assert!(exact, "{}: `{name}` is pinned to `{version}`", tool.name);
                }
                assert!(tool.folder.join("package-lock.json").exists(), "{}: no lock file", tool.name);
            }
            if tool.wheel.is_some() {
                let pins = fs::read_to_string(tool.folder.join("requirements.txt")).unwrap();
                assert!(pins.contains("==") && pins.contains("--hash=sha256:"), "{}", tool.name);
            }
        }
    }

    #[test]
    fn what_a_tool_needs_needs_nothing_itself() {
        let tools = all(&dir::tools()).unwrap();
        for (tool, need) in tools.iter().flat_map(|tool| tool.needs.iter().map(move |need| (tool, need))) {
            let needed = tools.iter().find(|other| other.name == *need);
            assert!(needed.is_some_and(|other| other.needs.is_empty()), "{}: `{need}`", tool.name);
        }
    }

    #[test]
    fn a_tool_comes_after_what_it_needs_and_only_once() {
        let tool = |name: &str, needs: &str| {
            let mut tool = parse(&format!("summary = 's'\nneeds = [{needs}]")).unwrap();
            name.clone_into(&mut tool.name);
            tool
        };
        let known = [tool("a", "'c'"), tool("b", "'c'"), tool("c", "")];
        let names = ["a", "c", "b"].map(str::to_owned);
        let chosen = with_needs(&names, &known).unwrap();
        assert_eq!(chosen.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>(), ["c", "a", "b"]);
        assert!(with_needs(&["d".to_owned()], &known).unwrap_err().to_string().contains("`a`, `b`, `c`"));
    }

    #[test]
    fn a_borrowed_lock_file_belongs_to_a_tool() {
        let tools = all(&dir::tools()).unwrap();
        for lock in tools.iter().filter_map(|tool| tool.npm.as_ref()?.lock.as_ref()) {
            assert!(tools.iter().any(|tool| tool.name == *lock), "no tool `{lock}`");
        }
    }

    #[test]
    fn no_two_tools_share_a_path() {
        let tools = all(&dir::tools()).unwrap();
        let paths = tools.iter().filter_map(|tool| tool.path.as_ref()).collect::<Vec<_>>();
        assert_eq!(paths.iter().collect::<BTreeSet<_>>().len(), paths.len());
    }
}
