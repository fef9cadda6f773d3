//! A class in Rust answers what the handler answers that Genezio's own command generates for the same class.
#![allow(missing_docs, reason = "a test")]

use std::path::Path;
use std::process::Command;

use e2e::artifact::run;
use e2e::subject::{Arch, Node};
use e2e::{Result, tools};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let name = "a-class-answers-as-genezios-own-handler";
    let trial = match tools::genezio().and(tools::node(Arch::X64, Node::V22)) {
        Ok(_) => Trial::test(name, || a_class_answers_as_genezios_own_handler().map_err(Failed::from)),
        Err(missing) if std::env::var("CI").is_ok_and(|value| value == "true") => {
            Trial::test(name, || Err(Failed::from(missing)))
        }
        Err(_) => Trial::test(name, || Ok(())).with_ignored_flag(true).with_kind("no Genezio CLI"),
    };
    libtest_mimic::run(&arguments, vec![trial]).exit();
}

fn a_class_answers_as_genezios_own_handler() -> Result<()> {
    let modules = tools::genezio()?;
    let modules = modules.parent().and_then(Path::parent).ok_or("the Genezio CLI has no folder")?;
    let messages = run(Command::new("cargo").args([
        "build",
        "--quiet",
        "--locked",
        "--package=trap-runtime",
        "--example=class",
        "--features=class",
        "--message-format=json",
    ]))?;
    let program = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find_map(|message| message["executable"].as_str().map(str::to_owned))
        .ok_or("cargo did not say where the example is")?;
    let folder = tempfile::tempdir().map_err(|error| format!("making a folder: {error}"))?;
    let said = run(Command::new(tools::node(Arch::X64, Node::V22)?)
        .arg("e2e/hosts/class.mjs")
        .arg(modules.join("genezio/build/src/bundlers/node/lambdaHandlerGenerator.js"))
        .arg(program)
        .arg(folder.path()))?;
    // A script that compared nothing must not pass.
    if said.trim_end().ends_with("cases agree") { Ok(()) } else { Err(format!("it said: {said}")) }
}
