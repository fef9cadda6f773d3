//! Noticing that the process which started this one is gone.
//!
//! A Node host that waits for the program in a blocking call (takeover `spawn`) cannot pass a signal on. When
//! it dies, the program would stay behind as an orphan that takes events nobody expects it to answer.
//!
//! One window stays open: from the host's fork until [`Parent::now`], the first thing that `run` and `serve`
//! do. An orphan that was made in it is not told from a program that init or a subreaper started, which is
//! what a host's parent usually is when the program *is* the host (takeover `exec`): both have the same
//! parent, and that one is older than either. So it watches its new parent and polls on until its next poll
//! fails. Closing it would take the host's process id in the environment, which programs find as the host
//! had it.

/// The parent process as it was at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parent {
    /// `None` when it lies outside of this pid namespace.
    #[cfg(target_os = "linux")]
    pid: Option<rustix::process::Pid>,
}

impl Parent {
    /// The parent at this moment. Every moment before it belongs to the window that the module speaks of.
    pub(crate) fn now() -> Self {
        Self {
            #[cfg(target_os = "linux")]
            pid: rustix::process::getppid(),
        }
    }

    /// Completes when it has ended; never, where that cannot be observed.
    #[cfg(target_os = "linux")]
    pub(crate) async fn gone(self) {
        if self.watch().await.is_none() {
            std::future::pending::<()>().await;
        }
    }

    /// See above. Other systems have no means that works without a thread.
    #[cfg(not(target_os = "linux"))]
    pub(crate) async fn gone(self) {
        std::future::pending().await
    }

    /// `None` when there is nothing to watch: the parent lies outside of this pid namespace, or the kernel
    /// or a sandbox refuses descriptors of processes (Linux before 5.3, some seccomp filters).
    #[cfg(target_os = "linux")]
    async fn watch(self) -> Option<()> {
        use rustix::process::{PidfdFlags, getppid, pidfd_open};
        use tokio::io::{Interest, unix::AsyncFd};

        // Not `PR_SET_PDEATHSIG`: it fires when the parent's *thread* ends, and would look like a SIGTERM,
        // which waits for the event in flight. An orphan's answer is of no use to anybody.
        let parent = self.pid?;
        let descriptor = match pidfd_open(parent, PidfdFlags::empty()) {
            Ok(descriptor) => descriptor,
            Err(_) if getppid() == Some(parent) => return None,
            Err(_) => return Some(()),
        };
        // Until now the parent may have ended and its number been given away. If it is still our parent,
        // it was when the descriptor was opened.
        if getppid() != Some(parent) {
            return Some(());
        }
        #[allow(
            deprecated,
            reason = "the replacement is `unsafe`; what it asks for, an `OwnedFd` gives by itself"
        )]
        let descriptor = AsyncFd::with_interest(descriptor, Interest::READABLE).ok()?;
        descriptor.readable().await.ok().map(|_| ())
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_parent_that_ended_before_it_was_watched_is_gone() {
        let mut other = std::process::Command::new("true").spawn().expect("`true` is on every system");
        let pid = rustix::process::Pid::from_raw(other.id().cast_signed());
        other.wait().expect("it ends");
        Parent { pid }.gone().await;
    }
}
