//! What the page is shown, as JSON: secrets are masked, and what is long is shortened.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::journal::{Ended, Invoked, Journal, State};
use super::life::{End, Life, Stand};
use super::log::Log;
use super::mask::{self, Masked};
use crate::host::process::Takeover;
use crate::lambda::{Answer, Outcome, Stream, function_url};

/// A longer event, answer or body is cut in the page; it can be had whole.
const SHOWN: usize = 256 * 1024;

/// All that is new since a revision; everything for 0.
pub(super) fn update(journal: &Journal, since: u64) -> (u64, Value) {
    journal.read(|state| {
        let invocations = state.invocations.iter().filter(|invoked| invoked.revision > since);
        let containers = state.containers.iter().filter(|life| life.revision > since);
        let mut update = json!({
            "full": since == 0,
            "now": journal.epoch_ms(std::time::Instant::now()),
            "oldest": state.invocations.front().map(|invoked| invoked.number),
            "invocations": invocations.map(|invoked| line(journal, invoked)).collect::<Vec<_>>(),
            "containers": containers.map(|life| container(journal, life)).collect::<Vec<_>>(),
            "known": state.containers.iter().map(|life| life.number).collect::<Vec<_>>(),
        });
        if state.build.revision > since || since == 0 {
            update["build"] = build(state);
        }
        (state.revision(), update)
    })
}

fn build(state: &State) -> Value {
    let build = &state.build;
    json!({
        "stage": build.stage,
        "changed": build.changed,
        "serving": build.serving,
        "said": build.said,
        "failure": build.failure,
    })
}

/// An invocation in the list.
fn line(journal: &Journal, invoked: &Invoked) -> Value {
    let ms = |from, to: std::time::Instant| to.saturating_duration_since(from).as_secs_f64() * 1e3;
    let ended = invoked.ended.as_ref();
    json!({
        "number": invoked.number,
        "requestId": invoked.request_id,
        "kind": invoked.summary.kind,
        "method": invoked.summary.method,
        "title": invoked.summary.title,
        "arrived": journal.epoch_ms(invoked.arrived),
        "state": match (&invoked.ended, &invoked.taken) {
            (Some(_), _) => "done",
            (None, Some(_)) => "running",
            (None, None) => "waiting",
        },
        "status": ended.and_then(|ended| ended.status),
        "failure": ended.and_then(|ended| ended.failure.as_ref()),
        "ms": ended.map(|ended| ms(invoked.arrived, ended.at)),
        "waitedMs": invoked.taken.map(|(at, ..)| ms(invoked.arrived, at)),
        "startMs": invoked.taken.zip(invoked.delivered).map(|((at, ..), delivered)| ms(at, delivered)),
        "programMs": invoked.delivered.zip(invoked.answered).map(|(delivered, answered)| ms(delivered, answered)),
        "container": invoked.taken.map(|(_, container, _)| container),
        "version": invoked.taken.map(|(.., version)| version),
        "lines": invoked.log.count(),
        "again": invoked.again,
    })
}

fn container(journal: &Journal, life: &Life) -> Value {
    let (stand, why) = match &life.stand {
        Stand::Starting => ("starting", None),
        Stand::Idle => ("idle", None),
        Stand::Busy => ("busy", None),
        Stand::Ended(End::TakenDown) => ("ended", None),
        Stand::Ended(End::Exited(exit)) => ("ended", Some(exit.to_string())),
        Stand::Ended(End::NotLaunched(reason)) => ("ended", Some(reason.clone())),
    };
    let phases = life.phases(journal.clock());
    json!({
        "number": life.number,
        "version": life.version,
        "stand": stand,
        "why": why,
        "pid": life.pid,
        "started": life.spawned.map(|at| journal.epoch_ms(at)),
        "takeover": life.takeover.map(|takeover| match takeover {
            Takeover::Exec => "exec",
            Takeover::Spawn => "spawn",
            Takeover::Bridge => "bridge",
            Takeover::Library => "library",
            Takeover::Wrapper => "wrapper",
            Takeover::None => "none",
        }),
        "phases": phases.iter().map(|(step, ms)| json!([step, ms])).collect::<Vec<_>>(),
        "memory": life.memory,
        "memoryPeak": life.memory_peak,
        "answers": life.answers,
        "lines": life.log.count(),
    })
}

/// Everything about an invocation.
pub(super) fn invocation(journal: &Journal, state: &State, invoked: &Invoked, is_revealed: bool) -> Value {
    let mut view = line(journal, invoked);
    let event = shown(&invoked.payload, is_revealed);
    view["event"] = event;
    view["answer"] = match &invoked.ended {
        Some(ended) => answer(invoked, ended, is_revealed),
        None => Value::Null,
    };
    // An event that nobody came to have: what there is to know was said at the start.
    let never_had = invoked.ended.is_some() && invoked.delivered.is_none();
    let starting = invoked.taken.filter(|_| never_had).and_then(|(_, number, _)| state.container(number));
    view["log"] = log(journal, starting.map_or(&invoked.log, |life| &life.log));
    view
}

/// What a container wrote before its first event.
pub(super) fn starting(journal: &Journal, life: &Life) -> Value {
    let mut view = container(journal, life);
    view["log"] = log(journal, &life.log);
    view
}

fn log(journal: &Journal, log: &Log) -> Value {
    let (head, left_out, tail) = log.parts();
    let line = |line: &super::log::Line| {
        let stream = match line.stream {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        };
        json!([journal.epoch_ms(line.at), stream, anstream::adapter::strip_str(&line.text).to_string()])
    };
    json!({
        "head": head.iter().map(line).collect::<Vec<_>>(),
        "leftOut": left_out,
        "tail": tail.map(line).collect::<Vec<_>>(),
    })
}

/// JSON that can be shown; other text as it is.
fn shown(bytes: &[u8], is_revealed: bool) -> Value {
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else {
        return text(bytes);
    };
    let masked = Masked::new(value.clone());
    let hidden = masked.count();
    let value = if is_revealed { value } else { masked.value };
    let pretty = serde_json::to_string_pretty(&value).unwrap_or_default();
    let mut view = text(pretty.as_bytes());
    view["json"] = true.into();
    view["hidden"] = hidden.into();
    view["bytes"] = bytes.len().into();
    view
}

fn text(bytes: &[u8]) -> Value {
    let end = bytes.len().min(SHOWN);
    match std::str::from_utf8(bytes) {
        Ok(whole) => {
            let end = (0..=end).rev().find(|at| whole.is_char_boundary(*at)).unwrap_or(0);
            json!({ "text": whole[..end], "cut": end < whole.len(), "bytes": bytes.len(), "hidden": 0 })
        }
        Err(_) => json!({
            "base64": STANDARD.encode(&bytes[..end]), "cut": end < bytes.len(), "bytes": bytes.len(), "hidden": 0,
        }),
    }
}

fn answer(invoked: &Invoked, ended: &Ended, is_revealed: bool) -> Value {
    match &ended.outcome {
        Ok(Outcome::Answered(answer)) if invoked.summary.method.is_some() => http(answer, is_revealed),
        Ok(Outcome::Answered(answer)) => json!({ "raw": shown(&answer.body, is_revealed) }),
        Ok(Outcome::FunctionError { body, .. } | Outcome::InitError { body }) => {
            json!({ "raw": shown(body, is_revealed) })
        }
        _ => Value::Null,
    }
}

/// An answer as the caller of a function URL gets it, and as the program gave it.
fn http(answer: &Answer, is_revealed: bool) -> Value {
    let mut view = json!({ "raw": shown(&answer.body, is_revealed) });
    let Ok(response) = function_url::response(answer) else { return view };
    let (parts, body) = response.into_parts();
    view["status"] = parts.status.as_u16().into();
    view["reason"] = parts.status.canonical_reason().into();
    let headers = parts.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        let is_hidden = !is_revealed && mask::is_secret(name.as_str());
        json!([name.as_str(), if is_hidden { "•••".into() } else { value }])
    });
    view["headers"] = headers.collect();
    view["body"] = text(&body);
    view
}

/// The variables of a container by name; values of those that may be secret, which is each that was given, are
/// masked unless asked for.
pub(super) fn environment(version: Option<&Arc<super::version::Version>>, is_revealed: bool) -> Value {
    let Some(version) = version else { return json!([]) };
    // Each container has a port of its own.
    let all = version.host.variables(&version.function, ([127, 0, 0, 1], 0).into());
    let variables = all.into_iter().map(|(name, value)| {
        let value = value.to_string_lossy();
        let value = if name == "AWS_LAMBDA_RUNTIME_API" { "127.0.0.1:<port>".into() } else { value };
        let value = if is_revealed { value } else { "•••".into() };
        json!([name.to_string_lossy(), value])
    });
    variables.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lambda::Invocation;

    fn journal(event: &str, answer: &str) -> Arc<Journal> {
        let journal = Journal::new();
        let number = journal.arrived(&Invocation::new(event.to_owned()), None);
        let answer = Answer { body: answer.to_owned().into(), ..Answer::default() };
        journal.ended(number, Ok(Outcome::Answered(answer)), None);
        journal
    }

    fn seen(journal: &Journal, is_revealed: bool) -> Value {
        journal.read(|state| invocation(journal, state, state.invocation(1).expect("kept"), is_revealed))
    }

    const EVENT: &str = r#"{"rawPath":"/","headers":{"authorization":"Bearer b"},"cookies":["s=1"],"requestContext":{"http":{"method":"GET"}}}"#;
    const ANSWER: &str =
        r#"{"statusCode":201,"headers":{"content-type":"text/html"},"cookies":["id=7"],"body":"<b>hi</b>"}"#;

    #[test]
    fn secrets_are_shown_only_when_asked_for() {
        let journal = journal(EVENT, ANSWER);
        for secret in ["Bearer b", "s=1", "id=7"] {
            assert!(!seen(&journal, false).to_string().contains(secret), "{secret}");
            assert!(seen(&journal, true).to_string().contains(secret), "{secret}");
        }
        let view = seen(&journal, false);
        assert_eq!((&view["event"]["hidden"], &view["answer"]["raw"]["hidden"]), (&json!(2), &json!(1)));
        assert!(!update(&journal, 0).1.to_string().contains("Bearer"));
    }

    #[test]
    fn an_answer_is_shown_as_the_caller_gets_it() {
        let answer = seen(&journal(EVENT, ANSWER), false)["answer"].clone();
        assert_eq!((&answer["status"], &answer["reason"]), (&json!(201), &json!("Created")));
        assert_eq!(answer["body"]["text"], "<b>hi</b>");
        assert_eq!(answer["headers"], json!([["content-type", "text/html"], ["set-cookie", "•••"]]));
        let event = seen(&journal("{}", "[1]"), false);
        assert_eq!(
            (&event["answer"]["status"], &event["answer"]["raw"]["text"]),
            (&Value::Null, &json!("[\n  1\n]"))
        );
    }

    #[test]
    fn what_is_long_is_cut_between_characters_and_what_is_no_text_is_encoded() {
        let long = "é".repeat(SHOWN);
        let view = text(long.as_bytes());
        assert_eq!((&view["cut"], view["text"].as_str().map(str::len)), (&json!(true), Some(SHOWN)));
        assert_eq!(text(&[0xff, 0])["base64"], "/wA=");
    }

    #[test]
    fn an_update_has_only_what_is_new() {
        let journal = journal(EVENT, ANSWER);
        let (revision, all) = update(&journal, 0);
        assert_eq!((all["invocations"].as_array().map(Vec::len), &all["full"]), (Some(1), &json!(true)));
        assert!(all["build"].is_object());
        let (_, nothing) = update(&journal, revision);
        assert_eq!(nothing["invocations"], json!([]));
        assert!(nothing.get("build").is_none());
    }
}
