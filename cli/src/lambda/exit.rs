//! How a runtime ended, in the words of AWS's emulator.

use std::fmt;
use std::process::ExitStatus;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It exited with this status.
    Status(i32),
    /// This signal ended it.
    Signal(i32),
}

impl Exit {
    /// What a caller is told, e.g. `Runtime exited with error: exit status 3`.
    pub fn reason(self) -> String {
        match self {
            Self::Status(0) => "Runtime exited without providing a reason".into(),
            other => format!("Runtime exited with error: {other}"),
        }
    }
}

impl From<ExitStatus> for Exit {
    fn from(status: ExitStatus) -> Self {
        #[cfg(unix)]
        if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
            return Self::Signal(signal);
        }
        Self::Status(status.code().unwrap_or(-1))
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "exit status {status}"),
            Self::Signal(signal) => match name(*signal) {
                Some(name) => write!(f, "signal: {name}"),
                None => write!(f, "signal: signal {signal}"),
            },
        }
    }
}

/// The emulator is a Go program, and these are Go's names for Linux signals.
fn name(signal: i32) -> Option<&'static str> {
    Some(match signal {
        1 => "hangup",
        2 => "interrupt",
        3 => "quit",
        4 => "illegal instruction",
        5 => "trace/breakpoint trap",
        6 => "aborted",
        7 => "bus error",
        8 => "floating point exception",
        9 => "killed",
        10 => "user defined signal 1",
        11 => "segmentation fault",
        12 => "user defined signal 2",
        13 => "broken pipe",
        14 => "alarm clock",
        15 => "terminated",
        24 => "CPU time limit exceeded",
        25 => "file size limit exceeded",
        31 => "bad system call",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exits_are_told_in_the_emulators_words() {
        assert_eq!(Exit::Status(3).reason(), "Runtime exited with error: exit status 3");
        assert_eq!(Exit::Status(0).reason(), "Runtime exited without providing a reason");
        assert_eq!(Exit::Signal(9).reason(), "Runtime exited with error: signal: killed");
        assert_eq!(Exit::Signal(6).to_string(), "signal: aborted");
        assert_eq!(Exit::Signal(40).to_string(), "signal: signal 40");
    }
}
