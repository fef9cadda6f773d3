//! What can load an artifact inside Node: our own client, and AWS's.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::model::Client;
use crate::host::node::Node;
use crate::{Class, Error, Result};

/// The npm package.
const PACKAGE: &str = "aws-lambda-ric";

/// AWS's runtime interface client, installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ric {
    /// The module that Node is started with.
    pub entry: PathBuf,
    /// Its version.
    pub version: String,
    /// The oldest major version of Node that it says it runs on.
    pub since: u32,
}

/// The clients to measure with.
#[derive(Clone, Debug, Default)]
pub struct Clients {
    /// Which, in the order they are shown.
    pub kinds: Vec<Client>,
    /// AWS's, newest first; empty unless asked for.
    pub rics: Vec<Ric>,
}

impl Clients {
    /// Finds what was asked for: AWS's client in the folders `given`, else in `node_modules` here, above, or
    /// around one of the Nodes.
    ///
    /// # Errors
    /// `ric-missing` when there is none.
    pub fn find(kinds: &[Client], given: &[PathBuf], nodes: &[Node]) -> Result<Self> {
        let mut kinds = if kinds.is_empty() { vec![Client::Minimal] } else { kinds.to_vec() };
        kinds.sort();
        kinds.dedup();
        if !kinds.contains(&Client::Ric) {
            return Ok(Self { kinds, rics: Vec::new() });
        }
        let mut rics = Vec::new();
        for path in given {
            rics.push(Ric::at(path).ok_or_else(|| {
                let message = format!("`{}` is not the npm package `{PACKAGE}`", path.display());
                Error::known("ric-missing", Class::Request, message)
                    .with_hint("give its folder: `--ric node_modules/aws-lambda-ric`")
            })?);
        }
        if given.is_empty() {
            let here = std::env::current_dir().unwrap_or_default();
            let around = nodes.iter().flat_map(|node| node.path.ancestors().skip(1));
            let folders =
                here.ancestors().chain(around).map(|folder| folder.join("node_modules").join(PACKAGE));
            rics.extend(folders.filter_map(|folder| Ric::at(&folder)));
            rics.dedup();
        }
        if rics.is_empty() {
            let message = format!("no `{PACKAGE}` in `node_modules`, here or above");
            return Err(Error::known("ric-missing", Class::Machine, message).with_hint(format!(
                "`npm install --no-save {PACKAGE}` puts it there (for Node 20: `{PACKAGE}@3`), or name its folder with `--ric <path>`"
            )));
        }
        rics.sort_by_key(|ric| std::cmp::Reverse(ric.since));
        Ok(Self { kinds, rics })
    }

    /// AWS's client for a Node: the newest that runs on it.
    ///
    /// # Errors
    /// Why none does.
    pub fn ric(&self, node: &Node) -> Result<&Ric, String> {
        let major = major(&node.version);
        self.rics.iter().find(|ric| ric.since <= major).ok_or_else(|| {
            let needs: Vec<_> =
                self.rics.iter().map(|ric| format!("{} needs Node {}", ric.version, ric.since)).collect();
            format!("{PACKAGE} {} or later, and this is {}", needs.join(", "), node.version)
        })
    }
}

impl Ric {
    /// The package in a folder, or the package that a file belongs to.
    fn at(path: &Path) -> Option<Self> {
        #[derive(Deserialize)]
        struct Package {
            name: String,
            version: String,
            bin: std::collections::BTreeMap<String, PathBuf>,
            engines: Option<Engines>,
        }
        #[derive(Deserialize)]
        struct Engines {
            node: Option<String>,
        }
        let path = std::path::absolute(path).ok()?;
        let folder = path.ancestors().find(|folder| folder.join("package.json").is_file())?;
        let text = std::fs::read_to_string(folder.join("package.json")).ok()?;
        let package: Package =
            serde_json::from_str(&text).ok().filter(|package: &Package| package.name == PACKAGE)?;
        let entry = folder.join(package.bin.get(PACKAGE)?);
        let engines = package.engines.and_then(|engines| engines.node).unwrap_or_default();
        let since = engines.trim_start_matches(|c: char| !c.is_ascii_digit());
        entry.is_file().then_some(Self { entry, version: package.version, since: major(since) })
    }
}

/// The first number of a version; 0 where there is none.
fn major(version: &str) -> u32 {
    version.split(|c: char| !c.is_ascii_digit()).next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(version: &str) -> Node {
        Node { path: "node".into(), version: version.into(), environment: Vec::new() }
    }

    fn package(folder: &Path, version: &str, engines: &str) {
        std::fs::create_dir_all(folder).expect("created");
        std::fs::write(folder.join("run.mjs"), "").expect("written");
        let text = format!(
            r#"{{"name":"aws-lambda-ric","version":"{version}","bin":{{"aws-lambda-ric":"./run.mjs"}}{engines}}}"#
        );
        std::fs::write(folder.join("package.json"), text).expect("written");
    }

    #[test]
    fn the_newest_client_that_a_node_runs_is_taken() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let (old, new) = (folder.path().join("old"), folder.path().join("new"));
        package(&old, "3.3.0", "");
        package(&new, "4.0.2", r#","engines":{"node":">=22"}"#);
        let clients = Clients::find(&[Client::Ric], &[old.clone(), new.join("run.mjs")], &[]).expect("both");
        let version = |node| clients.ric(&node).map(|ric| ric.version.clone());
        assert_eq!(version(node("20.1.0")), Ok("3.3.0".into()));
        assert_eq!(version(node("24.1.0")), Ok("4.0.2".into()));
        let clients = Clients::find(&[Client::Ric], &[new], &[]).expect("one");
        assert!(clients.ric(&node("20.1.0")).is_err_and(|why| why.contains("4.0.2 needs Node 22")));
    }

    #[test]
    fn what_is_not_the_package_is_refused() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let error = Clients::find(&[Client::Ric], &[folder.path().into()], &[]).expect_err("empty");
        assert_eq!(error.code(), "ric-missing");
        assert_eq!(Clients::find(&[], &[], &[]).expect("ours").kinds, [Client::Minimal]);
    }
}
