//! What is made once and kept for every project: in the user's cache folder.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::{Class, Error, Result};

/// The folder, which need not exist: `$CARGO_TRAP_CACHE`, or where this system keeps such things.
///
/// # Errors
/// `no-cache` when the environment names neither that nor a home.
pub fn folder() -> Result<PathBuf> {
    folder_from(|name| std::env::var_os(name), std::env::consts::OS).ok_or_else(|| {
        Error::known(
            "no-cache",
            Class::Machine,
            "there is no folder to keep things in: this user has no home",
        )
        .with_hint("set `CARGO_TRAP_CACHE` to a folder that you may write to")
    })
}

fn folder_from(variable: impl Fn(&str) -> Option<OsString>, system: &str) -> Option<PathBuf> {
    let path = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let own = |base: PathBuf| base.join("cargo-trap");
    if let Some(folder) = path("CARGO_TRAP_CACHE") {
        return std::path::absolute(folder).ok();
    }
    let base = match system {
        "windows" => path("LOCALAPPDATA"),
        "macos" => path("HOME").map(|home| home.join("Library/Caches")),
        // A relative path is to be ignored: <https://specifications.freedesktop.org/basedir-spec/latest/>
        _ => path("XDG_CACHE_HOME")
            .filter(|base| base.is_absolute())
            .or_else(|| path("HOME").map(|home| home.join(".cache"))),
    };
    base.map(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)], system: &str) -> Option<PathBuf> {
        let value = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        };
        folder_from(value, system)
    }

    #[test]
    fn every_system_has_its_place() {
        let home = ("HOME", "/home/me");
        assert_eq!(found(&[home], "linux"), Some("/home/me/.cache/cargo-trap".into()));
        assert_eq!(found(&[home, ("XDG_CACHE_HOME", "/c")], "linux"), Some("/c/cargo-trap".into()));
        assert_eq!(
            found(&[home, ("XDG_CACHE_HOME", "c")], "linux"),
            Some("/home/me/.cache/cargo-trap".into())
        );
        assert_eq!(found(&[home], "macos"), Some("/home/me/Library/Caches/cargo-trap".into()));
        assert_eq!(found(&[("LOCALAPPDATA", "/l")], "windows"), Some("/l/cargo-trap".into()));
        assert_eq!(found(&[home, ("CARGO_TRAP_CACHE", "/mine")], "linux"), Some("/mine".into()));
        assert_eq!(found(&[("HOME", "")], "linux"), None);
    }
}
