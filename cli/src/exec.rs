//! Carries a plan out. Everything is compiled, checked and rendered before the first file is written.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::path::Path;

use crate::arch::Arch;
use crate::artifact::{Artifact, File, ProgramRecord, Record, Site};
use crate::elf::{Elf, Machine};
use crate::files::{self, Mode};
use crate::gate::{self, Rules};
use crate::payload::{self, Form, Program};
use crate::plan::{self, Content, Plan, Request, Source, Step};
use crate::platform::{self, Measured};
use crate::size::Bytes;
use crate::ui::Ui;
use crate::{Class, Error, Result, addon, class};

/// Carries the steps out and returns the artifact.
///
/// # Errors
/// Those of compiling, of the gate, and of writing. No file is ever half-written; a build that was interrupted
/// between two files leaves a record from which the next one goes on.
pub fn execute(plan: &Plan, offline: bool, ui: &Ui) -> Result<Artifact> {
    let request = &plan.request;
    let mut programs: Vec<Program> = Vec::new();
    for step in &plan.steps {
        match step {
            Step::AddTarget { .. } | Step::Addon { .. } | Step::Write { .. } | Step::Zip { .. } => {}
            // There is one machine, this one, so there is one program.
            Step::Keep { path } => {
                for program in &programs {
                    files::write(path, &program.bytes, Mode::Executable)?;
                }
            }
            Step::Compile { compile, .. } => {
                compile.ensure_target(offline, ui)?;
                let path = compile.run(ui)?;
                programs.push(admit(&path, compile.arch, request, ui)?);
            }
            Step::Check { program } => {
                let wanted = match &request.source {
                    Source::Files(_, Some(wanted)) if wanted.len() == 1 => wanted.first().copied(),
                    _ => None,
                };
                programs.push(admit(program, wanted, request, ui)?);
            }
        }
    }
    if let Source::Files(_, Some(wanted)) = &request.source {
        for &arch in wanted {
            if !programs.iter().any(|program| program.arch == arch) {
                return Err(Error::known(
                    "program-machine",
                    Class::Request,
                    format!("`--arch` asks for {arch}, and no `--program` is for it"),
                )
                .with_hint(format!("add `--program <file built for {}>`", arch.musl_target())));
            }
        }
    }
    package(plan, programs, offline, ui)
}

/// Writes the artifact that carries these programs, and returns it.
///
/// # Errors
/// `ambiguous` when two are for the same machine; those of the class that they hold, of the platform's limits, and of
/// writing.
pub fn package(plan: &Plan, mut programs: Vec<Program>, offline: bool, ui: &Ui) -> Result<Artifact> {
    let with_class = typed(plan, &programs, ui)?;
    let plan = with_class.as_ref().unwrap_or(plan);
    let request = &plan.request;
    // Only for what passed the gate.
    for program in programs.iter_mut().filter(|_| request.is_library()) {
        program.addon = Some(addon::get(program.arch, offline, ui)?);
    }
    programs.sort_by_key(|program| program.arch);
    if let Some(twice) = programs.windows(2).find(|pair| pair[0].arch == pair[1].arch) {
        let arch = twice[0].arch;
        return Err(Error::known("ambiguous", Class::Request, format!("two programs for {arch} were given"))
            .with_hint("give one `--program` for each architecture"));
    }

    let mut files = {
        let _progress = ui.progress("Packaging", &request.name);
        content(plan, &programs)?
    };
    let site = Site::look(&request.dir, &request.name)?;
    let mut zipped = None;
    for step in &plan.steps {
        if let Step::Zip { path } = step {
            let _progress = ui.progress("Zipping", plan::shown(path));
            let bytes = zip(&as_they_will_lie(&files, &site)?)?;
            check_limit(request, Measured::Zip, bytes.len() as u64, ui)?;
            match path.strip_prefix(&request.dir) {
                // Inside somebody's project it is a file like the others, and not replaced unless it is ours.
                Ok(inside) => files.push(File {
                    path: inside.to_string_lossy().into_owned(),
                    bytes,
                    mode: Mode::Plain,
                    keep: false,
                }),
                Err(_) => zipped = Some((path, bytes)),
            }
        }
    }
    let record = record(request, &programs, &files, &site)?;
    let total = files.iter().map(|file| file.bytes.len() as u64).sum();
    check_limit(request, Measured::Artifact, total, ui)?;
    if request.shared_dir {
        site.check(&files, &record)?;
    }
    let arches: Vec<_> = programs.iter().map(|program| program.arch).collect();
    let disagreeing = disagreeing(request, &arches, |path| {
        let Some(file) = files.iter().find(|file| file.path == path) else { return Ok(None) };
        site.keeps(file)?.then(|| files::read_text(&request.dir.join(path))).transpose()
    })?;
    site.write(&files, &record)?;
    if let Some((path, bytes)) = zipped {
        files::write(path, &bytes, Mode::Plain)?;
    }
    warn_of(&disagreeing, &request.dir, ui);
    Ok(Artifact { dir: request.dir.clone(), record, zip: request.zip.clone() })
}

/// The plan for programs that hold a typed class, where the platform is given one; else `None`.
fn typed(plan: &Plan, programs: &[Program], ui: &Ui) -> Result<Option<Plan>> {
    if !plan.request.platform.manifest.typed {
        return Ok(None);
    }
    let named = programs.iter().map(|program| (program.arch.as_str(), program.bytes.as_slice()));
    let Some(class) = class::of(named)? else { return Ok(None) };
    for sentence in class::backend::untold(&class) {
        ui.warning(sentence);
    }
    plan.with_class(&class).map(Some)
}

/// The files as the folder will hold them: scaffolding that is somebody's own by now as it is.
fn as_they_will_lie(files: &[File], site: &Site) -> Result<Vec<File>> {
    let own = |file: &File| {
        let bytes = if site.keeps(file)? { site.read(&file.path)? } else { None };
        Ok(File { bytes: bytes.unwrap_or_else(|| file.bytes.clone()), ..file.clone() })
    };
    files.iter().map(own).collect()
}

/// Lines that scaffolding should have and, being somebody's own by now, does not; `own` gives its text.
///
/// # Errors
/// `template` when one is broken; those of `own`.
pub fn disagreeing(
    request: &Request,
    arches: &[Arch],
    own: impl Fn(&str) -> Result<Option<String>>,
) -> Result<Vec<(String, String)>> {
    // With several architectures any choice of the platform's fits.
    if arches.len() > 1 {
        return Ok(Vec::new());
    }
    let values = plan::values(request, arches);
    let mut found = Vec::new();
    for agree in &request.platform.manifest.agree {
        let Some(text) = own(&agree.file)? else { continue };
        let line = platform::render_text(&agree.file, &agree.line, &values)?;
        if !text.lines().any(|own| own.trim() == line.trim()) {
            found.push((agree.file.clone(), line));
        }
    }
    Ok(found)
}

/// Says what [`disagreeing`] found.
pub fn warn_of(disagreeing: &[(String, String)], dir: &Path, ui: &Ui) {
    for (file, line) in disagreeing {
        ui.warning(format_args!(
            "`{}` was left as it is and does not say `{line}`, which this build needs",
            plan::shown(&dir.join(file))
        ));
    }
}

/// Reads a program and lets it through the gate.
///
/// # Errors
/// What stands in its way.
pub(crate) fn admit(path: &Path, wanted: Option<Arch>, request: &Request, ui: &Ui) -> Result<Program> {
    let name = plan::shown(path);
    let bytes = files::read_regular(path)?;
    // A program for a machine that is not Linux never leaves it: `invoke` alone asks for one.
    if let (Source::Cargo(compiles), Some(arch)) = (&request.source, Arch::of_this_machine())
        && compiles.iter().all(|compile| compile.target.is_none())
    {
        return Ok(Program::new(arch, bytes));
    }
    let elf = Elf::read(&name, &bytes)?;
    let warnings = match request.platform.manifest.glibc.filter(|_| request.is_library()) {
        Some(host) => gate::library::check(&name, &elf, &bytes, wanted, host)?,
        None => gate::check(&name, &elf, wanted, Rules::EXECUTABLE)?,
    };
    // What a debugger wants is welcome where the program stays on this machine.
    for warning in warnings.iter().filter(|_| request.last_build.is_none()) {
        ui.warning(warning);
    }
    let Machine::Known(arch) = elf.machine else {
        return Err(Error::known(
            "program-machine",
            Class::Request,
            format!("`{name}` is for an unknown machine"),
        ));
    };
    ui.detail("Program", format_args!("{name} for {arch}, {}", Bytes(elf.size)));
    check_limit(request, Measured::Program, elf.size, ui)?;
    Ok(Program::new(arch, bytes))
}

/// Renders every file.
fn content(plan: &Plan, programs: &[Program]) -> Result<Vec<File>> {
    let request = &plan.request;
    let language = request.lang.into();
    let payload = |standalone| {
        let (encoding, system) = (request.encoding, request.system);
        let at = request.last_build.as_ref().map(|path| path.to_string_lossy());
        let at = at.as_deref();
        let form = Form { encoding, stub: request.carries_stub(), system, language, at, standalone };
        payload::module(&request.name, programs, form)
    };
    plan.steps
        .iter()
        .filter_map(|step| match step {
            Step::Write { path, content, keep, .. } if *content != Content::Record => {
                Some((path, content, *keep))
            }
            _ => None,
        })
        .map(|(path, content, keep)| {
            let bytes = match content {
                Content::Text(text) => text.clone().into_bytes(),
                Content::Payload => payload(true).into_bytes(),
                Content::Single { head, tail } => {
                    let trampoline = trap_host::single_file(
                        language,
                        request.bridge(),
                        &request.platform.manifest.adapters,
                    );
                    [head.as_str(), &trampoline, "\n", &payload(false), tail].concat().into_bytes()
                }
                Content::Program(arch) => programs
                    .iter()
                    .find(|program| program.arch == *arch)
                    .map(|program| program.bytes.clone())
                    .ok_or_else(|| {
                        Error::known("no-program", Class::Request, format!("there is no program for {arch}"))
                    })?,
                Content::Addon(arch) => {
                    let program = programs.iter().find(|program| program.arch == *arch);
                    program.and_then(|program| program.addon.clone()).unwrap_or_default()
                }
                Content::Stub(arch) => trap_native::stub((*arch).into()).to_vec(),
                Content::Record => Vec::new(),
            };
            Ok(File { path: path.clone(), bytes, mode: plan::mode(content), keep })
        })
        .collect()
}

fn record(request: &Request, programs: &[Program], files: &[File], site: &Site) -> Result<Record> {
    let arches: Vec<_> = programs.iter().map(|program| program.arch).collect();
    Ok(Record {
        trap: env!("CARGO_PKG_VERSION").to_owned(),
        name: request.name.clone(),
        platform: request.platform.manifest.id.clone(),
        lang: request.lang,
        takeover: request.takeover,
        payload: request.encoding,
        main: platform::expand(&request.platform.manifest.main, &plan::values(request, &arches)),
        handler: request.platform.handler().to_owned(),
        last_build: request.last_build.clone(),
        programs: programs
            .iter()
            // What another build replaces without writing this is not described here.
            .filter(|_| request.last_build.is_none())
            .map(|program| ProgramRecord {
                arch: program.arch,
                sha256: program.sha256.clone(),
                size: program.size,
            })
            .collect(),
        files: {
            let mut hashes = BTreeMap::new();
            for file in files {
                if !site.keeps(file)? {
                    hashes.insert(file.path.clone(), payload::sha256(&file.bytes));
                }
            }
            hashes
        },
        replaces: BTreeMap::new(),
    })
}

/// Refuses what the platform would refuse, before it is deployed.
///
/// # Errors
/// `too-large` beyond a limit that is hard.
pub fn check_limit(request: &Request, of: Measured, bytes: u64, ui: &Ui) -> Result<()> {
    let Some(limit) = request.platform.limit(of).filter(|limit| bytes > limit.bytes) else { return Ok(()) };
    let what = match of {
        Measured::Program => "the program",
        Measured::Artifact => "the artifact",
        Measured::Zip => "the zip",
        Measured::Request => "a request",
    };
    let message = format!(
        "{what} has {} and `{}` takes {}: {}",
        Bytes(bytes),
        request.platform.manifest.id,
        Bytes(limit.bytes),
        limit.about
    );
    if limit.soft {
        ui.warning(message);
        return Ok(());
    }
    Err(Error::known("too-large", Class::Request, message).with_hint(format!(
        "`strip = true`, `lto = true` and `opt-level = \"z\"` make programs smaller; see {}",
        limit.source
    )))
}

/// All files as a zip: same input, same bytes, so times are fixed and the order is by name.
///
/// # Errors
/// `zip` when it cannot be made.
pub fn zip(files: &[File]) -> Result<Vec<u8>> {
    let failed = |error: zip::result::ZipError| {
        Error::known("zip", Class::Files, "the zip could not be written").with_source(error)
    };
    let mut sorted: Vec<_> = files.iter().collect();
    sorted.sort_by(|a, b| a.path.cmp(&b.path));
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for file in sorted {
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Deflated)
            .last_modified_time(zip::DateTime::default())
            .unix_permissions(if file.mode == Mode::Executable { 0o755 } else { 0o644 });
        writer.start_file(&file.path, options).map_err(failed)?;
        writer.write_all(&file.bytes).map_err(|error| failed(error.into()))?;
    }
    writer.finish().map(Cursor::into_inner).map_err(failed)
}
