//! How an invocation ended, as a value and as the emulator tells it.

use axum::body::Bytes;

use super::{Exit, Function, PAYLOAD_LIMIT};

/// What the program posted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The body, byte for byte; a streamed one is collected.
    pub body: Bytes,
    /// Its content type.
    pub content_type: Option<String>,
    /// True when the program streamed it (`Lambda-Runtime-Function-Response-Mode`).
    pub streamed: bool,
}

/// When a runtime ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Before it polled for the first time.
    Init,
    /// While it waited for an event.
    Idle,
    /// With an event in hand, or having answered and not polled again.
    Invocation,
}

/// How an invocation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The program answered, and polled for more.
    Answered(Answer),
    /// The program reported an error.
    FunctionError {
        /// What it posted: usually `errorType`, `errorMessage`, `stackTrace`.
        body: Bytes,
        /// `Lambda-Runtime-Function-Error-Type`.
        kind: Option<String>,
    },
    /// The answer was larger than Lambda carries.
    TooLarge,
    /// The deadline passed, and the runtime was killed.
    TimedOut,
    /// The runtime reported that it cannot start, and ended.
    InitError {
        /// What it posted.
        body: Bytes,
    },
    /// The runtime ended.
    Exited {
        /// How.
        exit: Exit,
        /// When.
        when: When,
        /// What it had posted before, if it had.
        posted: Option<Bytes>,
    },
    /// No runtime could be launched.
    NotLaunched {
        /// What the system said.
        reason: String,
    },
    /// The sandbox was shut down first.
    ShutDown,
}

/// A finished invocation.
#[derive(Clone, Debug)]
pub struct Done {
    /// Its id.
    pub request_id: String,
    /// How it ended.
    pub outcome: Outcome,
}

impl Done {
    /// Status and body that the emulator's invoke endpoint gives.
    pub fn reply(&self, function: &Function) -> (u16, Bytes) {
        match &self.outcome {
            Outcome::Answered(answer) => (200, answer.body.clone()),
            Outcome::FunctionError { body, .. } => (200, body.clone()),
            Outcome::TooLarge => {
                let text = format!(
                    "Response payload size exceeded maximum allowed payload size ({PAYLOAD_LIMIT} bytes)."
                );
                (200, self.error("Function.ResponseSizeTooLarge", &text))
            }
            Outcome::TimedOut => (200, function.timed_out().into()),
            Outcome::InitError { body } => (502, body.clone()),
            Outcome::Exited { posted: Some(body), .. } => (502, body.clone()),
            Outcome::Exited { when: When::Init, .. } => (502, Bytes::new()),
            Outcome::Exited { exit, .. } => {
                let text = format!("RequestId: {} Error: {}", self.request_id, exit.reason());
                (502, self.error("Runtime.ExitError", &text))
            }
            Outcome::NotLaunched { reason } => {
                let text = format!("RequestId: {} Error: {reason}", self.request_id);
                (502, self.error("Runtime.InvalidEntrypoint", &text))
            }
            Outcome::ShutDown => (502, self.error("Sandbox.Failure", "the sandbox was shut down")),
        }
    }

    fn error(&self, kind: &str, message: &str) -> Bytes {
        // By hand, because the order of the keys is part of what is compared.
        let quoted = serde_json::Value::from(message);
        format!(r#"{{"errorType":"{kind}","errorMessage":{quoted}}}"#).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(outcome: Outcome) -> (u16, String) {
        let done = Done { request_id: "ID".into(), outcome };
        let (status, body) = done.reply(&Function::new("f"));
        (status, String::from_utf8(body.to_vec()).expect("replies are text"))
    }

    #[test]
    fn a_dead_runtime_is_told_as_the_emulator_tells_it() {
        let exited = |when| Outcome::Exited { exit: Exit::Signal(9), when, posted: None };
        let told = r#"{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ID Error: Runtime exited with error: signal: killed"}"#;
        assert_eq!(reply(exited(When::Invocation)), (502, told.into()));
        assert_eq!(reply(exited(When::Idle)), (502, told.into()));
        assert_eq!(reply(exited(When::Init)), (502, String::new()));
    }

    #[test]
    fn what_was_posted_before_the_end_is_still_the_body() {
        let body = Bytes::from_static(b"{\"ok\":1}");
        let outcome = Outcome::Exited { exit: Exit::Status(4), when: When::Invocation, posted: Some(body) };
        assert_eq!(reply(outcome), (502, "{\"ok\":1}".into()));
    }

    #[test]
    fn a_timeout_is_plain_text() {
        assert_eq!(reply(Outcome::TimedOut), (200, "Task timed out after 30.00 seconds".into()));
    }
}
