//! What a build leaves behind: a folder, and in it `trap/<name>.json`, which says what we wrote.
//!
//! The record is what `inspect` reads, and what keeps a later build from replacing files that are not ours.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::arch::Arch;
use crate::files;
use crate::payload::Encoding;
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
    /// The sha-256 of every file we wrote, this one left out.
    pub files: BTreeMap<String, String>,
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

    /// The text of the file.
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// What is in the way of writing `files` into a folder that is not ours alone.
///
/// A file may be replaced when an earlier build wrote it and nobody has changed it since, or when it already
/// says what we would write.
///
/// # Errors
/// `not-ours` with the first file that somebody else wrote or changed; when a file cannot be read.
pub fn check_ours(dir: &Path, files: &[(&str, &[u8])]) -> Result<()> {
    let records = Record::all_in(dir)?;
    for (path, bytes) in files {
        let target = dir.join(path);
        let existing = match fs::read(&target) {
            Ok(existing) => existing,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(Error::file("read", target)(error)),
        };
        let hash = crate::payload::sha256(&existing);
        let written = records.iter().any(|record| record.files.get(*path) == Some(&hash));
        let is_record = path.starts_with("trap/")
            && records.iter().any(|record| crate::plan::record_path(&record.name) == *path);
        if existing != *bytes && !written && !is_record {
            let known = records.iter().any(|record| record.files.contains_key(*path));
            let why = if known {
                "was changed by hand after a build wrote it"
            } else {
                "is not from a build of ours"
            };
            return Err(Error::known(
                "not-ours",
                Class::Request,
                format!("`{}` {why}; nothing was written", target.display()),
            )
            .with_hint("move it away, or choose another folder with `--out-dir`"));
        }
    }
    Ok(())
}

/// Removes what the previous build of the same program wrote and this one does not, if it is unchanged.
///
/// # Errors
/// When a file cannot be removed.
pub fn remove_stale(dir: &Path, record: &Record) -> Result<()> {
    let records = Record::all_in(dir)?;
    let Some(before) = records.iter().find(|earlier| earlier.name == record.name) else { return Ok(()) };
    for (path, hash) in &before.files {
        let used_by_others =
            records.iter().any(|other| other.name != record.name && other.files.contains_key(path));
        let inside = Path::new(path).components().all(|part| matches!(part, std::path::Component::Normal(_)));
        if record.files.contains_key(path) || used_by_others || !inside {
            continue;
        }
        let target = dir.join(path);
        if fs::read(&target).is_ok_and(|bytes| crate::payload::sha256(&bytes) == *hash) {
            files::remove(&target)?;
        }
    }
    Ok(())
}
