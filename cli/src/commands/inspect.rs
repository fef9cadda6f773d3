//! `cargo trap inspect`: what an artifact or a program is, whether it is whole, and how far from its limits.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use trap_native::glibc::Release;

use crate::arch::Arch;
use crate::artifact::{self, Record};
use crate::elf::{Elf, Kind, Machine};
use crate::gate::{self, Rules};
use crate::payload::{self, Companion, Encoding, Found, base64_len};
use crate::platform::{self, Measured};
use crate::size::Bytes;
use crate::ui::Ui;
use crate::{Class, Error, Result, class, files, plan};

/// Show what an artifact or a program is, and check that it is whole
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// An artifact's folder, a module that carries a payload, or a compiled program
    path: PathBuf,
}

/// What was found; also the JSON form.
#[derive(Debug, Serialize)]
struct Report {
    reason: &'static str,
    path: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    takeover: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Encoding>,
    programs: Vec<ProgramReport>,
    /// Where the program lies that an artifact for the edit loop runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_build: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<class::Report>,
    limits: Vec<LimitReport>,
    problems: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ProgramReport {
    arch: Option<Arch>,
    sha256: String,
    /// On disk at run time, in bytes.
    size: u64,
    /// As it travels, in bytes.
    payload_size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    elf: Option<Elf>,
    /// What lets it replace the Node process.
    #[serde(skip_serializing_if = "Option::is_none")]
    stub: Option<StubReport>,
    /// What loads it into the Node process, where it is a library.
    #[serde(skip_serializing_if = "Option::is_none")]
    addon: Option<AddonReport>,
}

#[derive(Debug, Serialize)]
struct AddonReport {
    sha256: String,
    /// In bytes.
    size: u64,
}

#[derive(Debug, Serialize)]
struct StubReport {
    sha256: String,
    /// In bytes.
    size: u64,
    /// False for one that another version of this tool brought, or that is damaged: a module does not say.
    is_ours: bool,
}

#[derive(Debug, Serialize)]
struct LimitReport {
    about: String,
    /// In bytes.
    used: u64,
    /// In bytes.
    limit: u64,
    source: String,
}

/// Runs the command.
///
/// # Errors
/// `damaged` when something does not fit together; everything found is printed first.
pub fn run(args: Args, ui: &Ui) -> Result<()> {
    let (reports, refusal) = if args.path.is_dir() { (folder(&args.path)?, None) } else { file(&args.path)? };
    for report in &reports {
        if ui.is_json() {
            ui.json(report)?;
        } else {
            ui.text(text(report))?;
        }
    }
    let problems: Vec<_> = reports.iter().flat_map(|report| &report.problems).collect();
    if let Some(refusal) = refusal {
        return Err(refusal);
    }
    let Some(first) = problems.first() else { return Ok(()) };
    let more = problems.len() - 1;
    let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
    Err(artifact::damaged(format!("{first}{more}")))
}

/// An artifact's folder, or somebody's project with one or several of ours in it.
fn folder(dir: &Path) -> Result<Vec<Report>> {
    let records = Record::found_in(dir)?;
    records.iter().map(|record| describe(dir, record, &records)).collect()
}

fn describe(dir: &Path, record: &Record, records: &[Record]) -> Result<Report> {
    let mut problems = Vec::new();
    if !record.replaces.is_empty() {
        problems.push("the last build was interrupted".to_owned());
    }
    let (changes, total) = record.changes(dir, records);
    problems.extend(changes.into_iter().map(|(_, what)| what));
    let found = record.carried(dir);
    let beside = dir.join(record.trap_folder());
    let mut programs = Vec::new();
    let mut class = None;
    for program in &record.programs {
        let carried = found.iter().find(|found| found.arch == program.arch);
        if carried.is_none() {
            problems.push(format!("no module carries the {} program", program.arch));
        }
        let bytes = carried.and_then(|found| bytes_of(found, &beside, &mut problems));
        let stub = carried.and_then(|found| companion_of(found.stub.as_ref(), &beside));
        let addon = carried.and_then(|found| companion_of(found.addon.as_ref(), &beside));
        if let Some(bytes) = &bytes {
            check(program.arch, &program.sha256, program.size, bytes, &mut problems);
            class = class.or(class_in(program.arch, bytes, &mut problems));
        }
        programs.push(ProgramReport {
            arch: Some(program.arch),
            sha256: program.sha256.clone(),
            size: program.size,
            payload_size: match record.payload {
                Encoding::Base64 => base64_len(program.size),
                Encoding::File => program.size,
            },
            elf: bytes.and_then(|bytes| Elf::read(&record.name, &bytes).ok()),
            stub: stub.map(|bytes| check_stub(program.arch, &bytes, &mut problems)),
            addon: addon.map(|bytes| check_addon(program.arch, &bytes, &mut problems)),
        });
    }
    // What runs on this machine alone has no platform's limits.
    let platform = platform::find(&record.platform).ok().filter(|_| record.last_build.is_none());
    let limits = platform.map(|platform| limits(&platform, &programs, total)).unwrap_or_default();
    Ok(Report {
        reason: "trap-inspection",
        path: dir.to_path_buf(),
        name: Some(record.name.clone()),
        platform: Some(record.platform.clone()),
        takeover: Some(record.takeover.as_str()),
        payload: Some(record.payload),
        last_build: record.last_build.clone(),
        programs,
        class,
        limits,
        problems,
    })
}

/// The program behind an entry of a payload module; `beside` is where its file lies, if it is one.
fn bytes_of(found: &Found, beside: &Path, problems: &mut Vec<String>) -> Option<Vec<u8>> {
    match (&found.bytes, &found.file) {
        (Some(None), _) => problems.push(format!("the base64 text of the {} program is damaged", found.arch)),
        (None, None) => problems.push(format!("the {} program is announced and not there", found.arch)),
        _ => {}
    }
    found.program(beside)
}

/// The stub or the addon that travels with a program; `None` when there is none, or when its file is missing.
fn companion_of(companion: Option<&Companion>, beside: &Path) -> Option<Vec<u8>> {
    match companion? {
        Companion::Bytes(bytes) => Some(bytes.clone()),
        Companion::File(file) => fs::read(beside.join(file)).ok(),
    }
}

/// Another version of this tool may have brought another stub, so it is held to what every stub is.
fn check_stub(arch: Arch, bytes: &[u8], problems: &mut Vec<String>) -> StubReport {
    if !is_shared_object(arch, bytes) {
        problems.push(format!("the stub of the {arch} program is damaged"));
    }
    StubReport {
        sha256: payload::sha256(bytes),
        size: bytes.len() as u64,
        is_ours: bytes == trap_native::stub(arch.into()),
    }
}

/// Each user's cargo makes its own, so it too is held to what every addon is.
fn check_addon(arch: Arch, bytes: &[u8], problems: &mut Vec<String>) -> AddonReport {
    if !is_shared_object(arch, bytes) {
        problems.push(format!("the addon of the {arch} library is damaged"));
    }
    AddonReport { sha256: payload::sha256(bytes), size: bytes.len() as u64 }
}

fn is_shared_object(arch: Arch, bytes: &[u8]) -> bool {
    Elf::read("shared object", bytes)
        .is_ok_and(|elf| elf.machine == Machine::Known(arch) && elf.kind == Kind::PositionIndependent)
}

/// The class that a program holds.
fn class_in(arch: Arch, bytes: &[u8], problems: &mut Vec<String>) -> Option<class::Report> {
    match class::find(arch.as_str(), bytes) {
        Ok(class) => class.as_ref().map(class::Report::of),
        Err(error) => {
            problems.push(error.to_string());
            None
        }
    }
}

fn check(arch: Arch, sha256: &str, size: u64, bytes: &[u8], problems: &mut Vec<String>) {
    if bytes.len() as u64 != size {
        problems.push(format!("the {arch} program has {} bytes instead of {size}", bytes.len()));
    } else if payload::sha256(bytes) != sha256 {
        problems.push(format!("the {arch} program does not have the sha-256 it was built with"));
    } else if let Ok(elf) = Elf::read("program", bytes)
        && elf.machine != Machine::Known(arch)
    {
        problems.push(format!("the {arch} program is for another machine"));
    }
}

/// A compiled program, or one module with a payload.
///
/// The second value is why the gate refuses a program that could be read.
fn file(path: &Path) -> Result<(Vec<Report>, Option<Error>)> {
    let bytes = files::read_regular(path)?;
    let name = plan::shown(path);
    if path.extension().is_some_and(|ending| ending == "zip" || ending == "json") {
        return Err(Error::known(
            "no-artifact",
            Class::Request,
            format!("`{name}` is neither a program nor a module"),
        )
        .with_hint("give the folder of the artifact"));
    }
    let mut report = Report {
        reason: "trap-inspection",
        path: path.to_path_buf(),
        name: None,
        platform: None,
        takeover: None,
        payload: None,
        programs: Vec::new(),
        last_build: None,
        class: None,
        limits: Vec::new(),
        problems: Vec::new(),
    };
    let is_module = path
        .extension()
        .is_some_and(|ending| ["ts", "js", "mjs", "cjs", "mts"].iter().any(|known| ending == *known));
    if is_module {
        let text = String::from_utf8_lossy(&bytes);
        let found = payload::read_back(&text);
        if found.is_empty() {
            return Err(Error::known(
                "no-artifact",
                Class::Request,
                format!("`{name}` carries no payload that can be read back"),
            )
            .with_hint("give a module that `cargo trap build` wrote, before any bundler changed it"));
        }
        let dir = path.parent().unwrap_or(Path::new(".")).to_path_buf();
        for found in found {
            report.payload = Some(if found.file.is_some() { Encoding::File } else { Encoding::Base64 });
            // A payload module lies in `trap/` with its files; a single module one folder above.
            let beside = if dir.ends_with("trap") { dir.clone() } else { dir.join("trap") };
            let program = bytes_of(&found, &beside, &mut report.problems);
            match &program {
                Some(program) => {
                    check(found.arch, &found.sha256, found.size, program, &mut report.problems);
                    let class = class_in(found.arch, program, &mut report.problems);
                    report.class = report.class.take().or(class);
                }
                None if report.problems.is_empty() => {
                    report.problems.push(format!("the file of the {} program is missing", found.arch));
                }
                None => {}
            }
            let stub = companion_of(found.stub.as_ref(), &beside);
            if stub.is_none() && found.stub.is_some() {
                report.problems.push(format!("the stub of the {} program is missing", found.arch));
            }
            let addon = companion_of(found.addon.as_ref(), &beside);
            if addon.is_none() && found.addon.is_some() {
                report.problems.push(format!("the addon of the {} library is missing", found.arch));
            }
            report.programs.push(ProgramReport {
                arch: Some(found.arch),
                sha256: found.sha256,
                size: found.size,
                payload_size: if found.file.is_some() { found.size } else { base64_len(found.size) },
                elf: program.and_then(|program| Elf::read(&name, &program).ok()),
                stub: stub.map(|bytes| check_stub(found.arch, &bytes, &mut report.problems)),
                addon: addon.map(|bytes| check_addon(found.arch, &bytes, &mut report.problems)),
            });
        }
        return Ok((vec![report], None));
    }
    let elf = Elf::read(&name, &bytes)?;
    let is_library = elf.kind == Kind::PositionIndependent && elf.interpreter.is_none() && !elf.has_entry;
    let judged = match is_library {
        true => gate::library::check(&name, &elf, &bytes, None, Release::LISTED),
        false => gate::check(&name, &elf, None, Rules::EXECUTABLE),
    };
    let (class, broken) = match class::find(&name, &bytes) {
        Ok(class) => (class.as_ref().map(class::Report::of), None),
        Err(error) => (None, Some(error)),
    };
    report.class = class;
    let refusal = judged.err().or(broken);
    report.programs.push(ProgramReport {
        arch: match elf.machine {
            Machine::Known(arch) => Some(arch),
            Machine::Other(_) => None,
        },
        sha256: payload::sha256(&bytes),
        size: elf.size,
        payload_size: base64_len(elf.size),
        elf: Some(elf),
        stub: None,
        addon: None,
    });
    // A program alone belongs to no platform yet: show how it stands with each.
    for platform in platform::all()? {
        let id = platform.manifest.id.clone();
        report.limits.extend(
            limits(&platform, &report.programs, 0)
                .into_iter()
                .map(|limit| LimitReport { about: format!("{id}: {}", limit.about), ..limit }),
        );
    }
    Ok((vec![report], refusal))
}

fn limits(platform: &platform::Platform, programs: &[ProgramReport], artifact: u64) -> Vec<LimitReport> {
    let largest = programs.iter().map(|program| program.size).max().unwrap_or(0);
    platform
        .manifest
        .limits
        .iter()
        .filter_map(|limit| {
            let used = match limit.of {
                Measured::Program => largest,
                Measured::Artifact if artifact > 0 => artifact,
                Measured::Artifact | Measured::Zip | Measured::Request => return None,
            };
            Some(LimitReport {
                about: limit.about.clone(),
                used,
                limit: limit.bytes,
                source: limit.source.clone(),
            })
        })
        .collect()
}

/// The report for people: aligned, one fact per line.
fn text(report: &Report) -> String {
    let mut text = String::new();
    let mut line = |label: &str, value: &str| {
        let _ = writeln!(text, "{label:<12}{value}");
    };
    line(if report.name.is_some() { "artifact" } else { "file" }, &report.path.display().to_string());
    let facts = [("program", &report.name), ("platform", &report.platform)];
    for (label, value) in facts {
        if let Some(value) = value {
            line(label, value);
        }
    }
    if let Some(takeover) = report.takeover {
        line("takeover", takeover);
    }
    if let Some(path) = &report.last_build {
        let state = if path.is_file() {
            "the last build's program"
        } else {
            "which is not there: `cargo trap build --dev` makes it"
        };
        line("runs", &format!("{}, {state}", path.display()));
    }
    for program in &report.programs {
        let arch = program.arch.map_or("other machine", Arch::as_str);
        line(arch, &format!("sha-256 {}", program.sha256));
        line("", &format!("{} on disk", Bytes(program.size)));
        match report.payload {
            Some(Encoding::Base64) => {
                line("", &format!("{} as base64 in the module", Bytes(program.payload_size)))
            }
            Some(Encoding::File) => line("", "carried as a file"),
            None => line("", &format!("{} as a base64 payload", Bytes(program.payload_size))),
        }
        if let Some(elf) = &program.elf {
            let kind = match (elf.kind, &elf.interpreter) {
                (_, Some(interpreter)) => format!("dynamically linked, loader {interpreter}"),
                (Kind::Executable, None) => "static executable".to_owned(),
                (Kind::PositionIndependent, None) if elf.has_entry => {
                    "static position-independent executable".to_owned()
                }
                (Kind::PositionIndependent, None) => "shared library".to_owned(),
                (Kind::Other, None) => "not a linked program".to_owned(),
            };
            let symbols = match elf.strippable_bytes {
                0 => "stripped".to_owned(),
                bytes => format!("{} of symbols that `strip = true` would drop", Bytes(bytes)),
            };
            line("", &format!("{kind}, {symbols}"));
        }
        if let Some(stub) = &program.stub {
            let which =
                if stub.is_ours { "the exec stub" } else { "an exec stub that this version does not know" };
            line("", &format!("with {which}, {}", Bytes(stub.size)));
        }
        if let Some(addon) = &program.addon {
            line("", &format!("with the addon that loads it into Node, {}", Bytes(addon.size)));
        }
    }
    for (index, text) in report.class.iter().flat_map(class::Report::lines).enumerate() {
        line(if index == 0 { "class" } else { "" }, &text);
    }
    for (index, limit) in report.limits.iter().enumerate() {
        let percent = limit.used as f64 * 100.0 / limit.limit as f64;
        let label = if index == 0 { "limits" } else { "" };
        line(
            label,
            &format!(
                "{:>9} of {:>9} ({percent:4.1} %)  {}",
                Bytes(limit.used).to_string(),
                Bytes(limit.limit).to_string(),
                limit.about
            ),
        );
    }
    for (index, problem) in report.problems.iter().enumerate() {
        line(if index == 0 { "problems" } else { "" }, problem);
    }
    // A program alone was not built by us: there is nothing it could differ from.
    if report.problems.is_empty() && report.name.is_some() | report.payload.is_some() {
        line("state", "whole: every hash and size is as built");
    }
    text
}
