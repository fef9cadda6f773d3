//! Payloads that are wrong: of another architecture, damaged, missing, and one that is merely large.

use std::{fs, path::PathBuf};

use e2e::{
    Result, artifact,
    stage::Stage,
    subject::{Arch, Carries, Delivery, Node, Payload, Program, Subject, Takeover},
};

use crate::{
    disk::expect_trap_error,
    identity::installed_program,
    table::{Case, each_takeover, each_way, expect, rows},
};

pub fn cases() -> Vec<Case> {
    let embedded = || -> Vec<Subject> {
        each_way().into_iter().map(|subject| Subject { payload: Payload::Base64, ..subject }).collect()
    };
    let with = |change: fn(Subject) -> Subject, subjects: Vec<Subject>| -> Vec<Subject> {
        subjects.into_iter().map(change).collect()
    };
    let mut large = with(
        |subject| Subject { program: Program::Big, carries: Carries::X64, ..subject },
        // A library cannot be made larger by what stands behind it.
        each_takeover()
            .into_iter()
            .flat_map(|subject| [subject, Subject { payload: Payload::Base64, ..subject }])
            .collect(),
    );
    large.push(Subject {
        program: Program::Big,
        carries: Carries::X64,
        delivery: Delivery::Genezio,
        payload: Payload::Base64,
        ..Subject::plain(Node::V20, Takeover::Auto)
    });
    [
        rows(
            "wrong-arch",
            with(|subject| Subject { carries: Carries::Arm64, ..subject }, embedded()),
            wrong_arch,
        ),
        rows(
            "wrong-arch",
            with(|subject| Subject { carries: Carries::X64, arch: Arch::Arm64, ..subject }, each_way()),
            wrong_arch,
        ),
        rows("damaged/shortened-text", embedded(), shortened_text),
        rows("damaged/foreign-characters", embedded(), foreign_characters),
        rows("damaged/flipped-bit-with-verify", embedded(), flipped_bit_in_text),
        rows("damaged/flipped-bit-with-verify", each_way(), flipped_bit_in_file),
        rows("damaged/shortened-file", each_way(), shortened_file),
        rows("damaged/missing-file", each_way(), missing_file),
        rows("intact-with-verify", embedded(), intact_with_verify),
        rows("large", large, large_program),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn wrong_arch(stage: &mut Stage) -> Result<()> {
    stage.start()?;
    let (host, carried) = (stage.subject.arch.word(), stage.subject.carries.word());
    let answer = stage.ask("{}")?;
    let remedy = format!("cargo trap build --arch {host}");
    expect_trap_error(&answer, "TRAP_WRONG_ARCH", &[host, carried, &remedy])?;
    nothing_is_installed(stage)
}

fn nothing_is_installed(stage: &Stage) -> Result<()> {
    let files = stage.installed()?;
    expect(files.is_empty(), || format!("nothing should be left on disk: {files:?}"))
}

/// Changes the base64 text of the host's architecture in the deployment.
fn damage_text(stage: &mut Stage, change: impl Fn(&mut Vec<u8>, usize)) -> Result<()> {
    let folder = stage.own_deployment()?.to_owned();
    let (_, path) = files(&folder).into_iter().max().ok_or("the deployment is empty")?;
    let mut text = fs::read(&path).map_err(|error| format!("reading the payload: {error}"))?;
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
    // Where both architectures are carried, the text of x64 is the second half, or close to it.
    let middle = if stage.subject.arch == Arch::X64 { text.len() / 4 * 3 } else { text.len() / 4 };
    // A line break between two texts may stand exactly here: go to the next place that is text on both sides.
    let at = (middle..text.len() - 64)
        .find(|at| text[at - 64..at + 64].iter().all(is_base64))
        .ok_or("no base64 text in the middle of the module")?;
    change(&mut text, at);
    fs::write(&path, text).map_err(|error| format!("damaging the payload: {error}"))
}

fn files(folder: &PathBuf) -> Vec<(u64, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(std::result::Result::ok);
    entries
        .flat_map(|entry| match entry.metadata() {
            Ok(facts) if facts.is_dir() => files(&entry.path()),
            Ok(facts) => vec![(facts.len(), entry.path())],
            Err(_) => Vec::new(),
        })
        .collect()
}

fn is_refused(stage: &mut Stage, code: &str) -> Result<()> {
    stage.start()?;
    for _ in 0..2 {
        let answer = stage.ask("{}")?;
        expect_trap_error(&answer, code, &[stage.subject.program.word()])?;
    }
    nothing_is_installed(stage)
}

fn shortened_text(stage: &mut Stage) -> Result<()> {
    damage_text(stage, |text, at| drop(text.drain(at..at + 4)))?;
    is_refused(stage, "TRAP_PAYLOAD_DAMAGED")
}

fn foreign_characters(stage: &mut Stage) -> Result<()> {
    damage_text(stage, |text, at| text[at..at + 4].copy_from_slice(b"*-_~"))?;
    is_refused(stage, "TRAP_PAYLOAD_DAMAGED")
}

fn flipped_bit_in_text(stage: &mut Stage) -> Result<()> {
    damage_text(stage, |text, at| text[at] = if text[at] == b'A' { b'B' } else { b'A' })?;
    stage.launch.set("TRAP_VERIFY", "1");
    is_refused(stage, "TRAP_PAYLOAD_DAMAGED")
}

/// The payload file of this architecture in a deployment of our own.
pub fn payload_file(stage: &mut Stage) -> Result<PathBuf> {
    let kind = if stage.subject.takeover == Takeover::Library { "so" } else { "bin" };
    let name = format!("{}.{}.{kind}", stage.subject.program, stage.subject.arch);
    let folder = stage.own_deployment()?.to_owned();
    let found = files(&folder).into_iter().map(|(_, path)| path).find(|path| path.ends_with(&name));
    found.ok_or_else(|| format!("no `{name}` in the deployment"))
}

fn flipped_bit_in_file(stage: &mut Stage) -> Result<()> {
    let path = payload_file(stage)?;
    let mut bytes = fs::read(&path).map_err(|error| format!("reading the payload: {error}"))?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).map_err(|error| format!("damaging the payload: {error}"))?;
    stage.launch.set("TRAP_VERIFY", "1");
    is_refused(stage, "TRAP_PAYLOAD_DAMAGED")
}

fn shortened_file(stage: &mut Stage) -> Result<()> {
    let path = payload_file(stage)?;
    let file = fs::OpenOptions::new().write(true).open(&path);
    file.and_then(|file| file.set_len(100_000))
        .map_err(|error| format!("shortening the payload: {error}"))?;
    is_refused(stage, "TRAP_PAYLOAD_DAMAGED")
}

fn missing_file(stage: &mut Stage) -> Result<()> {
    let path = payload_file(stage)?;
    fs::remove_file(&path).map_err(|error| format!("removing the payload: {error}"))?;
    is_refused(stage, "TRAP_PAYLOAD_MISSING")
}

fn intact_with_verify(stage: &mut Stage) -> Result<()> {
    stage.launch.set("TRAP_VERIFY", "1");
    stage.start()?;
    stage.order("echo")?;
    installed_program(stage).map(drop)
}

fn large_program(stage: &mut Stage) -> Result<()> {
    stage.start()?;
    let report = e2e::stage::json(&stage.ask_quietly(r#"{"do":"report"}"#)?)?;
    let program = artifact::program(stage.subject.program, stage.subject.arch)?;
    let size = fs::metadata(program).map_err(|error| format!("looking at the program: {error}"))?.len();
    expect(report["size"] == size, || format!("{size} bytes should run, not {}", report["size"]))?;
    match (stage.subject.payload, stage.subject.delivery) {
        (Payload::Base64, _) => installed_program(stage).map(drop),
        (Payload::File, _) => nothing_is_installed(stage),
    }
}
