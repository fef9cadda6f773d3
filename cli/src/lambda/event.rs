//! What happens in a sandbox, reported as it happens. Commands subscribe; nothing here decides.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Bytes;
use tokio::sync::mpsc;

use super::Exit;

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Event {
    /// When, on the clock that measures durations.
    pub at: Instant,
    /// Which sandbox, as its starter numbered it.
    pub sandbox: u32,
    /// Which runtime of that sandbox: 1 for the first, one more for each restart.
    pub launch: u32,
    /// What.
    pub phase: Phase,
}

/// The phases of a sandbox's life.
#[derive(Clone, Debug)]
pub enum Phase {
    /// The runtime's process exists. The event's time is just before its creation.
    Spawned {
        /// Its process id.
        pid: u32,
    },
    /// The host is ready and about to load user code. Only our own Node client says so, and when.
    LoadingCode,
    /// The first request for an event since the launch.
    FirstPoll {
        /// The poller's end of the connection.
        peer: SocketAddr,
    },
    /// An event went out; more than once when an unfinished invocation was polled for again.
    Delivered {
        /// Which invocation.
        request_id: String,
        /// The poller's end of the connection.
        peer: SocketAddr,
    },
    /// The program answered. The reply to it is held back until every observer has returned, so its
    /// connection still exists.
    Answered {
        /// Which invocation.
        request_id: String,
        /// The program's end of the connection.
        peer: SocketAddr,
        /// True when it reported an error.
        error: bool,
    },
    /// No process could be started for a runtime that was to be warmed up.
    NotLaunched {
        /// What the system said.
        reason: String,
    },
    /// The runtime reported that it cannot start.
    InitError {
        /// What it posted.
        body: Bytes,
    },
    /// The deadline passed; the runtime is about to be killed.
    TimedOut {
        /// Which invocation.
        request_id: String,
    },
    /// The runtime ended and told what it had used; where the system tells, just before [`Self::Exited`].
    Used {
        /// The most resident memory it had, in bytes. A process begins as a copy of the one that starts it,
        /// so this is never less than what that one had.
        peak: u64,
    },
    /// The runtime ended.
    Exited(Exit),
    /// A line of its output, without the line end.
    Log {
        /// Where it was written.
        stream: Stream,
        /// The line; bytes that are not UTF-8 are replaced.
        line: String,
    },
}

/// Where a line was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Receives events in order, on the thread they happen on: keep it short. Cheap to clone, so one
/// observer can serve any number of sandboxes.
#[derive(Clone)]
pub struct Observer(Arc<dyn Fn(Event) + Send + Sync>);

impl Observer {
    /// Calls `observe` for every event.
    pub fn new(observe: impl Fn(Event) + Send + Sync + 'static) -> Self {
        Self(Arc::new(observe))
    }

    /// Sends every event into a channel.
    pub fn channel() -> (Self, mpsc::UnboundedReceiver<Event>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        // A subscriber that went away has seen enough.
        (Self::new(move |event| drop(sender.send(event))), receiver)
    }

    /// Reports that something happens now.
    pub fn report(&self, sandbox: u32, launch: u32, phase: Phase) {
        self.pass(Event { at: Instant::now(), sandbox, launch, phase });
    }

    /// Passes on what happened.
    pub fn pass(&self, event: Event) {
        (self.0)(event);
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}
