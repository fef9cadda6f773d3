//! What is seen of one start, as it happens.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::laps::{Laps, Told};
use crate::host::process::{self, Takeover};
use crate::host::{Clock, Witness};
use crate::lambda::{Event, Observer, Phase, Stream};

/// The line the first try at the idea prints before it starts the program.
const LOG_LINE: &str = "trap start time";

/// A longer line is cut when it is told as the reason of a failure.
const LONGEST_REASON: usize = 300;

/// Watches one container.
#[derive(Debug)]
pub(super) struct Watch {
    witness: Arc<Witness>,
    clock: Option<Clock>,
    seen: Mutex<Seen>,
    changed: Notify,
}

/// All that is known of a start.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// Just before the process was created.
    pub(super) since: Option<Instant>,
    pub(super) pid: Option<u32>,
    pub(super) loading: Option<Instant>,
    pub(super) polled: Option<Instant>,
    /// When each event went out, and when each was answered.
    pub(super) delivered: Vec<Instant>,
    pub(super) answered: Vec<Instant>,
    /// The variant's own line, when it came.
    pub(super) log_line: Option<Instant>,
    /// When the empty module began.
    pub(super) booted: Option<Instant>,
    pub(super) laps: Option<Laps>,
    /// When the program's code began.
    pub(super) main: Option<Instant>,
    /// Processor time until the first answer, or until the empty module was seen.
    pub(super) cpu: Option<Duration>,
    /// The most memory the started process had, as it is told at its end.
    pub(super) peak: Option<u64>,
    pub(super) exited: bool,
    /// The last line on stderr that was not written for us.
    pub(super) last_words: Option<String>,
}

impl Watch {
    /// For a host that is started as the witness knows it.
    pub(super) fn new(witness: Arc<Witness>, clock: Option<Clock>) -> Arc<Self> {
        Arc::new(Self { witness, clock, seen: Mutex::default(), changed: Notify::new() })
    }

    /// Notes every event. Looking at who answers takes a millisecond, so only the first answer is looked at.
    pub(super) fn observer(self: &Arc<Self>) -> Observer {
        let watch = Arc::clone(self);
        let look = self.witness.observer(Observer::new(|_| {}));
        Observer::new(move |event| {
            let is_news = watch.note(&event);
            if is_news {
                look.pass(event);
            }
            watch.changed.notify_one();
        })
    }

    /// Whether the witness has something to look at.
    fn note(&self, Event { at, phase, .. }: &Event) -> bool {
        let mut seen = self.lock();
        match phase {
            Phase::Spawned { pid } => {
                *seen = Seen { since: Some(*at), pid: Some(*pid), ..Seen::default() };
                return true;
            }
            Phase::LoadingCode => {
                seen.loading = Some(*at);
                return true;
            }
            Phase::FirstPoll { .. } => seen.polled = Some(*at),
            Phase::Delivered { .. } => seen.delivered.push(*at),
            Phase::Answered { .. } => {
                seen.answered.push(*at);
                let is_first = seen.answered.len() == 1;
                if is_first {
                    seen.cpu = seen.pid.and_then(process::cpu);
                }
                return is_first;
            }
            Phase::Log { stream, line } => self.line(&mut seen, *at, *stream, line),
            Phase::Used { peak } => seen.peak = Some(*peak),
            Phase::Exited(_) => seen.exited = true,
            Phase::NotLaunched { reason } => {
                seen.last_words = Some(reason.clone());
                seen.exited = true;
            }
            Phase::InitError { .. } | Phase::TimedOut { .. } => {}
        }
        false
    }

    fn line(&self, seen: &mut Seen, at: Instant, stream: Stream, line: &str) {
        if stream == Stream::Stdout {
            // AWS's client puts the time and more before it.
            if line.contains(LOG_LINE) {
                seen.log_line = seen.log_line.or(Some(at));
            }
            return;
        }
        let moment = |told| self.clock.and_then(|clock| clock.instant(told));
        match Told::read(line) {
            Some(Told::Boot(told)) if seen.booted.is_none() => {
                seen.booted = moment(told);
                seen.cpu = seen.pid.and_then(process::cpu);
            }
            Some(Told::Laps(laps)) => seen.laps = seen.laps.take().or(Some(laps)),
            Some(Told::Main(told)) => seen.main = seen.main.or_else(|| moment(told)),
            Some(Told::Boot(_)) => {}
            None if line.trim().is_empty() => {}
            None => seen.last_words = Some(line.chars().take(LONGEST_REASON).collect()),
        }
    }

    /// Waits until the empty module has begun, or the process has ended.
    pub(super) async fn booted(&self) -> bool {
        loop {
            let seen = self.now();
            if seen.booted.is_some() || seen.exited {
                return seen.booted.is_some();
            }
            self.changed.notified().await;
        }
    }

    /// What is known by now.
    pub(super) fn now(&self) -> Seen {
        self.lock().clone()
    }

    /// How the process that answered came to be the one; `None` where the system does not tell.
    pub(super) fn takeover(&self) -> Option<Takeover> {
        self.witness.answerer().map(|answerer| answerer.takeover)
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        // What was seen stays true if an observer panicked.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart_by_stream_and_shape() {
        let clock = Clock::common();
        let watch = Watch::new(Witness::new("node"), clock);
        let observer = watch.observer();
        let log = |stream, line: &str| observer.report(1, 1, Phase::Log { stream, line: line.into() });
        observer.report(1, 1, Phase::Spawned { pid: 1 });
        log(Stream::Stdout, "2026-01-01T00:00:00.000Z\tundefined\tINFO\ttrap start time 17");
        log(Stream::Stdout, "trap-main 5");
        log(Stream::Stderr, "it said");
        log(Stream::Stderr, "");
        log(Stream::Stderr, "trap-main 1000000");
        let seen = watch.now();
        assert!(seen.since.is_some() && seen.log_line.is_some());
        assert_eq!(seen.last_words.as_deref(), Some("it said"));
        assert_eq!(seen.main.is_some(), clock.is_some());
        observer.report(1, 2, Phase::Spawned { pid: 1 });
        assert!(watch.now().log_line.is_none(), "another launch begins anew");
    }
}
