//! Watches who answers: the program, the host itself, or somebody else.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use super::Host;
use super::process::{Process, Takeover};
use crate::lambda::{Event, Observer, Phase};

/// Who answered an invocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answerer {
    /// The process whose connection the answer came through.
    pub process: Process,
    /// How it came to be the one.
    pub takeover: Takeover,
}

/// Looks at each answer while its connection exists; that takes about a millisecond, after the answer's
/// time was taken. Where the system does not tell, nothing is seen.
#[derive(Debug)]
pub struct Witness {
    program: PathBuf,
    libraries: Vec<String>,
    /// Whether something may be started in the host's place.
    has_bootstrap: bool,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    host: Option<u32>,
    /// Whether Node came as far as user code: where it did, the program came after it.
    has_loaded: bool,
    answerer: Option<Answerer>,
}

impl Witness {
    /// A witness for a host that is started as `program`.
    pub fn new(program: impl Into<PathBuf>) -> Arc<Self> {
        let (program, libraries) = (program.into(), Vec::new());
        Arc::new(Self { program, libraries, has_bootstrap: false, seen: Mutex::default() })
    }

    /// A witness for a host, which may load libraries.
    pub fn of(host: &Host) -> Arc<Self> {
        let (program, libraries) = (host.program().to_owned(), host.libraries().to_owned());
        let has_bootstrap = host.has_bootstrap();
        Arc::new(Self { program, libraries, has_bootstrap, seen: Mutex::default() })
    }

    /// An observer that looks, then passes every event on.
    pub fn observer(self: &Arc<Self>, next: Observer) -> Observer {
        let witness = Arc::clone(self);
        Observer::new(move |event| {
            witness.look(&event);
            next.pass(event);
        })
    }

    /// Who gave the last answer.
    pub fn answerer(&self) -> Option<Answerer> {
        self.seen().answerer.clone()
    }

    /// The process id of the last host that was started.
    pub fn host(&self) -> Option<u32> {
        self.seen().host
    }

    fn look(&self, event: &Event) {
        match &event.phase {
            Phase::Spawned { pid } => *self.seen() = Seen { host: Some(*pid), ..Seen::default() },
            Phase::LoadingCode => self.seen().has_loaded = true,
            Phase::Answered { peer, .. } => {
                let Some(host) = self.host() else { return };
                let process = Process::connected_from(*peer, host);
                let answerer = process.map(|process| {
                    let takeover = match process.takeover(host, &self.program, &self.libraries) {
                        // Whether a Node was there before the program in its process, only Node itself can tell.
                        Takeover::Exec if self.has_bootstrap && !self.seen().has_loaded => Takeover::Wrapper,
                        takeover => takeover,
                    };
                    Answerer { process, takeover }
                });
                self.seen().answerer = answerer.map(|answerer| self.behind(host, answerer));
            }
            _ => {}
        }
    }

    /// A host that feeds a program has it as a child.
    fn behind(&self, host: u32, answerer: Answerer) -> Answerer {
        match answerer.takeover {
            Takeover::None => Process::below(host, &self.program)
                .map_or(answerer, |process| Answerer { process, takeover: Takeover::Bridge }),
            _ => answerer,
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // What was seen stays true if another observer panicked.
        self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
