//! A container in our hands: how it is started, looked at and taken down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::console::Console;
use super::journal::Journal;
use super::life::{End, Stand};
use super::log;
use super::version::Version;
use crate::commands::invoke::NODE_ANSWERED;
use crate::commands::invoke::failure::{self, Reached};
use crate::host::process::{Memory, Takeover};
use crate::host::{Container, Witness};
use crate::lambda::{Done, Event, Exit, Invocation, Observer, Outcome, Phase, Stream, When};
use crate::ui::Ui;
use crate::{Class, Error, Result};

/// A container, and what it was started from.
pub(super) struct Held {
    pub(super) number: u32,
    pub(super) version: Arc<Version>,
    container: Container,
    witness: Arc<Witness>,
    journal: Arc<Journal>,
    console: Console,
    _farewell: Farewell,
}

/// Notes the end of a container, in whatever way it comes.
struct Farewell {
    journal: Arc<Journal>,
    number: u32,
}

impl Drop for Farewell {
    fn drop(&mut self) {
        self.journal.taken_down(self.number);
    }
}

/// A container that did not come to ask for an event.
pub(super) struct NotStarted {
    pub(super) outcome: Outcome,
    pub(super) error: Error,
}

/// When a container asked for its first event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ready {
    pub(super) at: Instant,
    /// How long its Node took to boot.
    pub(super) node: Option<Duration>,
}

impl Held {
    /// Starts a container and waits until it asks for an event. All that it has written until then is its own, and
    /// no invocation's. When this is dropped before it is done, what it has started is gone.
    pub(super) async fn start(
        version: &Arc<Version>,
        number: u32,
        journal: &Arc<Journal>,
        console: &Console,
    ) -> Result<(Self, Ready), NotStarted> {
        let farewell = Farewell { journal: Arc::clone(journal), number };
        let witness = Witness::of(&version.host);
        let observer = observer(&witness, journal, console);
        let container =
            Container::start(version.function.clone(), number, observer, version.host.clone()).await;
        let container = container.map_err(|error| {
            let outcome = Outcome::NotLaunched { reason: error.to_string() };
            NotStarted { outcome, error }
        })?;
        let (journal, console) = (Arc::clone(journal), console.clone());
        let version = Arc::clone(version);
        let held = Self { number, version, container, witness, journal, console, _farewell: farewell };
        held.container.warm_up();
        let polled = tokio::time::timeout(held.version.function.timeout, held.first_poll()).await;
        held.container.drain_output().await;
        let outcome = match polled {
            Ok(Ok(ready)) => return Ok((held, ready)),
            Ok(Err(outcome)) => outcome,
            Err(_) => Outcome::TimedOut,
        };
        let error = held.failure(&outcome);
        held.take_down();
        let error = error.unwrap_or_else(|| Error::known("interrupted", Class::Run, "it was stopped"));
        Err(NotStarted { outcome, error })
    }

    async fn first_poll(&self) -> Result<Ready, Outcome> {
        let mut changes = self.journal.subscribe();
        loop {
            if let Some(seen) = self.seen() {
                return seen;
            }
            if changes.changed().await.is_err() {
                return Err(Outcome::ShutDown);
            }
        }
    }

    /// Whether it has polled by now, or never will.
    fn seen(&self) -> Option<Result<Ready, Outcome>> {
        self.journal.read(|state| {
            let life = state.container(self.number)?;
            match (&life.stand, life.polled) {
                (Stand::Ended(End::NotLaunched(reason)), _) => {
                    Some(Err(Outcome::NotLaunched { reason: reason.clone() }))
                }
                (Stand::Ended(End::Exited(exit)), None) => Some(Err(ended(life.init_error.clone(), *exit))),
                (_, Some(polled)) => {
                    let boot = life.spawned.zip(life.loading);
                    let node = boot.map(|(spawned, loading)| loading.saturating_duration_since(spawned));
                    Some(Ok(Ready { at: polled, node }))
                }
                _ => None,
            }
        })
    }

    /// Has an invocation answered. What it wrote meanwhile has been read when this is done, so that no line is taken
    /// for one of the next invocation.
    pub(super) async fn invoke(&self, invocation: Invocation) -> (Done, Instant) {
        let done = self.container.invoke(invocation).await;
        let answered = Instant::now();
        self.container.drain_output().await;
        self.look();
        (done, answered)
    }

    /// Why there is no answer, in words; nothing when there is one.
    pub(super) fn failure(&self, outcome: &Outcome) -> Option<Error> {
        let reached = self.journal.read(|state| {
            let life = state.container(self.number);
            // Without Node there is no code to be loaded: it is there.
            let code = !self.version.host.is_node() || life.is_some_and(|life| life.loading.is_some());
            let poll = life.is_some_and(|life| life.polled.is_some());
            Reached { code, poll }
        });
        failure::check(outcome.clone(), &self.version.function, reached, &Ui::default()).err()
    }

    /// False when its host has ended.
    pub(super) fn is_alive(&self) -> bool {
        let stand = self.journal.read(|state| state.container(self.number).map(|life| life.stand.clone()));
        !matches!(stand, Some(Stand::Ended(_)) | None)
    }

    /// What the first answer tells about it, and what it takes; later ones tell nothing new.
    fn look(&self) {
        let is_first = self.journal.read(|state| {
            let life = state.container(self.number);
            life.is_some_and(|life| life.takeover.is_none() && life.answered.is_some())
        });
        if !is_first {
            return;
        }
        if let Some(answerer) = self.witness.answerer() {
            self.journal.answered_by(self.number, &answerer);
            if answerer.takeover == Takeover::None && self.version.host.is_node() {
                self.console.warning(NODE_ANSWERED);
            }
        }
        let (journal, number, host) = (Arc::clone(&self.journal), self.number, self.witness.host());
        tokio::task::spawn_blocking(move || measure(&journal, number, host));
    }

    /// Ends its host and everything that came of it, in the background.
    pub(super) fn take_down(self) {
        self.journal.taken_down(self.number);
        tokio::spawn(async move { self.container.shut_down().await });
    }
}

/// Notes what a container's processes take now.
pub(super) fn measure(journal: &Journal, number: u32, host: Option<u32>) {
    if let Some(memory) = host.and_then(Memory::of) {
        journal.memory(number, memory.pss);
    }
}

/// Notes every event and shows every line. Looking at who answers takes a millisecond, so only the first answer is
/// looked at.
fn observer(witness: &Arc<Witness>, journal: &Arc<Journal>, console: &Console) -> Observer {
    let (journal, console) = (Arc::clone(journal), console.clone());
    let look = witness.observer(Observer::new(|_| {}));
    let has_answered = AtomicBool::new(false);
    Observer::new(move |event: Event| {
        if let Some((stream, line)) = journal.observed(&event) {
            let name = match stream {
                Stream::Stdout => "stdout",
                Stream::Stderr => "stderr",
            };
            console.log(name, log::cut(&line));
        }
        let is_news = match event.phase {
            Phase::Spawned { .. } | Phase::LoadingCode => true,
            Phase::Answered { .. } => !has_answered.swap(true, Ordering::Relaxed),
            _ => false,
        };
        if is_news {
            look.pass(event);
        }
    })
}

/// How an invocation would have ended that a runtime never asked for.
fn ended(init_error: Option<axum::body::Bytes>, exit: Exit) -> Outcome {
    match init_error {
        Some(body) => Outcome::InitError { body },
        None => Outcome::Exited { exit, when: When::Init, posted: None },
    }
}
