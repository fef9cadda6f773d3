//! What went wrong between the host and the program, in words, with what to do.

use serde_json::Value;

use crate::lambda::{Answer, Exit, Function, Outcome, When};
use crate::ui::Ui;
use crate::{Class, Error, Result};

/// How far the host and the program came.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reached {
    /// The host was about to load user code.
    pub(crate) code: bool,
    /// Somebody asked for an event.
    pub(crate) poll: bool,
}

/// The answer, or why there is none.
pub(crate) fn check(outcome: Outcome, function: &Function, reached: Reached, ui: &Ui) -> Result<Answer> {
    Err(match outcome {
        Outcome::Answered(answer) => return Ok(answer),
        Outcome::FunctionError { body, .. } => told("function-error", "the handler failed", &body, ui),
        Outcome::InitError { body } => told("init-error", "the host could not load the artifact", &body, ui),
        Outcome::TooLarge => {
            failed("answer-too-large", "the answer is larger than the 6 MB that Lambda carries")
        }
        Outcome::TimedOut => timed_out(function, reached),
        Outcome::Exited { exit, when, posted } => exited(exit, when, posted.is_some(), reached),
        Outcome::NotLaunched { reason } => {
            failed("host-start", format!("the host could not be started: {reason}"))
        }
        Outcome::ShutDown => failed("interrupted", "the host was stopped before it answered"),
    })
}

fn failed(code: &'static str, message: impl Into<String>) -> Error {
    Error::known(code, Class::Run, message)
}

/// An error that the host or the program reported itself.
fn told(code: &'static str, what: &str, body: &[u8], ui: &Ui) -> Error {
    let Ok(Value::Object(error)) = serde_json::from_slice(body) else {
        return failed(code, format!("{what}: {}", String::from_utf8_lossy(body)));
    };
    let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
    let stack = error.get("stackTrace").or(error.get("trace")).and_then(Value::as_array);
    for line in stack.into_iter().flatten().filter_map(Value::as_str) {
        ui.detail("stack", line);
    }
    // The trampoline's message says what happened in its first line and what to do in the next.
    if text("code").starts_with("TRAP_") {
        let message = text("errorMessage");
        let (happened, advice) = message.split_once('\n').unwrap_or((message, ""));
        let error = failed("hand-over", format!("the hand-over failed with {}: {happened}", text("code")));
        let advice = advice.strip_prefix("help: ").unwrap_or(advice);
        return match advice.trim() {
            "" => error.with_hint(
                "`TRAP_LOG=debug` shows each step; `cargo trap inspect` shows what the artifact holds",
            ),
            advice => error.with_hint(advice),
        };
    }
    let kind = match (text("errorType"), text("code")) {
        ("", "") => String::new(),
        (kind, "") => format!("{kind}: "),
        (kind, code) => format!("{kind} [{code}]: "),
    };
    failed(code, format!("{what}: {kind}{}", text("errorMessage"))).with_hint("`--verbose` shows the stack")
}

fn timed_out(function: &Function, reached: Reached) -> Error {
    let task = function.timed_out();
    let task = task.replacen("Task", "the task", 1);
    if reached.poll {
        return failed("timeout", format!("{task}: the program has the request and did not answer"))
            .with_hint("`--timeout <seconds>` gives it longer");
    }
    failed("timeout", format!("{task}: nobody asked for the request"))
        .with_hint("the program must poll the Lambda Runtime API, as `trap_runtime::run` and `lambda_http::run` do; `TRAP_LOG=debug` shows how far the hand-over came, `--timeout <seconds>` gives it longer")
}

fn exited(exit: Exit, when: When, has_answered: bool, reached: Reached) -> Error {
    let how = match exit {
        Exit::Status(status) => format!("ended with exit status {status}"),
        Exit::Signal(number) => {
            format!("was ended by signal {number} ({})", exit.to_string().replacen("signal: ", "", 1))
        }
    };
    if has_answered {
        return failed(
            "program-exited",
            format!("the program answered, and then {how} instead of polling again"),
        )
        .with_hint("it must keep polling: a platform would count this as a crash");
    }
    match when {
        When::Init if !reached.code => {
            failed("host-exited", format!("Node {how} before it loaded the artifact"))
                .with_hint("its complaint is above; `--node <path>` boots another")
        }
        When::Init => failed("program-exited", format!("the program {how} before it asked for the request"))
            .with_hint("what it logged is above; a program for this must poll the Lambda Runtime API, as `trap_runtime::run` and `lambda_http::run` do"),
        When::Idle | When::Invocation => {
            failed("program-exited", format!("the program {how} while it had the request"))
                .with_hint("what it logged is above; `RUST_BACKTRACE=1` reaches it")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(outcome: Outcome) -> Error {
        check(outcome, &Function::new("f"), Reached::default(), &Ui::default()).expect_err("a failure")
    }

    #[test]
    fn the_trampolines_code_and_advice_are_shown() {
        let body = r#"{"errorType":"TrapError","errorMessage":"no program for x64\nhelp: run `cargo trap build --arch x64`","code":"TRAP_ARCH","stackTrace":[]}"#;
        let error = error(Outcome::InitError { body: body.into() });
        assert_eq!(error.to_string(), "the hand-over failed with TRAP_ARCH: no program for x64");
        assert_eq!(error.hint(), Some("run `cargo trap build --arch x64`"));
        assert_eq!(error.code(), "hand-over");
    }

    #[test]
    fn reported_errors_are_told_with_their_type() {
        let body = r#"{"errorType":"Error","errorMessage":"x","code":"ENOENT"}"#;
        let told = error(Outcome::FunctionError { body: body.into(), kind: None }).to_string();
        assert_eq!(told, "the handler failed: Error [ENOENT]: x");
        let told = error(Outcome::InitError { body: "plain".into() }).to_string();
        assert_eq!(told, "the host could not load the artifact: plain");
    }

    #[test]
    fn deaths_say_how_and_when() {
        let exited = |exit, when, posted: Option<&'static str>| {
            error(Outcome::Exited { exit, when, posted: posted.map(Into::into) }).to_string()
        };
        assert_eq!(
            exited(Exit::Status(3), When::Init, None),
            "Node ended with exit status 3 before it loaded the artifact"
        );
        assert_eq!(
            exited(Exit::Signal(9), When::Invocation, None),
            "the program was ended by signal 9 (killed) while it had the request"
        );
        assert_eq!(
            exited(Exit::Status(0), When::Invocation, Some("1")),
            "the program answered, and then ended with exit status 0 instead of polling again"
        );
    }

    #[test]
    fn every_failure_is_of_the_class_for_runs() {
        for outcome in [Outcome::TimedOut, Outcome::TooLarge, Outcome::ShutDown] {
            let error = error(outcome);
            assert_eq!(error.exit_code(), std::process::ExitCode::from(6), "{error}");
        }
    }
}
