//! The states of a runtime, and which request is allowed in which. Pure: it knows no sockets.

use super::Exit;
use super::refusal::Refusal;

/// Where the runtime of a sandbox stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// No runtime; the next invocation launches one.
    Down,
    /// Launched, has not polled.
    Init,
    /// Reported that it cannot start; about to end.
    InitError(axum::body::Bytes),
    /// Has polled; waits, or is about to be handed the event.
    Ready,
    /// Has the event.
    Running,
    /// Has answered. The invocation is over when it polls again.
    ResponseSent,
    /// Sent an answer that could not be understood; nothing helps but its end.
    ResponseBroken,
    /// Ended while idle. The next invocation is told so, and only the one after launches anew.
    DiedIdle(Exit),
}

/// What a poll leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Poll {
    /// The first since the launch.
    First,
    /// Waits for an event.
    Wait,
    /// An unfinished invocation: the same event again.
    Again,
    /// The invocation is over; then waits for the next.
    Over,
}

/// What an answer is, for the name of the transition it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `/response`.
    Response,
    /// `/error`.
    Error,
}

impl State {
    /// The name the emulator's refusals use.
    fn name(&self) -> &'static str {
        match self {
            Self::Down | Self::DiedIdle(_) => "Exited",
            Self::Init => "Started",
            Self::InitError(_) => "InitError",
            Self::Ready => "Ready",
            Self::Running => "Running",
            Self::ResponseSent => "RuntimeResponseSentState",
            Self::ResponseBroken => "InvocationResponse",
        }
    }

    fn refuse(&self, to: &'static str) -> Refusal {
        Refusal::Transition { from: self.name(), to }
    }

    /// `GET /invocation/next`.
    pub(crate) fn poll(&mut self) -> Result<Poll, Refusal> {
        let poll = match self {
            Self::Init => Poll::First,
            Self::Ready => Poll::Wait,
            Self::Running => return Ok(Poll::Again),
            Self::ResponseSent => Poll::Over,
            Self::Down | Self::DiedIdle(_) | Self::InitError(_) | Self::ResponseBroken => {
                return Err(self.refuse("Ready"));
            }
        };
        *self = Self::Ready;
        Ok(poll)
    }

    /// `POST /invocation/<id>/response` or `/error`, the id being right.
    pub(crate) fn answer(&mut self, kind: Kind) -> Result<(), Refusal> {
        if *self != Self::Running {
            return Err(self.refuse(match kind {
                Kind::Response => "InvocationResponse",
                Kind::Error => "InvocationErrorResponse",
            }));
        }
        *self = Self::ResponseSent;
        Ok(())
    }

    /// `POST /init/error`.
    pub(crate) fn init_error(&mut self, body: axum::body::Bytes) -> Result<(), Refusal> {
        if *self != Self::Init {
            return Err(self.refuse("InitError"));
        }
        *self = Self::InitError(body);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_invocation_goes_from_poll_to_poll() {
        let mut state = State::Init;
        assert_eq!(state.poll(), Ok(Poll::First));
        assert_eq!(state.poll(), Ok(Poll::Wait));
        state = State::Running;
        assert_eq!(state.poll(), Ok(Poll::Again));
        assert_eq!(state.answer(Kind::Response), Ok(()));
        assert_eq!(state.poll(), Ok(Poll::Over));
        assert_eq!(state, State::Ready);
    }

    #[test]
    fn a_refused_request_changes_nothing() {
        let mut state = State::ResponseSent;
        let refusal = Refusal::Transition { from: "RuntimeResponseSentState", to: "InvocationErrorResponse" };
        assert_eq!(state.answer(Kind::Error), Err(refusal));
        assert_eq!(state, State::ResponseSent);
    }

    #[test]
    fn init_errors_are_for_the_time_before_the_first_poll() {
        let mut state = State::Init;
        assert_eq!(state.init_error("{}".into()), Ok(()));
        let twice = Refusal::Transition { from: "InitError", to: "InitError" };
        assert_eq!(state.init_error("{}".into()), Err(twice));
        assert_eq!(state.poll(), Err(Refusal::Transition { from: "InitError", to: "Ready" }));
        state = State::Running;
        assert!(state.init_error("{}".into()).is_err());
    }
}
