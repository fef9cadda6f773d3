//! The little we read of `cargo metadata`.

use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::{dir, process};

/// All packages of the lock file.
#[derive(Debug, Deserialize)]
pub struct Metadata {
    pub packages: Vec<Package>,
    /// Ids of the packages of this repository.
    pub workspace_members: Vec<String>,
}

/// One package.
#[derive(Debug, Deserialize)]
pub struct Package {
    pub id: String,
    pub name: String,
    pub version: String,
    /// Oldest Rust it builds with, as it states.
    pub rust_version: Option<String>,
    /// Registries it may go to: absent means any, empty means none.
    pub publish: Option<Vec<String>>,
    pub manifest_path: String,
    pub dependencies: Vec<Dependency>,
    pub targets: Vec<Target>,
}

/// One thing that cargo makes of a package.
#[derive(Debug, Deserialize)]
pub struct Target {
    pub kind: Vec<String>,
}

/// One line of a package's dependencies.
#[derive(Debug, Deserialize)]
pub struct Dependency {
    pub name: String,
}

impl Package {
    /// Whether any registry would take it.
    pub fn is_publishable(&self) -> bool {
        self.publish.as_ref().is_none_or(|registries| !registries.is_empty())
    }

    /// Whether it makes a library that Node can load.
    pub fn is_library(&self) -> bool {
        self.targets.iter().any(|target| target.kind.iter().any(|kind| kind == "cdylib"))
    }

    /// Whether it names this package among its dependencies.
    pub fn depends_on(&self, name: &str) -> bool {
        self.dependencies.iter().any(|dependency| dependency.name == name)
    }

    /// The folder that its package unpacks to.
    pub fn folder(&self) -> String {
        format!("{}-{}", self.name, self.version)
    }
}

impl Metadata {
    /// Asks cargo.
    pub fn load() -> Result<Self> {
        let mut cargo = Command::new("cargo");
        cargo.args(["metadata", "--format-version=1", "--locked"]).current_dir(dir::root());
        serde_json::from_str(&process::output(&mut cargo)?).context("`cargo metadata` printed something else")
    }

    /// The packages of this repository.
    pub fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }
}
