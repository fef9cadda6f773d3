//! What the runtime itself says.

use std::io::Write as _;

/// One line on stderr, written at once, so that whoever reads it finds no half of it. Whoever closed it does not want to
/// know, so that is no error.
pub(crate) fn say(line: std::fmt::Arguments<'_>) {
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}
