//! Disks and files in the way, each for real: full, read-only and noexec file systems, and whatever may lie
//! where the program wants to be.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown, symlink},
    path::{Path, PathBuf},
};

use e2e::{
    Result, artifact,
    platform::Answer,
    sandbox::{Disk, Disks},
    stage::{Stage, json},
    subject::{Payload, Subject},
};

use crate::{
    identity::installed_program,
    table::{Case, each_way, expect, mounting, rows},
};

pub fn cases() -> Vec<Case> {
    let subjects = || -> Vec<Subject> {
        each_way().into_iter().map(|subject| Subject { payload: Payload::Base64, ..subject }).collect()
    };
    [
        mounting("tmp/writable", subjects(), tmp_is_writable),
        mounting("tmp/full", subjects(), tmp_is_full),
        mounting("tmp/read-only", subjects(), tmp_is_read_only),
        mounting("tmp/noexec", subjects(), tmp_is_noexec),
        mounting("no-folder/full", subjects(), everything_is_full),
        mounting("no-folder/read-only", subjects(), everything_is_read_only),
        mounting("no-folder/noexec", subjects(), everything_is_noexec),
        rows("in-the-way/half-written-file", subjects(), half_written_file),
        rows("in-the-way/file-others-may-write", subjects(), file_others_may_write),
        mounting("in-the-way/foreign-file", subjects(), foreign_file),
        mounting("in-the-way/foreign-file-in-sticky-tmp", subjects(), foreign_file_in_sticky_tmp),
        rows("in-the-way/link", subjects(), link),
        mounting("in-the-way/folder", subjects(), folder),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Starts with these disks and says where the program ran.
fn ran_in(stage: &mut Stage, tmp: Disk, shm: Disk) -> Result<String> {
    stage.disks = Some(Disks::new(tmp, shm));
    stage.launch.unset("TRAP_DIR");
    stage.start()?;
    let report = json(&stage.ask_quietly(r#"{"do":"report"}"#)?)?;
    // While the program runs its view of the file system is still there to look at.
    let root = PathBuf::from(format!("/proc/{}/root", report["pid"]));
    let left: Vec<String> = ["tmp", "dev/shm"].iter().flat_map(|folder| names(&root.join(folder))).collect();
    expect(left.len() == 1, || format!("one file should exist, none half-written: {left:?}"))?;
    Ok(report["file"].as_str().unwrap_or_default().to_owned())
}

/// What lies in a folder, other folders aside: the checkout itself may be in one.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| !kind.is_dir()));
    files.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

fn expect_folder(exe: &str, folder: &str) -> Result<()> {
    expect(exe.starts_with(&format!("{folder}/trap-")), || {
        format!("it should run from {folder}, not `{exe}`")
    })
}

fn tmp_is_writable(stage: &mut Stage) -> Result<()> {
    expect_folder(&ran_in(stage, Disk::Fresh, Disk::Fresh)?, "/tmp")
}

fn tmp_is_full(stage: &mut Stage) -> Result<()> {
    expect_folder(&ran_in(stage, Disk::Full, Disk::Fresh)?, "/dev/shm")
}

fn tmp_is_read_only(stage: &mut Stage) -> Result<()> {
    expect_folder(&ran_in(stage, Disk::ReadOnly, Disk::Fresh)?, "/dev/shm")
}

fn tmp_is_noexec(stage: &mut Stage) -> Result<()> {
    expect_folder(&ran_in(stage, Disk::NoExec, Disk::Fresh)?, "/dev/shm")
}

/// The error must reach the caller, with its code and what was tried; for the second request as well.
fn nowhere_to_go(stage: &mut Stage, disk: Disk, reason: &str) -> Result<()> {
    stage.disks = Some(Disks::new(disk, disk));
    stage.launch.unset("TRAP_DIR");
    stage.start()?;
    for _ in 0..2 {
        let answer = stage.ask("{}")?;
        expect_trap_error(&answer, "TRAP_NO_FOLDER", &["/tmp", "/dev/shm", reason])?;
    }
    Ok(())
}

/// The platform must tell the trampoline's own error: its code, and these words in its message.
pub fn expect_trap_error(answer: &Answer, code: &str, words: &[&str]) -> Result<()> {
    let told = matches!(answer, Answer::Failed { message, body, .. }
        if body.contains(code) && words.iter().all(|word| message.contains(word)));
    expect(told, || format!("expected {code} with {words:?}, but the platform {answer}\n{answer:?}"))
}

fn everything_is_full(stage: &mut Stage) -> Result<()> {
    nowhere_to_go(stage, Disk::Full, "ENOSPC")
}

fn everything_is_read_only(stage: &mut Stage) -> Result<()> {
    nowhere_to_go(stage, Disk::ReadOnly, "EROFS")
}

fn everything_is_noexec(stage: &mut Stage) -> Result<()> {
    nowhere_to_go(stage, Disk::NoExec, "noexec")
}

/// Where the trampoline will want to put the program.
fn target(stage: &Stage) -> Result<PathBuf> {
    let program = artifact::carried(&stage.subject)?;
    Ok(stage.folder.join("trap").join(format!("trap-{}", &artifact::sha256(&program)?[..16])))
}

/// Another program of exactly the size of ours: valid, executable, and ends at once when somebody runs it.
fn impostor(stage: &Stage, path: &Path) -> Result<()> {
    let program = artifact::carried(&stage.subject)?;
    let size = fs::metadata(&program).map_err(|error| format!("looking at the program: {error}"))?.len();
    let mut bytes = fs::read("/bin/true").map_err(|error| format!("reading `/bin/true`: {error}"))?;
    bytes.resize(usize::try_from(size).unwrap_or_default(), 0);
    fs::write(path, bytes).map_err(|error| format!("writing the impostor: {error}"))?;
    mode(path, 0o755)
}

fn mode(path: &Path, mode: u32) -> Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(|error| format!("chmod: {error}"))
}

/// The program must answer: what lay in its place would have ended without a word.
fn the_right_program_answers(stage: &mut Stage) -> Result<()> {
    stage.start()?;
    stage.order("echo").map(drop)
}

fn half_written_file(stage: &mut Stage) -> Result<()> {
    let (target, program) = (target(stage)?, artifact::carried(&stage.subject)?);
    let bytes = fs::read(program).map_err(|error| format!("reading the program: {error}"))?;
    fs::write(&target, &bytes[..bytes.len() / 2]).map_err(|error| format!("writing half: {error}"))?;
    mode(&target, 0o755)?;
    the_right_program_answers(stage)?;
    installed_program(stage).map(drop)
}

fn file_others_may_write(stage: &mut Stage) -> Result<()> {
    let target = target(stage)?;
    impostor(stage, &target)?;
    mode(&target, 0o777)?;
    the_right_program_answers(stage)?;
    installed_program(stage).map(drop)
}

/// Needs root, as mounting does: only root can make a file that belongs to somebody else.
fn foreign_file(stage: &mut Stage) -> Result<()> {
    let target = target(stage)?;
    impostor(stage, &target)?;
    chown(&target, Some(65534), Some(65534)).map_err(|error| format!("giving the file away: {error}"))?;
    the_right_program_answers(stage)?;
    installed_program(stage).map(drop)
}

/// As on the platforms: an ordinary user, and in a folder with the sticky bit somebody else's file, which
/// can be neither trusted nor replaced.
fn foreign_file_in_sticky_tmp(stage: &mut Stage) -> Result<()> {
    let elsewhere = stage.folder.join("elsewhere");
    fs::create_dir(&elsewhere).map_err(|error| format!("creating a folder: {error}"))?;
    let name = target(stage)?.file_name().unwrap_or_default().to_owned();
    impostor(stage, &elsewhere.join(&name))?;
    mode(&stage.folder, 0o777)?;
    stage.disks = Some(Disks {
        tmp_holds: Some(elsewhere.join(&name)),
        ordinary_user: true,
        ..Disks::new(Disk::Fresh, Disk::Fresh)
    });
    stage.launch.unset("TRAP_DIR");
    stage.start()?;
    let report = json(&stage.ask_quietly(r#"{"do":"report"}"#)?)?;
    expect_folder(report["file"].as_str().unwrap_or_default(), "/dev/shm")
}

fn link(stage: &mut Stage) -> Result<()> {
    let (target, elsewhere) = (target(stage)?, stage.folder.join("elsewhere"));
    impostor(stage, &elsewhere)?;
    symlink(&elsewhere, &target).map_err(|error| format!("linking: {error}"))?;
    the_right_program_answers(stage)?;
    installed_program(stage)?;
    expect(elsewhere.exists(), || "what the link points to is not ours to remove".to_owned())
}

/// A folder cannot be replaced, so the next place is taken.
fn folder(stage: &mut Stage) -> Result<()> {
    let target = target(stage)?;
    fs::create_dir(&target).map_err(|error| format!("creating the folder: {error}"))?;
    stage.disks = Some(Disks::new(Disk::Fresh, Disk::Fresh));
    stage.start()?;
    let report = json(&stage.ask_quietly(r#"{"do":"report"}"#)?)?;
    expect_folder(report["file"].as_str().unwrap_or_default(), "/tmp")
}
