//! An artifact that was built before: found, held to be whole, and given the zip that the tool wants.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::arch::{Arch, ArchChoice};
use crate::artifact::{self, Artifact, File, Record};
use crate::files::{self, Mode};
use crate::plan::{self, Request, Source, shown};
use crate::platform::{self, Measured, Platform};
use crate::settings::Flags;
use crate::ui::Ui;
use crate::{Class, Error, Result, exec, payload};

/// An artifact that was built before.
#[derive(Clone, Debug)]
pub struct Existing {
    /// As if it was to be built.
    pub request: Request,
    /// The architectures it carries.
    pub arches: Vec<Arch>,
    record: Record,
}

impl Existing {
    /// Finds the artifact that a path means: its folder, or its `trap/<name>.json`.
    ///
    /// # Errors
    /// `no-artifact`, or `ambiguous` when a folder holds several; `damaged` when it is not what was built;
    /// `local-artifact` when it was built to run on this machine; `artifact-differs` when flags ask for another.
    pub fn open(path: &Path, flags: &Flags) -> Result<Self> {
        let (dir, named) = if path.is_file() {
            let trap = path.parent().and_then(Path::parent).unwrap_or(Path::new("."));
            let dir = if trap.as_os_str().is_empty() { Path::new(".") } else { trap };
            (dir, path.file_stem().map(|name| name.to_string_lossy().into_owned()))
        } else {
            (path, None)
        };
        let records = Record::found_in(dir)?;
        let chosen: Vec<_> =
            records.iter().filter(|record| named.as_ref().is_none_or(|name| *name == record.name)).collect();
        let record = match chosen.as_slice() {
            [one] => (*one).clone(),
            [] => {
                let message = format!("`{}` is not the description of an artifact", path.display());
                return Err(Error::known("no-artifact", Class::Request, message)
                    .with_hint(format!("give the folder `{}`", dir.display())));
            }
            several => {
                let message =
                    format!("`{}` holds {} artifacts, and none was named", dir.display(), several.len());
                let names = several.iter().map(|record| shown(&dir.join(plan::record_path(&record.name))));
                let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
                return Err(Error::known("ambiguous", Class::Request, message)
                    .with_hint(format!("give one of {}", names.join(", "))));
            }
        };
        let platform = platform::find(&record.platform)?;
        check_flags(flags, &record, &platform)?;
        check_whole(dir, &record, &records, &platform)?;
        if record.last_build.is_some() {
            let message =
                format!("`{}` is for the edit loop on this machine: it carries no program", dir.display());
            return Err(Error::known("local-artifact", Class::Request, message)
                .with_hint("build it without `--dev`, or give no artifact to have it built"));
        }
        if let Some(file) = host_file(&record, &platform) {
            let message = format!("`{}` was built to run on this machine: it has `{file}`", dir.display());
            return Err(Error::known("local-artifact", Class::Request, message)
                .with_hint("give the folder of `cargo trap build`, or none to have it built"));
        }
        let arches: Vec<_> = record.programs.iter().map(|program| program.arch).collect();
        let own_zip = record.lists(&format!("{}.zip", record.name));
        let request = Request {
            source: Source::Files(Vec::new(), Some(arches.clone())),
            encoding: record.payload,
            takeover: record.takeover,
            lang: record.lang,
            dir: dir.to_path_buf(),
            shared_dir: own_zip,
            ..Request::sample(platform, &record.name)?
        };
        Ok(Self { request, arches, record })
    }

    /// Makes the zip where the tool wants one, and says what would not fit.
    ///
    /// # Errors
    /// `not-ours` when something else lies where the zip goes; `too-large`; when a file cannot be read or written.
    pub fn prepare(&self, ui: &Ui) -> Result<Artifact> {
        let request = &self.request;
        let dir = &request.dir;
        let own = |path: &str| dir.join(path).exists().then(|| files::read_text(&dir.join(path))).transpose();
        exec::warn_of(&exec::disagreeing(request, &self.arches, own)?, dir, ui);
        let zip = if request.platform.manifest.deploy.zip { Some(self.zip(ui)?) } else { None };
        Ok(Artifact { dir: dir.clone(), record: self.record.clone(), zip })
    }

    /// The zip of a build has the same bytes, so one that is there already is left alone.
    fn zip(&self, ui: &Ui) -> Result<PathBuf> {
        let path = self.request.zip_path();
        let _progress = ui.progress("Zipping", shown(&path));
        let bytes = exec::zip(&self.files()?)?;
        exec::check_limit(&self.request, Measured::Zip, bytes.len() as u64, ui)?;
        match fs::read(&path) {
            Ok(there) if there == bytes => return Ok(path),
            Ok(_) if self.request.shared_dir => {
                return Err(artifact::damaged(format!("`{}` is older than the files in it", shown(&path))));
            }
            Ok(_) if !self.is_where_builds_go() => {
                return Err(artifact::not_ours(&path, "is not the zip of this artifact"));
            }
            _ => {}
        }
        files::write(&path, &bytes, Mode::Plain)?;
        ui.status("Zipped", shown(&path));
        Ok(path)
    }

    /// All that a build wrote but the zip, and scaffolding that is somebody's own by now.
    fn files(&self) -> Result<Vec<File>> {
        let dir = &self.request.dir;
        let programs: Vec<_> =
            self.arches.iter().map(|&arch| payload::file_name(&self.record.name, arch)).collect();
        let zip = format!("{}.zip", self.record.name);
        let scaffold = &self.request.platform.manifest.scaffold;
        let kept = scaffold.iter().filter(|path| !self.record.files.contains_key(*path));
        let kept = kept.filter(|path| dir.join(path).exists());
        let paths = self.record.files.keys().chain(kept).filter(|path| **path != zip);
        paths
            .map(|path| {
                let is_program = programs.iter().any(|program| path.rsplit('/').next() == Some(program));
                Ok(File {
                    path: path.clone(),
                    bytes: files::read(&dir.join(path))?,
                    mode: if is_program { Mode::Executable } else { Mode::Plain },
                    keep: false,
                })
            })
            .collect()
    }

    /// `…/<platform>/<name>`: what lies beside that under our names is ours.
    fn is_where_builds_go(&self) -> bool {
        let absolute = std::path::absolute(&self.request.dir).unwrap_or_default();
        absolute.ends_with(Path::new("trap").join(&self.record.platform).join(&self.record.name))
    }
}

/// Scaffolding may have been changed: that is what it is for.
fn check_whole(dir: &Path, record: &Record, records: &[Record], platform: &Platform) -> Result<()> {
    if !record.replaces.is_empty() {
        return Err(artifact::damaged("the last build was interrupted".to_owned()));
    }
    let (changes, _) = record.changes(dir, records);
    let ours = |path: &str| !platform.manifest.scaffold.iter().any(|own| own == path);
    match changes.into_iter().find(|(path, _)| ours(path) || !dir.join(path).exists()) {
        Some((_, what)) => Err(artifact::damaged(what)),
        None => Ok(()),
    }
}

/// A file that only stands in for the platform's loader.
fn host_file<'r>(record: &'r Record, platform: &Platform) -> Option<&'r str> {
    let name = |(path, _): (String, _)| path.trim_end_matches(".tmpl").to_owned();
    let emitted: Vec<_> = platform.files().into_iter().map(name).collect();
    let host: Vec<_> = platform.host_files().into_iter().map(name).collect();
    let only_host = |path: &&String| host.contains(*path) && !emitted.contains(*path);
    record.files.keys().find(only_host).map(String::as_str)
}

/// Flags that ask for something else than what was built: nothing is built here.
fn check_flags(flags: &Flags, record: &Record, platform: &Platform) -> Result<()> {
    let arches = |choice: ArchChoice| {
        choice.arches().iter().map(|arch| arch.as_str()).collect::<Vec<_>>().join(" and ")
    };
    let built: Vec<_> = record.programs.iter().map(|program| program.arch.as_str()).collect();
    let takeover = flags.takeover.map(|asked| platform.takeover(asked)).transpose()?;
    let asked = [
        ("--platform", flags.platform.clone(), record.platform.clone()),
        ("--arch", flags.arch.map(arches), built.join(" and ")),
        ("--payload", flags.payload.map(named), named(record.payload)),
        ("--takeover", takeover.map(named), named(record.takeover)),
        ("--lang", flags.lang.map(named), named(record.lang)),
        ("--class", flags.class.clone(), "another name".to_owned()),
    ];
    for (flag, asked, built) in asked {
        if let Some(asked) = asked.filter(|asked| *asked != built) {
            let message = format!("`{flag}` asks for `{asked}`, and the artifact was built with `{built}`");
            return Err(Error::known("artifact-differs", Class::Request, message).with_hint(
                "leave that out (a variable `CARGO_TRAP_…` counts too), or the artifact, to have it built anew",
            ));
        }
    }
    Ok(())
}

/// As flags spell it.
fn named(value: impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
