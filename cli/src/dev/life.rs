//! The life of a container as it is seen from outside: how it started, phase by phase, and what it does now.

use std::time::Instant;

use axum::body::Bytes;

use super::log::Log;
use crate::bench::laps::{self, Laps, Moments, Told};
use crate::bench::model::Phase as Step;
use crate::host::process::Takeover;
use crate::host::{Answerer, Clock};
use crate::lambda::{Event, Exit, Phase, Stream};

/// Where a container stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Stand {
    /// It starts.
    #[default]
    Starting,
    /// It waits for an event.
    Idle,
    /// It has one.
    Busy,
    /// It has ended, or never began.
    Ended(End),
}

/// How a container ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Its host ended by itself.
    Exited(Exit),
    /// It was taken down: a newer version, or the end of the server.
    TakenDown,
    /// No process could be started.
    NotLaunched(String),
}

/// One container.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) number: u32,
    pub(super) version: u32,
    pub(super) revision: u64,
    pub(super) stand: Stand,
    pub(super) pid: Option<u32>,
    pub(super) spawned: Option<Instant>,
    pub(super) loading: Option<Instant>,
    pub(super) polled: Option<Instant>,
    pub(super) delivered: Option<Instant>,
    pub(super) answered: Option<Instant>,
    laps: Option<Laps>,
    main: Option<Instant>,
    pub(super) init_error: Option<Bytes>,
    pub(super) takeover: Option<Takeover>,
    /// Memory of all its processes, shared pages split among those who share them; and the most it was seen to be.
    pub(super) memory: Option<u64>,
    pub(super) memory_peak: Option<u64>,
    /// How many events it has answered.
    pub(super) answers: u64,
    /// What it wrote before its first event.
    pub(super) log: Log,
    /// The invocation whose lines it writes, and the one that it gets next.
    pub(super) current: Option<u64>,
    pub(super) next: Option<u64>,
}

impl Life {
    pub(super) fn new(number: u32, version: u32) -> Self {
        Self {
            number,
            version,
            revision: 0,
            stand: Stand::Starting,
            pid: None,
            spawned: None,
            loading: None,
            polled: None,
            delivered: None,
            answered: None,
            laps: None,
            main: None,
            init_error: None,
            takeover: None,
            memory: None,
            memory_peak: None,
            answers: 0,
            log: Log::default(),
            current: None,
            next: None,
        }
    }

    /// Takes an event in. Lines are given back unless they were written to be measured by.
    pub(super) fn note(&mut self, event: &Event, clock: Option<Clock>) -> Option<(Stream, String)> {
        let at = event.at;
        match &event.phase {
            Phase::Spawned { pid } => {
                // A second launch begins anew.
                *self = Self {
                    log: std::mem::take(&mut self.log),
                    current: self.current,
                    next: self.next,
                    answers: self.answers,
                    revision: self.revision,
                    pid: Some(*pid),
                    spawned: Some(at),
                    ..Self::new(self.number, self.version)
                };
            }
            Phase::LoadingCode => self.loading = Some(at),
            Phase::FirstPoll { .. } => {
                self.polled = Some(at);
                if self.stand == Stand::Starting {
                    self.stand = Stand::Idle;
                }
            }
            Phase::Delivered { .. } => {
                self.delivered = self.delivered.or(Some(at));
                self.stand = Stand::Busy;
                self.current = self.next.or(self.current);
            }
            Phase::Answered { .. } => {
                self.answered = self.answered.or(Some(at));
                self.answers += 1;
            }
            Phase::NotLaunched { reason } => self.stand = Stand::Ended(End::NotLaunched(reason.clone())),
            Phase::InitError { body } => self.init_error = Some(body.clone()),
            Phase::Exited(exit) => {
                self.memory = None;
                if !matches!(self.stand, Stand::Ended(_)) {
                    self.stand = Stand::Ended(End::Exited(*exit));
                }
            }
            Phase::TimedOut { .. } | Phase::Used { .. } => {}
            Phase::Log { stream, line } => return self.line(*stream, line, clock),
        }
        None
    }

    fn line(&mut self, stream: Stream, line: &str, clock: Option<Clock>) -> Option<(Stream, String)> {
        match (stream, Told::read(line)) {
            (Stream::Stderr, Some(Told::Laps(laps))) => self.laps = self.laps.take().or(Some(laps)),
            (Stream::Stderr, Some(Told::Main(told))) => {
                self.main = self.main.or_else(|| clock.and_then(|clock| clock.instant(told)));
            }
            _ => return Some((stream, line.to_owned())),
        }
        None
    }

    /// Who answered first, and how that came.
    pub(super) fn answered_by(&mut self, answerer: &Answerer) {
        self.takeover = Some(answerer.takeover);
    }

    /// The phases of the start, in milliseconds, each from the end of the one before; of those that were seen. The
    /// last is the first answer, from its event's delivery: before it nobody may have asked.
    pub(super) fn phases(&self, clock: Option<Clock>) -> Vec<(Step, f64)> {
        let Some(since) = self.spawned else { return Vec::new() };
        let after = |at: Instant| at.saturating_duration_since(since).as_secs_f64() * 1e3;
        let traced = self.traced(after, clock);
        let mut phases = traced.unwrap_or_else(|| self.coarse(after));
        if let (Some(delivered), Some(answered)) = (self.delivered, self.answered) {
            phases.push((Step::Answer, after(answered) - after(delivered)));
        }
        phases
    }

    /// As the artifact told them itself.
    fn traced(&self, after: impl Fn(Instant) -> f64, clock: Option<Clock>) -> Option<Vec<(Step, f64)>> {
        let (laps, clock) = (self.laps.as_ref()?, clock?);
        let moments = Moments {
            loading: self.loading.map(&after),
            loaded: after(clock.instant(laps.loaded)?),
            asked: after(clock.instant(laps.asked)?),
            main: self.main.map(&after),
            polled: after(self.polled?),
            answered: None,
        };
        laps::trace(0, &moments, laps).ok().map(|trace| trace.phases)
    }

    /// As far as they can be seen from outside.
    fn coarse(&self, after: impl Fn(Instant) -> f64) -> Vec<(Step, f64)> {
        let mut last = 0.0;
        let mut phases = Vec::new();
        let before_poll =
            if self.loading.is_some() && self.main.is_none() { Step::HandOver } else { Step::Poll };
        let before_main = if self.loading.is_some() { Step::HandOver } else { Step::Main };
        let moments = [(Step::Boot, self.loading), (before_main, self.main), (before_poll, self.polled)];
        for (step, at) in moments.into_iter().filter_map(|(step, at)| Some((step, after(at?)))) {
            phases.push((step, (at - last).max(0.0)));
            last = last.max(at);
        }
        phases
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn events(life: &mut Life, phases: Vec<(u64, Phase)>) {
        let since = Instant::now();
        for (ms, phase) in phases {
            let event = Event { at: since + Duration::from_millis(ms), sandbox: 1, launch: 1, phase };
            life.note(&event, Clock::common());
        }
    }

    fn peer() -> std::net::SocketAddr {
        ([127, 0, 0, 1], 9).into()
    }

    fn told(life: &Life) -> Vec<(Step, u64)> {
        life.phases(Clock::common()).into_iter().map(|(step, ms)| (step, ms.round() as u64)).collect()
    }

    #[test]
    fn without_a_word_from_inside_the_phases_are_coarse() {
        let mut life = Life::new(1, 1);
        let id = || "id".to_owned();
        events(
            &mut life,
            vec![
                (0, Phase::Spawned { pid: 1 }),
                (30, Phase::LoadingCode),
                (42, Phase::FirstPoll { peer: peer() }),
                (900, Phase::Delivered { request_id: id(), peer: peer() }),
                (903, Phase::Answered { request_id: id(), peer: peer(), error: false }),
            ],
        );
        assert_eq!(told(&life), [(Step::Boot, 30), (Step::HandOver, 12), (Step::Answer, 3)]);
        assert_eq!((life.stand, life.answers), (Stand::Busy, 1));
    }

    #[test]
    fn a_program_alone_has_no_boot() {
        let mut life = Life::new(1, 1);
        events(&mut life, vec![(0, Phase::Spawned { pid: 1 }), (2, Phase::FirstPoll { peer: peer() })]);
        assert_eq!(told(&life), [(Step::Poll, 2)]);
        assert_eq!(life.stand, Stand::Idle);
    }

    #[test]
    fn lines_that_measure_are_no_log_and_a_restart_begins_anew() {
        let mut life = Life::new(1, 1);
        let line = |stream, line: &str| Event {
            at: Instant::now(),
            sandbox: 1,
            launch: 1,
            phase: Phase::Log { stream, line: line.into() },
        };
        assert!(life.note(&line(Stream::Stderr, "trap-main 5"), None).is_none());
        assert!(life.note(&line(Stream::Stdout, "trap-main 5"), None).is_some());
        assert!(life.note(&line(Stream::Stderr, "hello"), None).is_some());
        events(&mut life, vec![(0, Phase::Spawned { pid: 1 }), (5, Phase::Exited(Exit::Status(3)))]);
        assert_eq!(life.stand, Stand::Ended(End::Exited(Exit::Status(3))));
        events(&mut life, vec![(0, Phase::Spawned { pid: 2 })]);
        assert_eq!((life.stand, life.pid), (Stand::Starting, Some(2)));
    }
}
