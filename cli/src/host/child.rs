//! How a started process ended, and what it had used by then.

use std::future::Future;
use std::io;
use std::process::{Child, ExitStatus};

use tokio::sync::oneshot;

/// The end of a process.
#[derive(Debug)]
pub(super) struct Ended {
    /// Its status.
    pub(super) status: ExitStatus,
    /// The most resident memory it had, in bytes, before any `exec` included; where the system tells.
    pub(super) peak: Option<u64>,
}

/// Waits for the process on a thread of its own: the one call that tells what was used takes the status too,
/// and blocks.
///
/// # Errors
/// When there is no thread to be had.
pub(super) fn ended(mut child: Child) -> io::Result<impl Future<Output = io::Result<Ended>> + Send + use<>> {
    let (sender, receiver) = oneshot::channel();
    // Nobody listens any more when the container went away.
    std::thread::Builder::new().spawn(move || drop(sender.send(wait(&mut child))))?;
    Ok(async { receiver.await.unwrap_or_else(|_| Err(io::Error::other("nobody waited for it"))) })
}

#[cfg(target_os = "linux")]
fn wait(child: &mut Child) -> io::Result<Ended> {
    use wait4::Wait4 as _;
    loop {
        match child.wait4() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            used => return used.map(|used| Ended { status: used.status, peak: Some(used.rusage.maxrss) }),
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn wait(child: &mut Child) -> io::Result<Ended> {
    child.wait().map(|status| Ended { status, peak: None })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_status_comes_with_the_peak() {
        let child = std::process::Command::new("sh").args(["-c", "exit 7"]).spawn().expect("it starts");
        let ended = ended(child).expect("a thread").await.expect("it ended");
        assert_eq!(ended.status.code(), Some(7));
        assert!(ended.peak.is_some_and(|bytes| bytes > 100_000), "{ended:?}");
    }
}
