//! House rules a compiler does not know.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Files with an ending below a folder, generated and installed ones left out.
fn files(folder: &str, ending: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                if !["target", "node_modules", "dist", "expected"].contains(&name) {
                    folders.push(path);
                }
            } else if name.ends_with(ending) {
                found.push((path.clone(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no `{ending}` below {folder}");
    found
}

/// The string literals that follow one of `calls`, white space between aside.
fn literals(text: &str, calls: &[&str]) -> BTreeSet<String> {
    calls
        .iter()
        .flat_map(|call| text.match_indices(call).map(move |(at, _)| &text[at + call.len()..]))
        .filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next())
        .map(str::to_owned)
        .collect()
}

/// The codes in the first column of the README's tables.
fn codes_in_readme() -> BTreeSet<String> {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let section = readme.split("## Troubleshooting").nth(1).unwrap().split("\n## ").next().unwrap();
    section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split(" |").next())
        .flat_map(|cell| cell.split(", "))
        .map(|code| code.trim_matches('`').to_owned())
        .collect()
}

#[test]
fn the_readme_lists_every_code_and_no_other() {
    let mut codes = BTreeSet::from(["file", "stdout", "tool-missing", "tool-failed"].map(str::to_owned));
    for (path, text) in files("cli/src", ".rs") {
        if path.ends_with("error.rs") {
            continue;
        }
        codes.extend(literals(&text, &["Error::known(", "failed(", "told(", "refused("]));
    }
    let errors = fs::read_to_string(root().join("js/src/errors.ts")).unwrap();
    codes.extend(literals(&errors, &["| "]));
    codes.retain(|code| {
        !code.is_empty() && code.chars().all(|c| c.is_ascii_alphabetic() || c == '-' || c == '_')
    });
    assert_eq!(codes_in_readme(), codes, "left: the README's troubleshooting section; right: the sources");
}

#[test]
fn the_readme_says_what_every_exit_status_means() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let sentence = readme.split("The exit status is").nth(1).unwrap().split(". ").next().unwrap();
    let errors = fs::read_to_string(root().join("cli/src/error.rs")).unwrap();
    let classes = errors.split("pub enum Class {").nth(1).unwrap().split('}').next().unwrap();
    let statuses: Vec<_> =
        classes.lines().filter_map(|line| line.split_once(" = ")?.1.strip_suffix(',')).collect();
    assert!(statuses.len() > 5, "{statuses:?}");
    for status in statuses {
        assert!(sentence.contains(&format!(" {status} ")), "the README does not say what {status} means");
    }
}

/// The compiler forbids it wherever the workspace's lints count, attributes such as `no_mangle` included. What the macro
/// `trap_runtime::library!` writes into other crates is the one exception that no lint sees.
#[test]
fn unsafe_code_is_in_trap_native_alone() {
    let workspace: toml::Table =
        toml::from_str(&fs::read_to_string(root().join("Cargo.toml")).unwrap()).unwrap();
    let workspace = workspace["workspace"].as_table().unwrap();
    assert_eq!(workspace["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
    let mut others = Vec::new();
    for (path, text) in files("", "Cargo.toml") {
        let manifest: toml::Table = toml::from_str(&text).unwrap();
        let inherits = manifest.get("lints").and_then(|lints| lints.get("workspace"));
        if manifest.contains_key("package") && inherits.and_then(toml::Value::as_bool) != Some(true) {
            others.push(path.parent().unwrap().to_owned());
        }
    }
    for folder in others {
        let name = folder.strip_prefix(root()).unwrap().to_str().unwrap();
        if name == "trap-native/checks" {
            continue;
        }
        // Examples are to be copied, and inherit nothing.
        assert!(name.starts_with("examples/"), "`{name}` does not take the workspace's lints");
        for (path, text) in files(name, ".rs") {
            assert!(!text.contains("unsafe"), "{}", path.display());
        }
    }
}

#[test]
fn the_npm_package_and_the_crates_have_one_version() {
    let package: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(root().join("js/package.json")).unwrap()).unwrap();
    assert_eq!(package["version"], env!("CARGO_PKG_VERSION"));
    let workspace: toml::Table =
        toml::from_str(&fs::read_to_string(root().join("Cargo.toml")).unwrap()).unwrap();
    for (name, dependency) in workspace["workspace"]["dependencies"].as_table().unwrap() {
        if dependency.get("path").is_some() {
            assert_eq!(dependency["version"].as_str(), Some(env!("CARGO_PKG_VERSION")), "{name}");
        }
    }
}

#[test]
fn the_changelog_has_this_version_or_what_is_not_released_yet() {
    let text = fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    let heading = concat!("## ", env!("CARGO_PKG_VERSION"));
    assert!(text.lines().any(|line| line.starts_with(heading) || line == "## Unreleased"));
}

#[test]
fn every_platform_stands_in_the_readme_and_none_in_the_code() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for platform in cargo_trap::platform::all().unwrap() {
        let (id, tool) = (platform.manifest.id, platform.manifest.deploy.tool);
        let mut deployed =
            readme.split("## How it is deployed").nth(1).unwrap().split("\n## ").next().unwrap().lines();
        let is_row =
            |line: &str| line.contains(&format!("`{id}`")) && line.contains(&format!("| `{tool}` |"));
        assert!(deployed.any(is_row), "the README's table does not say that `{tool}` deploys to `{id}`");
        assert!(readme.contains(&format!("| `{id}`")), "the README's table of platforms lacks `{id}`");
        if id == cargo_trap::platform::DEFAULT {
            continue; // named once, as the default
        }
        for (path, text) in files("cli/src", ".rs") {
            let code = text.split("#[cfg(test)]").next().unwrap();
            assert!(!code.contains(&format!("\"{id}\"")), "{} names the platform `{id}`", path.display());
        }
    }
}

#[test]
fn only_the_ui_prints_and_only_main_exits() {
    for (path, text) in files("cli/src", ".rs") {
        let code = text.split("#[cfg(test)]").next().unwrap();
        if path.ends_with("ui.rs") {
            continue;
        }
        for banned in ["println!", "print!(", "dbg!(", "process::exit("] {
            assert!(!code.contains(banned), "{}: `{banned}` belongs into `ui` or `main`", path.display());
        }
    }
}

#[test]
fn the_entry_point_fits_on_a_screen() {
    let lines = fs::read_to_string(root().join("cli/src/main.rs")).unwrap().lines().count();
    assert!(lines < 40, "main.rs has {lines} lines");
}

#[test]
fn lints_are_silenced_only_with_a_reason() {
    for (path, text) in
        ["cli", "js", "templates", "runtime", "xtask", "e2e"].iter().flat_map(|folder| files(folder, ".rs"))
    {
        for (at, _) in text.match_indices("[allow(").chain(text.match_indices("[expect(")) {
            let attribute = text[at..].split(")]").next().unwrap();
            let own = path.ends_with("tidy.rs");
            assert!(own || attribute.contains("reason"), "{}: {attribute}", path.display());
        }
    }
}

#[test]
fn the_longest_files_are_known() {
    let mut sizes: Vec<_> = ["cli/src", "runtime/src", "js/src"]
        .iter()
        .zip([".rs", ".rs", ".ts"])
        .flat_map(|(folder, ending)| files(folder, ending))
        .map(|(path, text)| (text.lines().count(), path))
        .collect();
    sizes.sort();
    for (lines, path) in sizes.iter().rev().take(5) {
        println!("{lines:>5} {}", path.display());
    }
    let (lines, path) = sizes.last().unwrap();
    assert!(*lines <= 500, "{} has {lines} lines: is it two rooms in one?", path.display());
}
