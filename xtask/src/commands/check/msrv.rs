//! The Rust version we state is honest as far as dependencies go: none of them states a newer one.

use anyhow::{Context, Result, ensure};

use super::metadata::{Metadata, Package};
use crate::ui;

type Version = (u32, u32, u32);

pub fn run() -> Result<()> {
    let metadata = Metadata::load()?;
    let ours = metadata.members().filter_map(|package| version(package.rust_version.as_deref()?)).min();
    let ours = ours.context("no package of this repository states a `rust-version`")?;
    let silent = metadata.packages.iter().filter(|package| package.rust_version.is_none()).count();
    let newer = newer(&metadata.packages, ours);
    ensure!(newer.is_empty(), "newer than Rust {}.{}: {}", ours.0, ours.1, newer.join(", "));
    ui::data(&format!(
        "{} packages build with Rust {}.{} by their own word; {silent} say nothing",
        metadata.packages.len() - silent,
        ours.0,
        ours.1
    ));
    Ok(())
}

fn newer(packages: &[Package], ours: Version) -> Vec<String> {
    let mut newer = Vec::new();
    for package in packages {
        if let Some(stated) = &package.rust_version
            && version(stated).is_none_or(|theirs| theirs > ours)
        {
            newer.push(format!("{} {} ({stated})", package.name, package.version));
        }
    }
    newer
}

fn version(text: &str) -> Option<Version> {
    let mut parts = text.split('.').map(|part| part.parse().ok());
    let major = parts.next()??;
    let minor = parts.next().unwrap_or(Some(0))?;
    let patch = parts.next().unwrap_or(Some(0))?;
    Some((major, minor, patch))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(rust_version: Option<&str>) -> Package {
        Package {
            id: String::new(),
            name: "p".to_owned(),
            version: "1.0.0".to_owned(),
            rust_version: rust_version.map(str::to_owned),
            publish: None,
            manifest_path: String::new(),
            dependencies: Vec::new(),
            targets: Vec::new(),
        }
    }

    #[test]
    fn versions_compare_as_numbers() {
        let stated = |text| newer(&[package(Some(text))], (1, 88, 0)).len();
        assert_eq!((stated("1.9"), stated("1.88"), stated("1.88.0")), (0, 0, 0));
        assert_eq!((stated("1.88.1"), stated("1.100"), stated("2")), (1, 1, 1));
    }

    #[test]
    fn who_says_nothing_is_not_blamed_and_who_mumbles_is() {
        assert!(newer(&[package(None)], (1, 88, 0)).is_empty());
        assert_eq!(newer(&[package(Some("new"))], (1, 88, 0)), ["p 1.0.0 (new)"]);
    }
}
