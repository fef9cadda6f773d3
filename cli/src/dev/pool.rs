//! Containers, as many at once as are allowed, each with one event at a time: what Lambda does for a function.
//!
//! Who asks first is served first. A container that waits for an event gets the next one; where none waits and
//! there is room, another is started. When a newer version serves, containers of the older one finish what they
//! have and are taken down.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, watch};

use super::console::Console;
use super::held::{Held, NotStarted, Ready, measure};
use super::journal::{Failure, Journal};
use super::life::Stand;
use super::reload::span;
use super::version::Version;
use crate::lambda::{Done, Function, Invocation, Outcome};
use crate::{Error, Result};

/// What can be asked now.
#[derive(Clone, Debug, Default)]
pub(super) enum Serving {
    /// Nothing yet: wait.
    #[default]
    Nothing,
    /// A version.
    Version(Arc<Version>),
    /// Nothing, because there never was a version that works: what stands in the way.
    Broken(Arc<str>),
}

/// See the module. Cheap to clone.
#[derive(Clone)]
pub(super) struct Pool(Arc<Shared>);

struct Shared {
    turns: Arc<Semaphore>,
    serving: watch::Sender<Serving>,
    idle: Mutex<Vec<Held>>,
    numbers: AtomicU32,
    journal: Arc<Journal>,
    console: Console,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool")
    }
}

/// There is nothing to ask: what stands in the way.
#[derive(Debug)]
pub(super) struct Broken(pub(super) Arc<str>);

impl Pool {
    /// A pool of at most so many containers.
    pub(super) fn new(at_most: usize, journal: Arc<Journal>, console: Console) -> Self {
        let (serving, _) = watch::channel(Serving::Nothing);
        Self(Arc::new(Shared {
            turns: Arc::new(Semaphore::new(at_most)),
            serving,
            idle: Mutex::default(),
            numbers: AtomicU32::new(1),
            journal,
            console,
        }))
    }

    /// Notes that an invocation has arrived.
    pub(super) fn enter(&self, invocation: Invocation, again: Option<u64>) -> Entry {
        let number = self.0.journal.arrived(&invocation, again);
        Entry { shared: Arc::clone(&self.0), number, arrived: Instant::now(), invocation, is_open: true }
    }

    /// Has an invocation answered, in its turn. When this is dropped while it waits, nothing is invoked; when it
    /// is dropped later, the program does its work all the same, as on Lambda.
    ///
    /// # Errors
    /// [`Broken`] when there is no version.
    pub(super) async fn invoke(&self, mut entry: Entry) -> Result<(Done, Function), Broken> {
        // The semaphore is never closed.
        let Ok(turn) = Arc::clone(&self.0.turns).acquire_owned().await else { std::future::pending().await };
        let version = match self.serving().await {
            Ok(version) => version,
            Err(broken) => {
                entry.give_up(&broken.0);
                return Err(broken);
            }
        };
        entry.is_open = false;
        let (pool, function) = (self.clone(), version.function.clone());
        let (number, arrived, invocation) = (entry.number, entry.arrived, entry.invocation.clone());
        let request_id = invocation.request_id.clone();
        let work = tokio::spawn(async move {
            let done = pool.work(number, invocation, version, arrived).await;
            drop(turn);
            done
        });
        let done = work.await.unwrap_or(Done { request_id, outcome: Outcome::ShutDown });
        Ok((done, function))
    }

    async fn serving(&self) -> Result<Arc<Version>, Broken> {
        let mut serving = self.0.serving.subscribe();
        let is_something = |serving: &Serving| !matches!(serving, Serving::Nothing);
        match serving.wait_for(is_something).await.map(|serving| serving.clone()) {
            Ok(Serving::Version(version)) => Ok(version),
            Ok(Serving::Broken(why)) => Err(Broken(why)),
            Ok(Serving::Nothing) | Err(_) => std::future::pending().await,
        }
    }

    async fn work(
        &self,
        number: u64,
        invocation: Invocation,
        version: Arc<Version>,
        arrived: Instant,
    ) -> Done {
        let journal = &self.0.journal;
        let request_id = invocation.request_id.clone();
        let held = match self.idle(&version) {
            Some(held) => held,
            None => match self.start(&version, Some(number)).await {
                Ok((held, _)) => held,
                Err(NotStarted { outcome, error }) => {
                    journal.ended(number, Ok(outcome.clone()), Some((&error).into()));
                    self.say_ended(number, Some(&error));
                    return Done { request_id, outcome };
                }
            },
        };
        journal.taken(number, held.number, held.version.number);
        let (done, answered) = held.invoke(invocation).await;
        let error = held.failure(&done.outcome);
        journal.ended(number, Ok(done.outcome.clone()), error.as_ref().map(Failure::from));
        self.say_ended(number, error.as_ref());
        if let (None, Some(reload)) = (&error, version.first_answer()) {
            self.say_reloaded(&version, reload.until_first_answer(arrived, answered), reload.is_first);
        }
        self.give_back(held);
        done
    }

    /// A container of the version that waits; the one that was used last, so that others may be forgotten.
    fn idle(&self, version: &Arc<Version>) -> Option<Held> {
        loop {
            let mut idle = self.0.idle();
            let at = idle.iter().rposition(|held| Arc::ptr_eq(&held.version, version))?;
            let held = idle.swap_remove(at);
            drop(idle);
            if held.is_alive() {
                return Some(held);
            }
            // It ended while nobody asked it anything.
            held.take_down();
        }
    }

    /// Starts a container, for an invocation or for none yet.
    async fn start(&self, version: &Arc<Version>, number: Option<u64>) -> Result<(Held, Ready), NotStarted> {
        let container = self.0.numbers.fetch_add(1, Ordering::Relaxed);
        self.0.journal.starts(container, version.number);
        if let Some(number) = number {
            self.0.journal.taken(number, container, version.number);
        }
        Held::start(version, container, &self.0.journal, &self.0.console).await
    }

    fn give_back(&self, held: Held) {
        let is_current = matches!(&*self.0.serving.borrow(), Serving::Version(version) if Arc::ptr_eq(version, &held.version));
        if is_current && held.is_alive() {
            self.0.journal.idle(held.number);
            self.0.idle().push(held);
        } else {
            held.take_down();
        }
    }

    /// Starts a container of a version and waits until it asks for an event. Then the version serves, and waiting
    /// containers of the one before are taken down.
    ///
    /// # Errors
    /// Why it does not ask for an event; then the version before goes on serving.
    pub(super) async fn adopt(&self, version: &Arc<Version>) -> Result<Ready> {
        let (held, ready) = self.start(version, None).await.map_err(|not_started| not_started.error)?;
        self.serve(version, held);
        Ok(ready)
    }

    /// From now on this version serves.
    fn serve(&self, version: &Arc<Version>, held: Held) {
        self.0.serving.send_replace(Serving::Version(Arc::clone(version)));
        let older: Vec<_> = {
            let mut idle = self.0.idle();
            let older = idle.drain(..).collect();
            idle.push(held);
            older
        };
        for held in older {
            held.take_down();
        }
    }

    /// There is no version, and this is why. One that serves goes on.
    pub(super) fn break_down(&self, why: &str) {
        self.0.serving.send_if_modified(|serving| {
            let is_serving = matches!(serving, Serving::Version(_));
            if !is_serving {
                *serving = Serving::Broken(why.into());
            }
            !is_serving
        });
    }

    /// A new attempt begins: who asks now waits for it, unless a version serves.
    pub(super) fn hope(&self) {
        self.0.serving.send_if_modified(|serving| {
            let is_broken = matches!(serving, Serving::Broken(_));
            if is_broken {
                *serving = Serving::Nothing;
            }
            is_broken
        });
    }

    /// The version that serves.
    pub(super) fn version(&self) -> Option<Arc<Version>> {
        match &*self.0.serving.borrow() {
            Serving::Version(version) => Some(Arc::clone(version)),
            _ => None,
        }
    }

    /// Measures the memory of all containers.
    pub(super) async fn measure(&self) {
        let hosts: Vec<_> = self.0.journal.read(|state| {
            let alive = state.containers.iter().filter(|life| !matches!(life.stand, Stand::Ended(_)));
            alive.filter_map(|life| Some((life.number, life.pid?))).collect()
        });
        let journal = Arc::clone(&self.0.journal);
        let measured = tokio::task::spawn_blocking(move || {
            for (number, pid) in hosts {
                measure(&journal, number, Some(pid));
            }
        });
        let _done = measured.await;
    }

    fn say_ended(&self, number: u64, error: Option<&Error>) {
        let told = self.0.journal.read(|state| {
            let invoked = state.invocation(number)?;
            let ended = invoked.ended.as_ref()?;
            let took = ended.at.saturating_duration_since(invoked.arrived).as_secs_f64() * 1e3;
            let verb = invoked.summary.method.clone().unwrap_or_else(|| invoked.summary.kind.clone());
            let container = invoked.taken.map(|(_, container, _)| container);
            let line = serde_json::json!({
                "reason": "trap-request",
                "number": number,
                "request_id": invoked.request_id,
                "method": invoked.summary.method,
                "title": invoked.summary.title,
                "status": ended.status,
                "ms": took,
                "container": container,
                "version": invoked.taken.map(|(_, _, version)| version),
                "error": error.map(Error::code),
            });
            Some((verb, invoked.summary.title.clone(), ended.status, took, line))
        });
        let Some((verb, title, status, took, line)) = told else { return };
        let took = span(took);
        match (error, status) {
            (Some(error), _) => {
                let hint = error.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
                self.0.console.warning(format_args!("{verb} {title} after {took}: {error}{hint}"));
            }
            (None, Some(status)) => self.0.console.request(verb, format!("{status} {title} in {took}")),
            (None, None) => self.0.console.request(verb, format!("{title}, answered in {took}")),
        }
        self.0.console.json(line);
    }

    fn say_reloaded(&self, version: &Version, took: Duration, is_first: bool) {
        let ms = took.as_secs_f64() * 1e3;
        let since = if is_first { "the start" } else { "the save" };
        self.0
            .console
            .status("Answered", format_args!("by version {}, {} after {since}", version.number, span(ms)));
        self.0.console.json(serde_json::json!({
            "reason": "trap-first-answer",
            "version": version.number,
            "ms": ms,
        }));
    }
}

impl Shared {
    fn idle(&self) -> MutexGuard<'_, Vec<Held>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An invocation that waits. Whoever asked may go away before its turn.
pub(super) struct Entry {
    shared: Arc<Shared>,
    number: u64,
    arrived: Instant,
    invocation: Invocation,
    is_open: bool,
}

impl Entry {
    /// The number it has in the journal.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    fn give_up(&mut self, why: &str) {
        self.is_open = false;
        let message = why.lines().next().unwrap_or_default().to_owned();
        let failure = Failure { code: "no-version".into(), message, hint: None };
        self.shared.journal.ended(self.number, Err(()), Some(failure));
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if self.is_open {
            let message = "whoever asked went away before it was its turn".into();
            let failure = Failure { code: "gone".into(), message, hint: None };
            self.shared.journal.ended(self.number, Err(()), Some(failure));
        }
    }
}
