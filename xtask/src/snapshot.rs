//! Files that are made anew and come out as they were: nothing has changed, and nothing should look as if.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result};

/// What was there: everything below some paths, and when each was last changed.
#[derive(Debug, Default)]
pub struct Snapshot(BTreeMap<PathBuf, (Content, SystemTime)>);

/// What makes two states of a path the same.
#[derive(Debug, PartialEq)]
enum Content {
    File(Vec<u8>),
    /// The names in it.
    Folder(Vec<PathBuf>),
}

impl Snapshot {
    /// Takes what lies at these paths and below, and the folders that they lie in; what is not there is left out.
    pub fn of(paths: &[PathBuf]) -> Result<Self> {
        let mut all = Self::default();
        for path in paths {
            all.take(path, true)?;
            if let Some(parent) = path.parent() {
                all.take(parent, false)?;
            }
        }
        Ok(all)
    }

    fn take(&mut self, path: &Path, below: bool) -> Result<()> {
        let Some(content) = content(path)? else { return Ok(()) };
        if let (Content::Folder(entries), true) = (&content, below) {
            entries.iter().try_for_each(|entry| self.take(entry, true))?;
        }
        let date = fs::metadata(path).and_then(|metadata| metadata.modified());
        let date = date.with_context(|| format!("could not tell when `{}` was changed", path.display()))?;
        self.0.insert(path.to_owned(), (content, date));
        Ok(())
    }

    /// The files, with what is in them.
    pub fn files(&self) -> impl Iterator<Item = (&Path, &[u8])> {
        self.0.iter().filter_map(|(path, (content, _))| match content {
            Content::File(bytes) => Some((path.as_path(), bytes.as_slice())),
            Content::Folder(_) => None,
        })
    }

    /// Dates what is as it was back to when it became so: by its date alone, cargo would compile anew what depends on it.
    pub fn keep_dates(&self) -> Result<()> {
        for (path, (before, date)) in &self.0 {
            if content(path)?.as_ref() == Some(before) {
                fs::File::open(path)
                    .and_then(|file| file.set_modified(*date))
                    .with_context(|| format!("could not date `{}`", path.display()))?;
            }
        }
        Ok(())
    }
}

/// Nothing where there is nothing.
fn content(path: &Path) -> Result<Option<Content>> {
    let read = || format!("could not read `{}`", path.display());
    Ok(if path.is_dir() {
        let entries = fs::read_dir(path).with_context(read)?;
        let mut entries = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        entries.sort();
        Some(Content::Folder(entries))
    } else if path.exists() {
        Some(Content::File(fs::read(path).with_context(read)?))
    } else {
        None
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_what_changed_has_a_new_date() {
        let dir = tempfile::tempdir().unwrap();
        let [made, inside] = ["made", "made/inside"].map(|name| dir.path().join(name));
        fs::create_dir_all(&inside).unwrap();
        let [same, other, new] = ["same", "other", "new"].map(|name| inside.join(name));
        fs::write(&same, "1").unwrap();
        fs::write(&other, "1").unwrap();
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let all = [&same, &other, &inside, &made, &dir.path().to_owned()];
        for path in all {
            fs::File::open(path).unwrap().set_modified(long_ago).unwrap();
        }
        let before = Snapshot::of(std::slice::from_ref(&made)).unwrap();
        let is_old = |path: &Path| fs::metadata(path).unwrap().modified().unwrap() == long_ago;

        fs::remove_dir_all(&made).unwrap();
        fs::create_dir_all(&inside).unwrap();
        fs::write(&same, "1").unwrap();
        fs::write(&other, "2").unwrap();
        before.keep_dates().unwrap();
        assert_eq!(all.map(|path| is_old(path)), [true, false, true, true, true]);

        fs::write(&new, "1").unwrap();
        before.keep_dates().unwrap();
        assert!(!is_old(&inside) && is_old(&made), "a folder with another name in it has changed");
        assert_eq!(before.files().map(|(path, _)| path).collect::<Vec<_>>(), [&other, &same]);
    }
}
