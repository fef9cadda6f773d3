//! Everything that is printed. stdout carries what was asked for, stderr carries talk.

use std::io::Write;
use std::time::Duration;

/// Prints one line of data on stdout.
pub fn data(line: &str) {
    // A closed pipe is the reader's choice and no failure of ours.
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Prints one line of talk on stderr, the verb set off on the left.
pub fn step(verb: &str, text: &str) {
    said(&line(verb, text));
}

/// The same as text.
pub fn line(verb: &str, text: &str) -> String {
    format!("{verb:>10} {text}\n")
}

/// Hands on what something else has said, in one piece.
pub fn said(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Prints an error and its causes on stderr.
pub fn error(error: &anyhow::Error) {
    let mut out = std::io::stderr().lock();
    let _ = writeln!(out, "error: {error}");
    for cause in error.chain().skip(1) {
        let _ = writeln!(out, "  caused by: {cause}");
    }
}

/// A duration as people read it, to a tenth of a second.
pub fn seconds(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{} min {:.0} s", (seconds / 60.0).floor(), (seconds % 60.0).floor())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_change_unit_at_one_minute() {
        assert_eq!(seconds(Duration::from_millis(1_540)), "1.5 s");
        assert_eq!(seconds(Duration::from_secs(61)), "1 min 1 s");
    }
}
