//! The folder for downloads, outside the tree: every entry is complete or absent.
//!
//! An entry is made in a temporary sibling and renamed. It carries the key of what it was made from,
//! so that a changed pin is noticed even where the path does not name the version.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// Name of the file that holds an entry's key.
const KEY_FILE: &str = ".key";

/// `$CARGO_TRAP_CACHE`, else `$XDG_CACHE_HOME/cargo-trap`, else `~/.cache/cargo-trap`.
pub fn root() -> Result<PathBuf> {
    root_from(|name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from))
}

fn root_from(var: impl Fn(&str) -> Option<PathBuf>) -> Result<PathBuf> {
    let root = var("CARGO_TRAP_CACHE")
        .or_else(|| Some(var("XDG_CACHE_HOME")?.join("cargo-trap")))
        .or_else(|| Some(var("HOME")?.join(".cache/cargo-trap")))
        .context("no cache folder: set CARGO_TRAP_CACHE, XDG_CACHE_HOME or HOME")?;
    std::path::absolute(root).context("could not find the current folder")
}

/// A key that changes when any of these files changes, or the order of them.
pub fn key(files: &[PathBuf]) -> Result<String> {
    let mut hash = Sha256::new();
    for file in files {
        let bytes = fs::read(file).with_context(|| format!("could not read `{}`", file.display()))?;
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Whether the folder is an entry made from this key.
pub fn has(folder: &Path, key: &str) -> bool {
    fs::read_to_string(folder.join(KEY_FILE)).is_ok_and(|found| found == key)
}

/// Notes in a finished folder what it was made from.
pub fn stamp(folder: &Path, key: &str) -> Result<()> {
    let file = folder.join(KEY_FILE);
    fs::write(&file, key).with_context(|| format!("could not write `{}`", file.display()))
}

/// Makes an entry: `make` fills an empty folder, which then takes the entry's place.
pub fn make(folder: &Path, key: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let temporary = beside(folder, "new");
    remove(&temporary)?;
    fs::create_dir_all(&temporary).with_context(|| format!("could not create `{}`", temporary.display()))?;
    let made = make(&temporary).and_then(|()| stamp(&temporary, key));
    if let Err(error) = made {
        remove(&temporary)?;
        return Err(error);
    }
    // A folder cannot be renamed over a full one: the old entry steps aside first.
    let old = beside(folder, "old");
    match fs::rename(folder, &old) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("could not move `{}`", folder.display()));
        }
        _ => {}
    }
    fs::rename(&temporary, folder)
        .with_context(|| format!("could not rename `{}` to `{}`", temporary.display(), folder.display()))?;
    remove(&old)
}

fn beside(folder: &Path, suffix: &str) -> PathBuf {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    folder.with_file_name(format!(".{name}.{}.{suffix}", std::process::id()))
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("could not remove `{}`", folder.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    #[test]
    fn the_most_specific_variable_names_the_cache() {
        let root = |names: &[&str]| {
            root_from(|name| names.contains(&name).then(|| PathBuf::from("/").join(name))).ok()
        };
        assert_eq!(root(&["CARGO_TRAP_CACHE", "XDG_CACHE_HOME"]), Some("/CARGO_TRAP_CACHE".into()));
        assert_eq!(root(&["XDG_CACHE_HOME", "HOME"]), Some("/XDG_CACHE_HOME/cargo-trap".into()));
        assert_eq!(root(&["HOME"]), Some("/HOME/.cache/cargo-trap".into()));
        assert_eq!(root(&[]), None);
    }

    #[test]
    fn an_entry_is_complete_or_absent() {
        let dir = tempfile::tempdir().unwrap();
        let entry = dir.path().join("entry");
        let failed = make(&entry, "1", |folder| {
            fs::write(folder.join("half"), "")?;
            bail!("no network")
        });
        assert!(failed.is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);

        make(&entry, "1", |folder| Ok(fs::write(folder.join("whole"), "")?)).unwrap();
        assert!(has(&entry, "1") && entry.join("whole").exists());
    }

    #[test]
    fn a_changed_key_replaces_the_entry_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let entry = dir.path().join("entry");
        make(&entry, "1", |folder| Ok(fs::write(folder.join("old"), "")?)).unwrap();
        assert!(!has(&entry, "2"));
        make(&entry, "2", |folder| Ok(fs::write(folder.join("new"), "")?)).unwrap();
        assert!(has(&entry, "2") && entry.join("new").exists() && !entry.join("old").exists());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_key_depends_on_every_byte_and_on_where_a_file_ends() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        let key_of = |first: &str, second: &str| {
            fs::write(&a, first).unwrap();
            fs::write(&b, second).unwrap();
            key(&[a.clone(), b.clone()]).unwrap()
        };
        assert_eq!(key_of("xy", "z"), key_of("xy", "z"));
        assert_ne!(key_of("xy", "z"), key_of("x", "yz"));
        assert_ne!(key_of("xy", "z"), key_of("xy", "Z"));
    }
}
