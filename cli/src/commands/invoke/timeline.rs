//! When each step of an invocation happened.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::failure::Reached;
use crate::lambda::Phase;

/// Moments, each noted the first time it comes, of the last launch.
#[derive(Debug, Default)]
pub(super) struct Timeline(Mutex<Moments>);

#[derive(Clone, Copy, Debug, Default)]
struct Moments {
    spawned: Option<Instant>,
    loading: Option<Instant>,
    polled: Option<Instant>,
    delivered: Option<Instant>,
    answered: Option<Instant>,
}

/// How long each step took; `None` where its ends were not seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Durations {
    /// From the start of Node until it is about to load user code.
    pub(super) boot: Option<Duration>,
    /// From there until the first poll: loading the artifact, installing the program, handing over, the
    /// program's own start.
    pub(super) hand_over: Option<Duration>,
    /// From the start of what was started in Node's place until its first poll.
    pub(super) start: Option<Duration>,
    /// From the event's delivery until the answer.
    pub(super) answer: Option<Duration>,
}

impl Timeline {
    /// Notes what happened at `at`.
    pub(super) fn note(&self, at: Instant, phase: &Phase) {
        let mut moments = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match phase {
            Phase::Spawned { .. } => *moments = Moments { spawned: Some(at), ..Moments::default() },
            Phase::LoadingCode => moments.loading = moments.loading.or(Some(at)),
            Phase::FirstPoll { .. } => moments.polled = moments.polled.or(Some(at)),
            Phase::Delivered { .. } => moments.delivered = moments.delivered.or(Some(at)),
            Phase::Answered { .. } => moments.answered = moments.answered.or(Some(at)),
            _ => {}
        }
    }

    /// How far it came.
    pub(super) fn reached(&self) -> Reached {
        let moments = self.moments();
        Reached { code: moments.loading.is_some(), poll: moments.polled.is_some() }
    }

    /// How long each step took.
    pub(super) fn durations(&self) -> Durations {
        let moments = self.moments();
        let between = |from: Option<Instant>, to: Option<Instant>| Some(to?.saturating_duration_since(from?));
        Durations {
            boot: between(moments.spawned, moments.loading),
            start: between(moments.spawned, moments.polled).filter(|_| moments.loading.is_none()),
            hand_over: between(moments.loading, moments.polled),
            answer: between(moments.delivered, moments.answered),
        }
    }

    fn moments(&self) -> Moments {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
