//! What a build leaves behind: a folder, and in it `trap/<name>.json`, which says what we wrote.
//!
//! The record is what `inspect` reads, and what keeps a later build from replacing files that are not ours.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::arch::Arch;
use crate::files::{self, Mode};
use crate::payload::{Encoding, Found};
use crate::settings::{Lang, Takeover};
use crate::{Class, Error, Result};

/// `trap/<name>.json`. Paths are relative to the artifact's folder, with `/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Record {
    /// Version of the tool that wrote it.
    pub trap: String,
    /// The program's name.
    pub name: String,
    /// The platform it is for.
    pub platform: String,
    /// The language of the files.
    pub lang: Lang,
    /// How the program gets control.
    pub takeover: Takeover,
    /// How it travels.
    pub payload: Encoding,
    /// The module with the hand-over.
    pub main: String,
    /// `<module>.<export>`, as AWS writes it.
    pub handler: String,
    /// One per architecture.
    pub programs: Vec<ProgramRecord>,
    /// Where the program lies that every build replaces, for an artifact of the edit loop, which carries none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_build: Option<PathBuf>,
    /// The sha-256 of every file we wrote, this one left out.
    pub files: BTreeMap<String, String>,
    /// While a build writes, and after one that was interrupted: what it replaces.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub replaces: BTreeMap<String, String>,
}

/// One program in a [`Record`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ProgramRecord {
    /// What it runs on.
    pub arch: Arch,
    /// Lowercase hex, 64 digits.
    pub sha256: String,
    /// In bytes.
    pub size: u64,
}

/// A finished artifact.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// Its folder.
    pub dir: PathBuf,
    /// Its description.
    pub record: Record,
    /// The zip, where one was asked for.
    pub zip: Option<PathBuf>,
}

impl Record {
    /// All records in a folder, by name; those that cannot be read are left out.
    ///
    /// # Errors
    /// When the folder is there and cannot be listed.
    pub fn all_in(dir: &Path) -> Result<Vec<Self>> {
        let folder = dir.join("trap");
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::file("look into", folder)(error)),
        };
        let mut records: Vec<Self> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
            .filter_map(|path| serde_json::from_slice(&fs::read(path).ok()?).ok())
            .collect();
        records.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(records)
    }

    /// By which file names a library for a machine is loaded: the artifact's own, and that of an installed copy.
    pub fn library_names(&self, arch: Arch) -> Vec<String> {
        let programs = self.programs.iter().filter(|program| program.arch == arch);
        let installed = programs.map(|program| format!("trap-{}", &program.sha256[..16]));
        installed.chain([crate::payload::library_name(&self.name, arch)]).collect()
    }

    /// The records in a folder that is said to hold an artifact: at least one.
    ///
    /// # Errors
    /// `no-artifact` when there is none; `damaged` when none can be read.
    pub fn found_in(dir: &Path) -> Result<Vec<Self>> {
        let records = Self::all_in(dir)?;
        if !records.is_empty() {
            return Ok(records);
        }
        let trap = fs::read_dir(dir.join("trap")).into_iter().flatten().flatten();
        if let Some(broken) =
            trap.map(|entry| entry.path()).find(|path| path.extension().is_some_and(|e| e == "json"))
        {
            let broken = crate::plan::shown(&broken);
            return Err(damaged(format!("`{broken}` is not the description of an artifact")));
        }
        Err(Error::known(
            "no-artifact",
            Class::Request,
            format!("`{}` holds no artifact: there is no `trap/<name>.json` in it", dir.display()),
        )
        .with_hint("give the folder that `cargo trap build` wrote; it is printed at the end of a build"))
    }

    /// The programs that the modules of the artifact carry or name.
    pub fn carried(&self, dir: &Path) -> Vec<Found> {
        let is_module = |path: &&String| **path == self.main || path.contains(".payload.");
        let modules = self.files.keys().filter(is_module);
        let text: String = modules.filter_map(|path| fs::read_to_string(dir.join(path)).ok()).collect();
        crate::payload::read_back(&text)
    }

    /// Which files are not as the build left them, each with a sentence; and how many bytes all have together.
    /// `records` are all of the folder: what several programs share was written by the last of them.
    pub fn changes(&self, dir: &Path, records: &[Self]) -> (Vec<(&str, String)>, u64) {
        let mut changes = Vec::new();
        let mut total = 0;
        for (path, hash) in &self.files {
            let Ok(bytes) = fs::read(dir.join(path)) else {
                changes.push((path.as_str(), format!("`{path}` is missing")));
                continue;
            };
            total += bytes.len() as u64;
            let found = crate::payload::sha256(&bytes);
            if found != *hash && !records.iter().any(|other| other.files.get(path) == Some(&found)) {
                changes.push((path.as_str(), format!("`{path}` was changed after the build")));
            }
        }
        (changes, total)
    }

    /// True when a build of this artifact wrote a file there.
    pub fn lists(&self, path: &str) -> bool {
        self.files.contains_key(path) || self.replaces.contains_key(path)
    }

    /// True for a module of the trampoline, which every artifact in a folder uses.
    fn is_trampoline(&self, path: &str) -> bool {
        trap_host::MODULES.iter().chain(trap_host::OPTIONAL).any(|module| {
            self.in_trap(path)
                .and_then(|path| path.strip_prefix(module.name))
                .is_some_and(|rest| [".ts", ".js", ".mjs"].contains(&rest))
        })
    }

    /// The folder that the trampoline and the programs lie in, from the artifact's on and with `/`. Descriptions
    /// lie in `trap` itself, wherever a platform wants its code.
    pub fn trap_folder(&self) -> String {
        let code = crate::platform::find(&self.platform).ok().and_then(|platform| platform.manifest.code);
        code.map_or_else(
            || "trap".to_owned(),
            |code| crate::platform::expand_with(&code, &self.name, "") + "/trap",
        )
    }

    /// The path inside that folder.
    fn in_trap<'p>(&self, path: &'p str) -> Option<&'p str> {
        path.strip_prefix(&self.trap_folder())?.strip_prefix('/')
    }

    /// True for what a build of this program for this platform may write, whatever the flags.
    fn could_write(&self, path: &str) -> bool {
        let payload = |path: &str| {
            let kinds = ["bin", "stub", "so", "node"];
            path.strip_prefix(&self.name).is_some_and(|rest| {
                let of_arch = |arch: Arch| kinds.iter().any(|kind| rest == format!(".{arch}.{kind}"));
                [".payload.ts", ".payload.js"].contains(&rest) || Arch::ALL.into_iter().any(of_arch)
            })
        };
        let Some(platform) = crate::platform::find(&self.platform).ok() else { return false };
        let emitted = platform.files().into_iter().any(|(file, _)| {
            ["ts", "js"].iter().any(|ext| {
                crate::platform::expand_with(file.trim_end_matches(".tmpl"), &self.name, ext) == path
            })
        });
        self.is_trampoline(path)
            || self.in_trap(path).is_some_and(payload)
            || path == format!("{}.zip", self.name)
            || emitted
    }

    /// The text of the file.
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// A file of an artifact, complete.
#[derive(Clone, Debug)]
pub struct File {
    /// Path inside the artifact, with `/`.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
    /// Whether it is run.
    pub mode: Mode,
    /// True for scaffolding: once a person has changed it, it is theirs.
    pub keep: bool,
}

/// A folder that an artifact is about to be written into, and what earlier builds left there.
#[derive(Debug)]
pub struct Site {
    dir: PathBuf,
    records: Vec<Record>,
    /// Names the program whose artifact is written.
    name: String,
}

impl Site {
    /// Looks at a folder; it may be missing.
    ///
    /// # Errors
    /// `not-ours` when its `trap/` is a link out of it; when it cannot be listed.
    pub fn look(dir: &Path, name: &str) -> Result<Self> {
        let folder = dir.join("trap");
        if folder.is_symlink() {
            return Err(not_ours(&folder, "is a link; a build writes and removes files in it"));
        }
        Ok(Self { dir: dir.to_path_buf(), records: Record::all_in(dir)?, name: name.to_owned() })
    }

    /// True when scaffolding stays as it is: somebody else wrote it, or changed it after a build had.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn keeps(&self, file: &File) -> Result<bool> {
        let existing = self.read(&file.path)?;
        Ok(file.keep
            && existing.is_some_and(|existing| existing != file.bytes && !self.wrote(&file.path, &existing)))
    }

    /// Refuses to replace what is not ours: a file may be replaced when a build of this program wrote it and
    /// nobody has changed it since, or when it already says what we would write.
    ///
    /// # Errors
    /// `not-ours` with the first file in the way; when a file cannot be read.
    pub fn check(&self, files: &[File], record: &Record) -> Result<()> {
        for file in files.iter().filter(|file| !file.keep) {
            let Some(existing) = self.read(&file.path)? else { continue };
            if existing == file.bytes {
                continue;
            }
            let target = self.dir.join(&file.path);
            // The trampoline is shared by all programs of a folder; everything else has one owner.
            let shared = record.is_trampoline(&file.path);
            let owner = self.records.iter().find(|other| other.lists(&file.path) && other.name != self.name);
            if let Some(owner) = owner.filter(|_| !shared) {
                return Err(not_ours(
                    &target,
                    &format!("belongs to the artifact of `{}` in the same folder", owner.name),
                ));
            }
            if !self.wrote(&file.path, &existing) {
                let known = self.records.iter().any(|record| record.lists(&file.path));
                return Err(not_ours(
                    &target,
                    if known {
                        "was changed by hand after a build wrote it"
                    } else {
                        "is not from a build of ours"
                    },
                ));
            }
        }
        if let Some(before) = self.before() {
            if before.platform != record.platform {
                return Err(not_ours(
                    &self.dir,
                    &format!(
                        "holds the artifact of `{}` for `{}`, and one folder takes one platform",
                        self.name, before.platform
                    ),
                ));
            }
            // What this build would leave behind must not need what it takes away.
            for (path, hash) in before.files.iter().filter(|(path, _)| !record.files.contains_key(*path)) {
                let changed = self.read(path)?.is_some_and(|bytes| crate::payload::sha256(&bytes) != *hash);
                if changed && record.could_write(path) && !files.iter().any(|file| file.path == *path) {
                    return Err(not_ours(&self.dir.join(path), "was changed by hand after a build wrote it"));
                }
            }
        }
        let path = self.dir.join(crate::plan::record_path(&self.name));
        if path.exists() && self.before().is_none() {
            return Err(not_ours(&path, "is not the description of an artifact"));
        }
        Ok(())
    }

    /// Writes files and record; what is there already as it is to be is left alone, because others may watch it. An
    /// interrupted build leaves a record that knows both the old and the new state, so that the next one recognises what
    /// it finds.
    ///
    /// # Errors
    /// When a file cannot be written or removed.
    pub fn write(&self, files: &[File], record: &Record) -> Result<()> {
        let path = self.dir.join(crate::plan::record_path(&self.name));
        let mut changed = Vec::new();
        for file in files {
            if !self.keeps(file)? && !files::holds(&self.dir.join(&file.path), &file.bytes, file.mode) {
                changed.push(file);
            }
        }
        if changed.is_empty() && files::holds(&path, record.to_text().as_bytes(), Mode::Plain) {
            return Ok(());
        }
        let mut unfinished = record.clone();
        if let Some(before) = self.before() {
            unfinished.replaces = before.replaces.clone();
            unfinished.replaces.extend(before.files.clone());
        }
        let save = |record: &Record| files::write(&path, record.to_text().as_bytes(), Mode::Plain);
        if !files.is_empty() {
            save(&unfinished)?;
        }
        for file in changed {
            files::write(&self.dir.join(&file.path), &file.bytes, file.mode)?;
        }
        for (path, hash) in &unfinished.replaces {
            let others = self.records.iter().any(|other| other.name != self.name && other.lists(path));
            // A record is a file like any other and may have been tampered with: it can only name what a
            // build of this program could have written.
            if record.files.contains_key(path) || others || !record.could_write(path) {
                continue;
            }
            if self.read(path)?.is_some_and(|bytes| crate::payload::sha256(&bytes) == *hash) {
                files::remove(&self.dir.join(path))?;
            }
        }
        save(record)
    }

    fn before(&self) -> Option<&Record> {
        self.records.iter().find(|record| record.name == self.name)
    }

    /// True when a build wrote exactly this.
    fn wrote(&self, path: &str, bytes: &[u8]) -> bool {
        let hash = crate::payload::sha256(bytes);
        self.records
            .iter()
            .any(|record| record.files.get(path) == Some(&hash) || record.replaces.get(path) == Some(&hash))
    }

    /// What lies there, if anything does.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>> {
        let target = self.dir.join(path);
        match fs::read(&target) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::file("read", target)(error)),
        }
    }
}

/// An artifact that is not what was built.
pub fn damaged(message: String) -> Error {
    Error::known("damaged", Class::Request, message).with_hint("build it again with `cargo trap build`")
}

/// A file that a build may not touch.
pub fn not_ours(path: &Path, why: &str) -> Error {
    Error::known("not-ours", Class::Request, format!("`{}` {why}; nothing was written", path.display()))
        .with_hint("move it away, or choose another folder with `--out-dir`")
}
