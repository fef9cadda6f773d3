//! What the runtime itself says.

use std::io::Write as _;

/// One line on stderr. Whoever closed it does not want to know, so that is no error.
pub(crate) fn say(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
