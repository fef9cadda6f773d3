//! Variables from files: `NAME=value` lines, with comments, quotes and `export`.

use std::ffi::OsString;
use std::path::Path;

use crate::{Class, Error, Result};

/// The variables of a file, in its order.
///
/// # Errors
/// `env-file` with the line that is not understood; when it cannot be read.
pub(super) fn read(path: &Path) -> Result<Vec<(OsString, OsString)>> {
    let wrong = |error: dotenvy::Error| match error {
        dotenvy::Error::Io(source) => Error::file("read", path)(source),
        dotenvy::Error::LineParse(line, _) => {
            let line = line.trim();
            // What stands after the name may be a secret.
            let name = line.split_once('=').map_or(line, |(name, _)| name).trim();
            let message = format!("`{}` has a line that is not understood: `{name}…`", path.display());
            Error::known("env-file", Class::Request, message)
                .with_hint("write `NAME=value`; a value with spaces, `#` or quotes goes into quotes")
        }
        other => {
            let message = format!("`{}` is not understood", path.display());
            Error::known("env-file", Class::Request, message).with_source(other)
        }
    };
    let lines = dotenvy::from_path_iter(path).map_err(wrong)?;
    lines.map(|line| line.map(|(name, value)| (name.into(), value.into())).map_err(wrong)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Vec<(OsString, OsString)>> {
        let folder = tempfile::TempDir::new().expect("a folder");
        let path = folder.path().join(".env");
        std::fs::write(&path, text).expect("written");
        read(&path)
    }

    #[test]
    fn names_values_quotes_and_comments_are_understood() {
        let read =
            read_text("# a comment\nA=1\nexport B=\"two words\"\n\nC='$A'\nD=x # y\n").expect("it fits");
        let expected = [("A", "1"), ("B", "two words"), ("C", "$A"), ("D", "x")];
        assert_eq!(read, expected.map(|(name, value)| (name.into(), value.into())));
    }

    #[test]
    fn a_line_that_is_not_understood_is_told_without_its_value() {
        let error = read_text("A=1\nPASS WORD=secret\n").expect_err("no name");
        assert_eq!(error.code(), "env-file");
        assert!(error.to_string().contains("PASS WORD") && !error.to_string().contains("secret"), "{error}");
        assert_eq!(read(Path::new("/nowhere/.env")).expect_err("missing").code(), "file");
    }
}
