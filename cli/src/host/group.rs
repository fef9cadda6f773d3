//! Ending everything a host started.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

/// The processes that came from one started process. They end when this is dropped.
#[derive(Debug)]
pub(crate) struct Group {
    leader: u32,
    over: AtomicBool,
}

impl Group {
    /// Those of a process that was started by [`isolate`].
    pub(crate) fn of(leader: u32) -> Self {
        Self { leader, over: AtomicBool::new(false) }
    }

    /// Ends them at once.
    pub(crate) fn kill(&self) {
        if !self.over.load(Ordering::Relaxed) {
            kill(self.leader);
        }
    }

    /// Ends what is left now that the leader has ended; its number may soon belong to somebody else.
    pub(crate) fn finish(&self) {
        self.kill();
        self.over.store(true, Ordering::Relaxed);
    }
}

impl Group {
    /// Lets what is left of them live, now that the leader has ended as it should.
    pub(crate) fn release(self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Makes the process a group of its own, so that Ctrl-C reaches us and not it, and so that all of it can
/// be ended together.
pub(crate) fn isolate(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
}

/// Kills one process; false when it has ended before, or when this is no Unix.
pub(crate) fn kill_one(pid: u32) -> bool {
    signal(pid, Signal::Kill)
}

/// Tells a process to end; false when it has ended before, or when this is no Unix.
pub(crate) fn terminate(pid: u32) -> bool {
    signal(pid, Signal::Term)
}

enum Signal {
    Kill,
    Term,
}

#[cfg(unix)]
fn signal(pid: u32, signal: Signal) -> bool {
    use rustix::process::{Pid, kill_process};
    let signal = match signal {
        Signal::Kill => rustix::process::Signal::KILL,
        Signal::Term => rustix::process::Signal::TERM,
    };
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| kill_process(pid, signal).is_ok())
}

#[cfg(not(unix))]
fn signal(_pid: u32, _signal: Signal) -> bool {
    false
}

#[cfg(unix)]
fn kill(leader: u32) {
    if let Some(group) = i32::try_from(leader).ok().and_then(rustix::process::Pid::from_raw) {
        // Fails when all have ended by themselves, which is as good.
        let _gone = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

#[cfg(windows)]
fn kill(leader: u32) {
    let _gone = Command::new("taskkill").args(["/T", "/F", "/PID", &leader.to_string()]).output();
}

#[cfg(not(any(unix, windows)))]
fn kill(_leader: u32) {}

/// Ends processes that left their group (a daemon does) but were born with this variable, in our network:
/// there the address is that of a port nobody else serves, so they are ours. A container beside us may
/// have the same address and port for itself.
pub(super) fn kill_strays(api: std::net::SocketAddr) {
    #[cfg(target_os = "linux")]
    {
        let wanted = format!("AWS_LAMBDA_RUNTIME_API={api}");
        let ours = std::process::id();
        for pid in super::process::all().filter(|pid| *pid != ours) {
            let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            if environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
                && is_same_network(network(pid), network(ours))
                && let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw)
            {
                let _gone = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            }
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = api;
}

/// Names the network namespace of a process; `None` when we may not know, or it has ended.
#[cfg(target_os = "linux")]
fn network(pid: u32) -> Option<std::path::PathBuf> {
    std::fs::read_link(format!("/proc/{pid}/ns/net")).ok()
}

#[cfg(target_os = "linux")]
fn is_same_network(theirs: Option<std::path::PathBuf>, ours: Option<std::path::PathBuf>) -> bool {
    theirs.is_some() && theirs == ours
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_to_be_in_our_network_is_a_stray() {
        let (ours, other) = (network(std::process::id()), Some("net:[1]".into()));
        assert!(ours.is_some(), "a process may look at itself");
        assert!(is_same_network(ours.clone(), ours.clone()));
        assert!(!is_same_network(other, ours.clone()));
        assert!(!is_same_network(None, ours));
        assert!(!is_same_network(None, None));
    }
}
