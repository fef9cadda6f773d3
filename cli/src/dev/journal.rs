//! Everything that happened and is still worth knowing: invocations, containers, builds. It is written as things
//! happen and read by the page, which asks only for what is new; what is old goes, so that it never grows beyond
//! a bound.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use tokio::sync::watch;

use super::life::{End, Life, Stand};
use super::log::Log;
use super::summary::{self, Summary};
use crate::Error;
use crate::host::{Answerer, Clock};
use crate::lambda::{Event, Invocation, Outcome, Phase, Stream, function_url};

/// How many invocations are kept, how much their events and answers may take together, and how many containers.
const KEPT_INVOCATIONS: usize = 500;
const KEPT_BYTES: usize = 64 * 1024 * 1024;
const KEPT_CONTAINERS: usize = 60;

/// What happened.
#[derive(Debug)]
pub(super) struct Journal {
    began: Instant,
    began_at: SystemTime,
    clock: Option<Clock>,
    state: Mutex<State>,
    revision: watch::Sender<u64>,
}

/// All of it, as of now.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) invocations: VecDeque<Invoked>,
    pub(super) containers: VecDeque<Life>,
    pub(super) build: Build,
    last_number: u64,
    bytes: usize,
    revision: u64,
}

/// What becomes of the sources.
#[derive(Clone, Debug, Default)]
pub(super) struct Build {
    pub(super) revision: u64,
    pub(super) stage: Stage,
    /// What has changed since the version that serves.
    pub(super) changed: Option<String>,
    /// The version that serves, and how it came.
    pub(super) serving: Option<Serving>,
    /// What cargo said when it failed.
    pub(super) said: Option<String>,
    /// Why there is no new version.
    pub(super) failure: Option<Failure>,
}

/// What is being done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Stage {
    /// cargo compiles.
    #[default]
    Compiling,
    /// The artifact is written, its first container starts.
    Starting,
    /// The last change is what serves.
    Ready,
    /// The last change is not, for a reason.
    Failed,
}

/// A failure as it is shown.
#[derive(Clone, Debug, serde::Serialize)]
pub(super) struct Failure {
    pub(super) code: String,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        let mut message = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause {
            message.push_str(&format!(": {inner}"));
            cause = inner.source();
        }
        Self { code: error.code().into(), message, hint: error.hint().map(str::to_owned) }
    }
}

/// The version that serves.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Serving {
    pub(super) number: u32,
    pub(super) sha256: String,
    pub(super) size: u64,
    pub(super) parts: super::reload::Parts,
}

/// One invocation.
#[derive(Debug)]
pub(super) struct Invoked {
    pub(super) number: u64,
    pub(super) revision: u64,
    pub(super) request_id: String,
    pub(super) summary: Summary,
    pub(super) payload: Bytes,
    pub(super) trace_id: Option<String>,
    pub(super) client_context: Option<String>,
    /// The earlier invocation that this one repeats.
    pub(super) again: Option<u64>,
    pub(super) arrived: Instant,
    /// When a container took it, and which.
    pub(super) taken: Option<(Instant, u32, u32)>,
    pub(super) delivered: Option<Instant>,
    pub(super) answered: Option<Instant>,
    pub(super) ended: Option<Ended>,
    pub(super) log: Log,
}

/// How an invocation ended.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub(super) at: Instant,
    /// What the caller of a function URL is told; none for an event of another kind that was answered.
    pub(super) status: Option<u16>,
    pub(super) outcome: Result<Outcome, ()>,
    pub(super) failure: Option<Failure>,
}

impl Ended {
    fn bytes(&self) -> usize {
        match &self.outcome {
            Ok(Outcome::Answered(answer)) => answer.body.len(),
            Ok(Outcome::FunctionError { body, .. } | Outcome::InitError { body }) => body.len(),
            _ => 0,
        }
    }
}

impl Journal {
    pub(super) fn new() -> Arc<Self> {
        let (revision, _) = watch::channel(0);
        Arc::new(Self {
            began: Instant::now(),
            began_at: SystemTime::now(),
            clock: Clock::common(),
            state: Mutex::default(),
            revision,
        })
    }

    /// The clock that programs tell their moments by.
    pub(super) fn clock(&self) -> Option<Clock> {
        self.clock
    }

    /// A moment as milliseconds since 1970.
    pub(super) fn epoch_ms(&self, at: Instant) -> f64 {
        let began = self.began_at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs_f64() * 1e3;
        let since = at.saturating_duration_since(self.began).as_secs_f64();
        let before = self.began.saturating_duration_since(at).as_secs_f64();
        began + (since - before) * 1e3
    }

    /// What was noted so far.
    pub(super) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock())
    }

    /// Learns of everything that is noted from now on.
    pub(super) fn subscribe(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // What was noted stays true if somebody else panicked.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes something, and lets everybody know.
    fn note<T>(&self, note: impl FnOnce(&mut State, u64) -> T) -> T {
        let (noted, revision) = {
            let mut state = self.lock();
            state.revision += 1;
            let revision = state.revision;
            (note(&mut state, revision), revision)
        };
        self.revision.send_replace(revision);
        noted
    }

    /// An invocation arrived; gives its number.
    pub(super) fn arrived(&self, invocation: &Invocation, again: Option<u64>) -> u64 {
        let summary = summary::of(&invocation.payload);
        self.note(|state, revision| {
            state.last_number += 1;
            state.bytes += invocation.payload.len();
            state.invocations.push_back(Invoked {
                number: state.last_number,
                revision,
                request_id: invocation.request_id.clone(),
                summary,
                payload: invocation.payload.clone(),
                trace_id: invocation.trace_id.clone(),
                client_context: invocation.client_context.clone(),
                again,
                arrived: Instant::now(),
                taken: None,
                delivered: None,
                answered: None,
                ended: None,
                log: Log::default(),
            });
            state.forget();
            state.last_number
        })
    }

    /// A container of a version takes an invocation: what it writes once it has the event belongs to it.
    pub(super) fn taken(&self, number: u64, container: u32, version: u32) {
        self.note(|state, revision| {
            if let Some(invoked) = state.invocation_mut(number, revision) {
                invoked.taken = invoked.taken.or(Some((Instant::now(), container, version)));
            }
            if let Some(life) = state.container_mut(container, revision) {
                life.next = Some(number);
            }
        });
    }

    /// An invocation is over.
    pub(super) fn ended(&self, number: u64, outcome: Result<Outcome, ()>, failure: Option<Failure>) {
        self.note(|state, revision| {
            let Some(invoked) = state.invocation_mut(number, revision) else { return };
            let status = match &outcome {
                Ok(Outcome::Answered(answer)) if invoked.summary.method.is_some() => {
                    Some(function_url::response(answer).map_or(502, |response| response.status().as_u16()))
                }
                Ok(Outcome::Answered(_)) | Err(()) => None,
                Ok(_) => invoked.summary.method.is_some().then_some(502),
            };
            let ended = Ended { at: Instant::now(), status, outcome, failure };
            let bytes = ended.bytes();
            invoked.ended = Some(ended);
            state.bytes += bytes;
            state.forget();
        });
    }

    /// A container of a version is about to be started.
    pub(super) fn starts(&self, container: u32, version: u32) {
        self.note(|state, revision| {
            let mut life = Life::new(container, version);
            life.revision = revision;
            state.containers.push_back(life);
            while state.containers.len() > KEPT_CONTAINERS {
                let ended = state.containers.iter().position(|life| matches!(life.stand, Stand::Ended(_)));
                let Some(oldest) = ended else { break };
                state.containers.remove(oldest);
            }
        });
    }

    /// Something happened in a container. Gives back a line it wrote.
    pub(super) fn observed(&self, event: &Event) -> Option<(Stream, String)> {
        self.note(|state, revision| {
            let life = state.container_mut(event.sandbox, revision)?;
            let line = life.note(event, self.clock);
            let current = life.current;
            if let Some((stream, line)) = &line {
                match current.and_then(|number| state.invocation_mut(number, revision)) {
                    Some(invoked) => invoked.log.push(event.at, *stream, line),
                    None => {
                        let life = state.container_mut(event.sandbox, revision)?;
                        life.log.push(event.at, *stream, line);
                    }
                }
            }
            let of_invocation = current.and_then(|number| state.invocation_mut(number, revision));
            match (&event.phase, of_invocation) {
                (Phase::Delivered { .. }, Some(invoked)) => {
                    invoked.delivered = invoked.delivered.or(Some(event.at))
                }
                (Phase::Answered { .. }, Some(invoked)) => invoked.answered = Some(event.at),
                _ => {}
            }
            line
        })
    }

    /// A container waits for the next event.
    pub(super) fn idle(&self, container: u32) {
        self.change(container, |life| {
            if life.stand == Stand::Busy {
                life.stand = Stand::Idle;
            }
        });
    }

    /// A container is taken down.
    pub(super) fn taken_down(&self, container: u32) {
        self.change(container, |life| {
            if !matches!(life.stand, Stand::Ended(_)) {
                life.stand = Stand::Ended(End::TakenDown);
            }
            life.memory = None;
        });
    }

    /// Who gave a container's first answer.
    pub(super) fn answered_by(&self, container: u32, answerer: &Answerer) {
        self.change(container, |life| life.answered_by(answerer));
    }

    /// What a container's processes take now.
    pub(super) fn memory(&self, container: u32, bytes: u64) {
        self.change(container, |life| {
            if !matches!(life.stand, Stand::Ended(_)) {
                life.memory = Some(bytes);
                life.memory_peak = life.memory_peak.max(Some(bytes));
            }
        });
    }

    fn change(&self, container: u32, change: impl FnOnce(&mut Life)) {
        self.note(|state, revision| {
            if let Some(life) = state.container_mut(container, revision) {
                change(life);
            }
        });
    }

    /// The sources, or what is made of them, stand otherwise.
    pub(super) fn build(&self, change: impl FnOnce(&mut Build)) {
        self.note(|state, revision| {
            change(&mut state.build);
            state.build.revision = revision;
        });
    }
}

impl State {
    /// How far it has come.
    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    /// The invocation of that number, if it is still known.
    pub(super) fn invocation(&self, number: u64) -> Option<&Invoked> {
        let first = self.invocations.front()?.number;
        self.invocations.get(usize::try_from(number.checked_sub(first)?).ok()?)
    }

    /// The container of that number, if it is still known.
    pub(super) fn container(&self, number: u32) -> Option<&Life> {
        self.containers.iter().rev().find(|life| life.number == number)
    }

    fn invocation_mut(&mut self, number: u64, revision: u64) -> Option<&mut Invoked> {
        let first = self.invocations.front()?.number;
        let invoked = self.invocations.get_mut(usize::try_from(number.checked_sub(first)?).ok()?)?;
        invoked.revision = revision;
        Some(invoked)
    }

    fn container_mut(&mut self, number: u32, revision: u64) -> Option<&mut Life> {
        let life = self.containers.iter_mut().rev().find(|life| life.number == number)?;
        life.revision = revision;
        Some(life)
    }

    /// Forgets the oldest invocations, as far as they are over.
    fn forget(&mut self) {
        while self.invocations.len() > KEPT_INVOCATIONS || self.bytes > KEPT_BYTES {
            let Some(oldest) = self.invocations.front() else { return };
            let Some(ended) = &oldest.ended else { return };
            self.bytes -= oldest.payload.len() + ended.bytes();
            self.invocations.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lambda::Answer;

    fn answer(body: Vec<u8>) -> Result<Outcome, ()> {
        Ok(Outcome::Answered(Answer { body: body.into(), ..Answer::default() }))
    }

    fn log(journal: &Journal, line: &str) {
        let phase = Phase::Log { stream: Stream::Stdout, line: line.into() };
        journal.observed(&Event { at: Instant::now(), sandbox: 1, launch: 1, phase });
    }

    fn lines(log: &Log) -> Vec<&str> {
        log.parts().0.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn a_line_belongs_to_the_invocation_that_its_container_has() {
        let journal = Journal::new();
        journal.starts(1, 1);
        log(&journal, "starting");
        for text in ["first", "second"] {
            let number = journal.arrived(&Invocation::new("{}"), None);
            journal.taken(number, 1, 1);
            if number == 1 {
                log(&journal, "still starting");
            }
            let peer = ([127, 0, 0, 1], 9).into();
            let phase = Phase::Delivered { request_id: String::new(), peer };
            journal.observed(&Event { at: Instant::now(), sandbox: 1, launch: 1, phase });
            log(&journal, text);
            journal.ended(number, answer(Vec::new()), None);
            log(&journal, "afterwards");
        }
        journal.read(|state| {
            assert_eq!(lines(&state.containers[0].log), ["starting", "still starting"]);
            assert_eq!(lines(&state.invocations[0].log), ["first", "afterwards"]);
            assert_eq!(lines(&state.invocations[1].log), ["second", "afterwards"]);
        });
    }

    #[test]
    fn what_is_old_goes_and_what_is_not_over_stays() {
        let journal = Journal::new();
        let waiting = journal.arrived(&Invocation::new("{}"), None);
        for _ in 0..KEPT_INVOCATIONS + 10 {
            let number = journal.arrived(&Invocation::new("{}"), None);
            journal.ended(number, answer(Vec::new()), None);
        }
        journal.read(|state| assert!(state.invocation(waiting).is_some()));
        journal.ended(waiting, answer(Vec::new()), None);
        journal.read(|state| {
            assert!(state.invocation(waiting).is_none());
            assert_eq!(state.invocations.len(), KEPT_INVOCATIONS);
        });
        for _ in 0..20 {
            let number = journal.arrived(&Invocation::new("{}"), None);
            journal.ended(number, answer(vec![0; KEPT_BYTES / 10]), None);
        }
        journal.read(|state| {
            assert!(state.bytes <= KEPT_BYTES && state.invocations.len() <= 10);
            let held: usize = state
                .invocations
                .iter()
                .map(|i| i.payload.len() + i.ended.as_ref().map_or(0, Ended::bytes))
                .sum();
            assert_eq!(held, state.bytes);
        });
    }

    #[test]
    fn containers_that_ended_long_ago_are_forgotten_first() {
        let journal = Journal::new();
        journal.starts(1, 1);
        for number in 2..200 {
            journal.starts(number, 1);
            journal.taken_down(number);
        }
        journal.read(|state| {
            assert_eq!(state.containers.len(), KEPT_CONTAINERS);
            assert_eq!(state.containers[0].number, 1);
        });
    }

    #[test]
    fn everything_noted_is_a_new_revision_of_what_it_is_about() {
        let journal = Journal::new();
        let changes = journal.subscribe();
        let number = journal.arrived(&Invocation::new("{}"), None);
        let before = journal.read(State::revision);
        journal.ended(number, answer(Vec::new()), None);
        assert!(changes.has_changed().is_ok_and(|has| has));
        journal.read(|state| {
            assert_eq!(state.invocation(number).map(|invoked| invoked.revision), Some(before + 1));
            assert!(state.invocation(0).is_none() && state.invocation(number + 1).is_none());
        });
    }
}
