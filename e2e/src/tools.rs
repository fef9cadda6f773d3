//! Where the pinned tools lie that `cargo xtask setup` installs.

use std::path::{Path, PathBuf};

use crate::subject::{Arch, Node, Subject};

/// A tool that is not there; the text is one line for a person.
pub type Missing = String;

/// The folder of all tools.
pub fn cache() -> PathBuf {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("CARGO_TRAP_CACHE")
        .or_else(|| variable("XDG_CACHE_HOME").map(|base| base.join("cargo-trap")))
        .or_else(|| variable("HOME").map(|home| home.join(".cache/cargo-trap")))
        .unwrap_or_else(|| PathBuf::from("/nonexistent"))
}

fn existing(path: PathBuf, what: &str) -> Result<PathBuf, Missing> {
    if path.exists() { Ok(path) } else { Err(format!("{what} is missing: `{}`", path.display())) }
}

/// AWS's Runtime Interface Emulator, for this machine: it starts runtimes of any architecture.
pub fn rie() -> Result<PathBuf, Missing> {
    existing(cache().join("rie/x64/aws-lambda-rie"), "AWS's Runtime Interface Emulator")
}

/// The Node binary of a version for an architecture.
pub fn node(arch: Arch, node: Node) -> Result<PathBuf, Missing> {
    existing(cache().join(format!("node/{arch}/{node}/bin/node")), "Node")
}

/// The module of AWS's Node client that `node` runs.
pub fn ric(arch: Arch, node: Node) -> Result<PathBuf, Missing> {
    let package = cache().join(format!("ric/{}-{arch}/node_modules/aws-lambda-ric", node.ric()));
    let entry = package.join(if node == Node::V20 { "bin/index.mjs" } else { "index.mjs" });
    existing(entry, "AWS's Node runtime client")
}

/// The Genezio command line.
pub fn genezio() -> Result<PathBuf, Missing> {
    existing(cache().join("genezio/3.2.10/node_modules/.bin/genezio"), "the Genezio CLI")
}

/// The real `aws`, as words that start it.
pub fn aws() -> Result<String, Missing> {
    python(
        "awscli/1.46.3",
        "import sys; from awscli.clidriver import main; sys.exit(main())",
        "the AWS command line",
    )
}

/// What knows CloudFormation and SAM, as words that start it.
pub fn cfn_lint() -> Result<String, Missing> {
    python("cfn-lint/1.58.0", "import sys; from cfnlint.runner import main; sys.exit(main())", "cfn-lint")
}

/// The folder with cfn-lint's modules.
pub fn cfn_lint_modules() -> Result<PathBuf, Missing> {
    existing(cache().join("cfn-lint/1.58.0"), "cfn-lint")
}

/// The `node_modules` with AWS CDK and TypeScript.
pub fn cdk() -> Result<PathBuf, Missing> {
    existing(cache().join("cdk/2.276.0/node_modules"), "AWS CDK")
}

/// The open Serverless Framework.
pub fn osls() -> Result<PathBuf, Missing> {
    existing(cache().join("osls/4.3.1/node_modules/.bin/osls"), "osls")
}

/// Words for a shell that run `code` with the modules of a tool.
fn python(tool: &str, code: &str, what: &str) -> Result<String, Missing> {
    let modules = existing(cache().join(tool), what)?;
    Ok(format!("PYTHONPATH='{}' python3 -c '{code}'", modules.display()))
}

/// The program of Google's Functions Framework.
pub fn functions_framework() -> Result<PathBuf, Missing> {
    let package = "functions-framework/5.0.5/node_modules/@google-cloud/functions-framework";
    existing(cache().join(package).join("build/src/main.js"), "Google's Functions Framework")
}

/// The npm packages that a function of Firebase imports.
pub fn firebase() -> Result<PathBuf, Missing> {
    existing(cache().join("firebase/7.4.0/node_modules"), "Firebase's functions package")
}

/// Architect's sandbox.
pub fn architect() -> Result<PathBuf, Missing> {
    existing(
        cache().join("architect/9.0.0/node_modules/@architect/sandbox/src/cli/cli.js"),
        "Architect's sandbox",
    )
}

/// The folder that Netlify's bundler of functions is installed in.
pub fn netlify() -> Result<PathBuf, Missing> {
    existing(cache().join("netlify/16.2.3"), "Netlify's bundler of functions")
}

/// Everything a subject needs besides what this workspace builds.
///
/// # Errors
/// Names the first thing that is missing.
pub fn check(subject: &Subject) -> Result<(), Missing> {
    rie()?;
    node(subject.arch, subject.node)?;
    ric(subject.arch, subject.node)?;
    if subject.arch == Arch::Arm64 {
        emulation()?;
    }
    match subject.delivery {
        crate::subject::Delivery::Genezio | crate::subject::Delivery::LambdaCjs => genezio().map(drop),
        _ => Ok(()),
    }
}

/// Whether the kernel hands arm64 executables to qemu-user.
fn emulation() -> Result<(), Missing> {
    if Path::new("/proc/sys/fs/binfmt_misc/qemu-aarch64").exists() {
        Ok(())
    } else {
        Err("qemu-user is not registered for arm64 executables".to_owned())
    }
}

/// Whether this user may mount in a namespace of its own.
pub fn can_mount() -> Result<(), Missing> {
    let outcome = std::process::Command::new("unshare")
        .args(["-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status();
    match outcome {
        Ok(status) if status.success() => Ok(()),
        _ => Err("this user may not mount file systems (`unshare -m`)".to_owned()),
    }
}
