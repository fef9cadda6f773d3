//! The wrapper: the program is started in Node's place, by a variable that Lambda's own bootstrap reads. AWS's emulator
//! has no such bootstrap, so it starts ours.

use std::fs;

use e2e::{
    Result,
    platform::Answer,
    stage::{Stage, json},
    subject::{Arch, Node, Program, Subject, Takeover},
};

use crate::{
    hello::two_requests_are_answered,
    identity::{report, sees_what_the_host_has},
    table::{Case, expect, wrapping},
};

pub fn cases() -> Vec<Case> {
    let native = || [Node::V20, Node::V22, Node::V24].map(|node| Subject::plain(node, Takeover::Wrapper));
    let foreign = || native().map(|subject| Subject { arch: Arch::Arm64, ..subject });
    let everywhere = || native().into_iter().chain(foreign()).collect::<Vec<_>>();
    let axum = |subjects: Vec<Subject>| -> Vec<Subject> {
        subjects.into_iter().map(|subject| Subject { program: Program::HelloAxum, ..subject }).collect()
    };
    [
        wrapping("wrapper/answers", axum(everywhere()), answers_without_node),
        wrapping("wrapper/arguments", everywhere(), has_nodes_command_line),
        wrapping("wrapper/sees-what-the-host-has", native().to_vec(), sees_what_the_host_has),
        wrapping("wrapper/variable-is-not-set", axum(everywhere()), the_trampoline_takes_over),
        wrapping("wrapper/names-no-file", native().to_vec(), names_no_file),
        wrapping("wrapper/lost-its-mode", native().to_vec(), lost_its_mode),
        wrapping("wrapper/dies", native().to_vec(), dies_and_is_started_again),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Puts a Node in place that leaves a mark when somebody starts it.
fn mark_node(stage: &mut Stage) -> Result<std::path::PathBuf> {
    let (node, mark) = (stage.folder.join("node"), stage.folder.join("node-was-started"));
    let real = stage.launch.command[0].to_string_lossy().into_owned();
    fs::write(&node, format!("#!/bin/sh\ntouch '{}'\nexec '{real}' \"$@\"\n", mark.display()))
        .map_err(|error| format!("writing a Node: {error}"))?;
    e2e::artifact::run(std::process::Command::new("chmod").arg("755").arg(&node))?;
    stage.launch.command[0] = node.into_os_string();
    Ok(mark)
}

fn answers_without_node(stage: &mut Stage) -> Result<()> {
    let mark = mark_node(stage)?;
    two_requests_are_answered(stage)?;
    expect(!mark.exists(), || "Node should never be started".to_owned())
}

/// Lambda puts the command line behind the wrapper that it would have executed.
fn has_nodes_command_line(stage: &mut Stage) -> Result<()> {
    let command: Vec<_> =
        stage.launch.command.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    stage.start()?;
    let report = report(stage)?;
    let program =
        format!("{}/trap/{}.{}.bin", stage.deployment.display(), stage.subject.program, stage.subject.arch);
    let expected: Vec<_> = std::iter::once(program).chain(command).collect();
    expect(report["argv"] == serde_json::json!(expected), || {
        format!("the arguments should be {expected:?}, not {}", report["argv"])
    })
}

/// The artifact does what it does by default.
fn the_trampoline_takes_over(stage: &mut Stage) -> Result<()> {
    let mark = mark_node(stage)?;
    stage.launch.unset("AWS_LAMBDA_EXEC_WRAPPER");
    stage.launch.set("TRAP_LOG", "debug");
    two_requests_are_answered(stage)?;
    expect(mark.exists(), || "without the variable Node should be started".to_owned())?;
    stage.wait_for_log("exec:stub, because")?;
    e2e::wait::until("Node to be gone", || stage.hosts().is_empty().then_some(()))
}

/// As on Lambda: the bootstrap says what is wrong, and the start fails.
fn fails_with(stage: &mut Stage, status: &str, words: &str) -> Result<()> {
    stage.start()?;
    let answer = stage.ask("{}")?;
    let failed = matches!(&answer, Answer::Failed { kind, message, .. }
        if kind == "Runtime.ExitError" && (message.is_empty() || message.ends_with(status)));
    expect(failed, || format!("the start should fail with {status}, but the platform {answer}"))?;
    stage.wait_for_log(words)?;
    stage.wait_for_log(status)
}

fn names_no_file(stage: &mut Stage) -> Result<()> {
    stage.launch.set("AWS_LAMBDA_EXEC_WRAPPER", "/var/task/nowhere");
    fails_with(stage, "exit status 127", "/var/task/nowhere: does not exist")
}

fn lost_its_mode(stage: &mut Stage) -> Result<()> {
    let folder = stage.own_deployment()?.to_owned();
    e2e::artifact::run(std::process::Command::new("chmod").args(["-R", "a-x,a+X"]).arg(&folder))?;
    fails_with(stage, "exit status 126", "is not an executable")
}

fn dies_and_is_started_again(stage: &mut Stage) -> Result<()> {
    let mark = mark_node(stage)?;
    stage.start()?;
    for (order, reason) in [("exit:7", "exit status 7"), ("abort", "signal: aborted")] {
        let answer = stage.ask(&format!("{{\"do\":\"{order}\"}}"))?;
        let told = matches!(&answer, Answer::Failed { kind, message, .. }
            if kind == "Runtime.ExitError" && (message.is_empty() || message.ends_with(reason)));
        expect(told, || format!("expected Runtime.ExitError with `{reason}`, but the platform {answer}"))?;
        let answer = json(&stage.ask(r#"{"do":"echo","fresh":true}"#)?)?;
        expect(answer["event"]["fresh"] == true, || format!("a new start should answer, not {answer}"))?;
    }
    expect(!mark.exists(), || "Node should never be started".to_owned())
}
