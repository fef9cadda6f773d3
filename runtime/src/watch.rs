//! Waiting for an event on the program's one thread, and for whatever else may end that wait.

use std::{io, net::TcpStream};

use crate::parent::Parent;

/// What ends a program that waits.
#[cfg(unix)]
pub(crate) struct Watch {
    /// Readable once a signal has come.
    signals: std::os::unix::net::UnixStream,
    /// Set by the first signal. The second finds it set and ends the process.
    asked: std::sync::Arc<std::sync::atomic::AtomicBool>,
    parent: crate::parent::Watched,
}

#[cfg(unix)]
impl Watch {
    /// Replaces the default reaction to SIGTERM and Ctrl-C, which is to die, for the rest of the process's life.
    pub(crate) fn begin(parent: Parent) -> io::Result<Self> {
        use signal_hook::{
            consts::{SIGINT, SIGTERM},
            flag,
            low_level::pipe,
        };

        let (signals, writer) = std::os::unix::net::UnixStream::pair()?;
        let asked = std::sync::Arc::default();
        for signal in [SIGTERM, SIGINT] {
            // In this order: what the first signal sets is what the second finds.
            flag::register_conditional_shutdown(signal, 0, std::sync::Arc::clone(&asked))?;
            flag::register(signal, std::sync::Arc::clone(&asked))?;
            pipe::register(signal, writer.try_clone()?)?;
        }
        Ok(Self { signals, asked, parent: parent.watched() })
    }

    /// Whether a signal has come.
    pub(crate) fn is_asked(&self) -> bool {
        self.asked.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Waits until there is something to read, and returns `false` when the program is to end before.
    pub(crate) fn wait(&self, stream: &TcpStream) -> io::Result<bool> {
        use std::os::fd::AsFd as _;

        use crate::parent::Watched;
        use rustix::event::{PollFd, PollFlags, poll};

        let parent = match &self.parent {
            Watched::Gone => return Ok(false),
            Watched::Descriptor(descriptor) => Some(descriptor.as_fd()),
            Watched::Unseen => None,
        };
        let mut waits = vec![PollFd::new(stream, PollFlags::IN), PollFd::new(&self.signals, PollFlags::IN)];
        waits.extend(parent.map(|parent| PollFd::from_borrowed_fd(parent, PollFlags::IN)));
        loop {
            match poll(&mut waits, None) {
                // A signal's handler has written to the pipe by now.
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
                Ok(_) => break,
            }
        }
        let has = |index: usize| waits.get(index).is_some_and(|wait| !wait.revents().is_empty());
        // An event that has been handed out would be lost to everybody, so it comes before a signal; an orphan's
        // answer is of no use to anybody.
        Ok(!has(2) && has(0))
    }
}

/// Other systems end a program without asking it, which is all that is promised there.
#[cfg(not(unix))]
pub(crate) struct Watch;

#[cfg(not(unix))]
impl Watch {
    pub(crate) fn begin(_: Parent) -> io::Result<Self> {
        Ok(Self)
    }

    pub(crate) fn is_asked(&self) -> bool {
        false
    }

    pub(crate) fn wait(&self, _: &TcpStream) -> io::Result<bool> {
        Ok(true)
    }
}
