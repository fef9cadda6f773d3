//! The file system, with every failure naming its path. Writes appear whole or not at all.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::{Class, Error, Result};

/// Whether a file is meant to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// 0644
    Plain,
    /// 0755
    Executable,
}

impl Mode {
    #[cfg(unix)]
    fn bits(self) -> u32 {
        match self {
            Self::Plain => 0o644,
            Self::Executable => 0o755,
        }
    }
}

/// Reads a whole file.
///
/// # Errors
/// When it cannot be read.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(Error::file("read", path))
}

/// Reads a whole file that is one: a device has no end.
///
/// # Errors
/// `not-a-file` for a folder, a device or a pipe; when it cannot be read.
pub fn read_regular(path: &Path) -> Result<Vec<u8>> {
    let kind = fs::metadata(path).map_err(Error::file("read", path))?.file_type();
    if !kind.is_file() {
        let what = if kind.is_dir() { "a folder" } else { "a device or a pipe" };
        return Err(Error::known(
            "not-a-file",
            Class::Request,
            format!("`{}` is {what}, not a file", path.display()),
        )
        .with_hint("give the path of a file"));
    }
    read(path)
}

/// Reads a whole file as UTF-8.
///
/// # Errors
/// When it cannot be read or is not text.
pub fn read_text(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(Error::file("read", path))
}

/// Writes a file in one step: a temporary name in the same folder, then a rename, so that a reader or an
/// interrupted build never sees half of it. Missing folders are made.
///
/// # Errors
/// When any step fails; the temporary file is gone then.
pub fn write(path: &Path, bytes: &[u8], mode: Mode) -> Result<()> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(Error::file("create the folder", folder))?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".trap-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(mode.bits()));
    }
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = builder.tempfile_in(folder).map_err(Error::file("create a file in", folder))?;
    file.write_all(bytes).map_err(Error::file("write", path))?;
    file.persist(path).map_err(|error| error.error).map_err(Error::file("write", path))?;
    Ok(())
}

/// True when a file is there as [`write()`] would leave it.
pub fn holds(path: &Path, bytes: &[u8], mode: Mode) -> bool {
    let Ok(facts) = fs::symlink_metadata(path) else { return false };
    if !facts.is_file() || facts.len() != bytes.len() as u64 {
        return false;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // What others may do is the user's umask to say.
        if (facts.permissions().mode() ^ mode.bits()) & 0o700 != 0 {
            return false;
        }
    }
    #[cfg(not(unix))]
    let _ = mode;
    fs::read(path).is_ok_and(|found| found == bytes)
}

/// Makes sure that [`write()`] will be able to, as far as that can be known.
///
/// # Errors
/// What would stand in the way.
pub fn check_writable(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Err(Error::file("write", path)(std::io::ErrorKind::IsADirectory.into()));
    }
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(Error::file("create the folder", folder))?;
    tempfile::tempfile_in(folder).map_err(Error::file("create a file in", folder))?;
    Ok(())
}

/// Removes a file; one that is not there is fine.
///
/// # Errors
/// When it is there and stays.
pub fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::file("remove", path)(error)),
        _ => Ok(()),
    }
}

/// True when a folder is missing or has nothing in it.
///
/// # Errors
/// When it is there and cannot be listed, for instance because it is a file.
pub fn is_empty_or_missing(path: &Path) -> Result<bool> {
    match fs::read_dir(path) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(Error::file("look into", path)(error)),
    }
}
