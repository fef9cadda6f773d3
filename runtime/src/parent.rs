//! Noticing that the process which started this one is gone.
//!
//! A Node host that waits for the program in a blocking call (takeover `spawn`) cannot pass a signal on. When
//! it dies, the program would stay behind as an orphan that takes events nobody expects it to answer.

/// Completes when the parent process has ended; never, where that cannot be observed.
#[cfg(target_os = "linux")]
pub(crate) async fn gone() {
    if watch().await.is_none() {
        std::future::pending::<()>().await;
    }
}

/// See above. Other systems have no means that works without a thread.
#[cfg(not(target_os = "linux"))]
pub(crate) async fn gone() {
    std::future::pending().await
}

/// `None` when there is nothing to watch: the parent lies outside of this pid namespace, or the kernel or
/// a sandbox refuses descriptors of processes (Linux before 5.3, some seccomp filters).
#[cfg(target_os = "linux")]
async fn watch() -> Option<()> {
    use rustix::process::{PidfdFlags, getppid, pidfd_open};
    use tokio::io::{Interest, unix::AsyncFd};

    // Not `PR_SET_PDEATHSIG`: it fires when the parent's *thread* ends, and would look like a SIGTERM,
    // which waits for the event in flight. An orphan's answer is of no use to anybody.
    let parent = getppid()?;
    let descriptor = match pidfd_open(parent, PidfdFlags::empty()) {
        Ok(descriptor) => descriptor,
        Err(_) if getppid() == Some(parent) => return None,
        Err(_) => return Some(()),
    };
    // Between the two calls the parent may have ended and its number been given away. If it is still our
    // parent now, it was when the descriptor was opened.
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
