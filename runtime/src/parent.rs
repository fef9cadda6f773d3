//! Noticing that the process which started this one is gone.
//!
//! A Node host that waits for the program in a blocking call (takeover `spawn`) cannot pass a signal on. When
//! it dies, the program would stay behind as an orphan that takes events nobody expects it to answer.
//!
//! One window stays open: from the host's fork until [`Parent::now`], the first thing that every `run` and `serve`
//! does. An orphan that was made in it is not told from a program that init or a subreaper started, which is
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
    #[cfg(all(target_os = "linux", any(feature = "axum", feature = "event")))]
    pub(crate) async fn gone(self) {
        use tokio::io::{Interest, unix::AsyncFd};

        match self.watched() {
            Watched::Gone => return,
            Watched::Unseen => {}
            Watched::Descriptor(descriptor) => {
                #[allow(
                    deprecated,
                    reason = "the replacement is `unsafe`; what it asks for, an `OwnedFd` gives by itself"
                )]
                let descriptor = AsyncFd::with_interest(descriptor, Interest::READABLE);
                if let Ok(descriptor) = descriptor
                    && descriptor.readable().await.is_ok()
                {
                    return;
                }
            }
        }
        std::future::pending().await
    }

    /// See above.
    #[cfg(all(not(target_os = "linux"), any(feature = "axum", feature = "event")))]
    pub(crate) async fn gone(self) {
        std::future::pending().await
    }

    /// Starts to watch it.
    #[cfg(target_os = "linux")]
    pub(crate) fn watched(self) -> Watched {
        use rustix::process::{PidfdFlags, getppid, pidfd_open};

        // Not `PR_SET_PDEATHSIG`: it fires when the parent's *thread* ends, and would look like a SIGTERM,
        // which waits for the event in flight. An orphan's answer is of no use to anybody.
        let Some(parent) = self.pid else { return Watched::Unseen };
        let descriptor = match pidfd_open(parent, PidfdFlags::empty()) {
            Ok(descriptor) => descriptor,
            Err(_) if getppid() == Some(parent) => return Watched::Unseen,
            Err(_) => return Watched::Gone,
        };
        // Until now the parent may have ended and its number been given away. If it is still our parent,
        // it was when the descriptor was opened.
        match getppid() == Some(parent) {
            true => Watched::Descriptor(descriptor),
            false => Watched::Gone,
        }
    }

    /// Other systems have no means that works without a thread.
    #[cfg(all(unix, not(target_os = "linux"), feature = "blocking"))]
    pub(crate) fn watched(self) -> Watched {
        Watched::Unseen
    }
}

/// A parent under observation.
#[cfg(unix)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "only Linux can tell"))]
pub(crate) enum Watched {
    /// It had ended before.
    Gone,
    /// Becomes readable when it ends.
    Descriptor(std::os::fd::OwnedFd),
    /// It lies outside of this pid namespace, or the kernel or a sandbox refuses descriptors of processes (Linux
    /// before 5.3, some seccomp filters).
    Unseen,
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_parent_that_ended_before_it_was_watched_is_gone() {
        let mut other = std::process::Command::new("true").spawn().expect("`true` is on every system");
        let pid = rustix::process::Pid::from_raw(other.id().cast_signed());
        other.wait().expect("it ends");
        assert!(matches!(Parent { pid }.watched(), Watched::Gone));
    }
}
