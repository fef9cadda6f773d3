//! Typed handlers, async and blocking: each promise is kept by both.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{
    program::Program,
    runtime_api::{Answered, RuntimeApi},
};

const KINDS: [&str; 2] = ["async", "blocking"];

/// Sends events to one program, in order, and hands out what it posted.
async fn posted(kind: &str, events: &[Value]) -> (Vec<Answered>, Program) {
    let mut api = RuntimeApi::start().await;
    let program = Program::start_typed(kind, &api.variables());
    let mut answers = Vec::new();
    for event in events {
        api.send(event.clone());
        answers.push(api.answered().await);
    }
    (answers, program)
}

#[tokio::test]
async fn events_are_answered_one_after_the_other() {
    for kind in KINDS {
        let greet = |name: &str| json!({ "do": "greet", "name": name });
        let (answers, _) = posted(kind, &[greet("Ferris"), greet("Grüße \u{1f980}")]).await;
        let seen: Vec<_> =
            answers.iter().map(|answer| (answer.kind.as_str(), answer.body["hello"].as_str())).collect();
        let expected = [("response", Some("Ferris")), ("response", Some("Grüße \u{1f980}"))];
        assert_eq!(seen, expected, "{kind}");
        // Lambda refuses an answer to a delivery that it gave up.
        assert!(answers.iter().all(|answer| answer.invocation_id.as_deref() == Some("delivery-1")), "{kind}");
    }
}

#[tokio::test]
async fn a_handler_may_be_told_about_its_event() {
    for kind in KINDS {
        let (answers, _) = posted(kind, &[json!({ "do": "tell" })]).await;
        let told = &answers[0].body["told"];
        assert_eq!(told["request_id"], "8476a536-e9f4-11e8-9739-2dfe598c3fcd", "{kind}");
        assert_eq!(told["arn"], "arn:aws:lambda:eu-central-1:123456789012:function:ask", "{kind}");
        assert_eq!(told["trace"], "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1", "{kind}");
        assert_eq!(told["client"]["custom"], json!({ "a": "b" }), "{kind}");
        // The deadline is in the year 2100.
        assert!(
            told["remaining"]["secs"].as_u64().is_some_and(|seconds| seconds > 1_000_000_000),
            "{kind}: {told}"
        );
    }
}

#[tokio::test]
async fn whatever_fails_fails_its_own_event_and_is_logged() {
    for kind in KINDS {
        let events = [
            json!({ "do": "refuse" }),
            json!({ "do": "refuse-by-name", "kind": "Off Menu" }),
            json!({ "do": "panic" }),
            json!({ "do": "greet" }),
            json!(7),
            json!({ "do": "greet", "name": "after all that" }),
        ];
        let (answers, mut program) = posted(kind, &events).await;
        let field = |name: &str| -> Vec<_> {
            answers.iter().map(|answer| answer.body[name].as_str().unwrap_or_default().to_owned()).collect()
        };
        let kinds: Vec<_> = answers.iter().map(|answer| answer.kind.as_str()).collect();
        assert_eq!(kinds, ["error", "error", "error", "error", "error", "response"], "{kind}");
        let types = field("errorType");
        assert_eq!(
            (&types[..2], &types[3..5]),
            (
                &["OffMenu", "Off Menu"].map(str::to_owned)[..],
                &["InvalidEvent", "InvalidEvent"].map(str::to_owned)[..]
            ),
            "{kind}"
        );
        let messages = field("errorMessage");
        assert_eq!(messages[0], "that is not on the menu", "{kind}");
        assert!(messages[2].contains("the kitchen burns"), "{kind}: {}", messages[2]);
        assert!(messages[3].contains("missing field `name`"), "{kind}: {}", messages[3]);
        assert_eq!(answers[5].body["hello"], "after all that", "{kind}");

        program.signal(Signal::TERM);
        let log = program.remarks().await;
        for line in [
            "OffMenu: that is not on the menu\n",
            "Off Menu: that is not on the menu\n",
            "the kitchen burns",
            "InvalidEvent: the event is not",
        ] {
            assert!(log.contains(line), "{kind}: `{line}` is missing: {log}");
        }
        assert!(program.status().await.success(), "{kind}");
    }
}

#[tokio::test]
async fn an_error_type_is_a_header_where_it_can_be_one() {
    let named = |name: &str| json!({ "do": "refuse-by-name", "kind": name });
    let (answers, _) = posted("blocking", &[named("OffMenu"), named("a\r\nb: c")]).await;
    let types: Vec<_> = answers.iter().map(|answer| answer.error_type.as_deref()).collect();
    assert_eq!(types, [Some("Function.OffMenu"), Some("Function.Error")]);
    assert_eq!(answers[1].body["errorType"], "a\r\nb: c");
}

#[tokio::test]
async fn a_large_answer_arrives_whole() {
    for kind in KINDS {
        let bytes = 1_500_000;
        let (answers, _) = posted(kind, &[json!({ "do": "fill", "bytes": bytes })]).await;
        assert_eq!(answers[0].body["filled"].as_str().map(str::len), Some(bytes), "{kind}");
    }
}

#[tokio::test]
async fn why_a_program_cannot_start_is_reported_and_printed() {
    let mut api = RuntimeApi::start().await;
    let mut program = Program::start_typed("both", &api.variables());

    let answered = api.answered().await;
    assert_eq!(answered.kind, "init");
    assert_eq!(answered.error_type.as_deref(), Some("Runtime.InitError"));
    assert_eq!(answered.body, json!({ "errorType": "Error", "errorMessage": "say `blocking` or `async`" }));
    assert_eq!(program.status().await.code(), Some(1));
    assert_eq!(program.remarks().await, "Error: Error: say `blocking` or `async`\n");
}

#[tokio::test]
async fn signals_end_a_waiting_poll() {
    for kind in KINDS {
        for signal in [Signal::TERM, Signal::INT] {
            let mut api = RuntimeApi::start().await;
            let mut program = Program::start_typed(kind, &api.variables());
            api.polled().await;

            program.signal(signal);

            assert!(program.status().await.success(), "{kind}");
            assert_eq!(program.remarks().await, "", "{kind}");
        }
    }
}

#[tokio::test]
async fn a_signal_lets_the_event_in_flight_be_answered() {
    for kind in KINDS {
        let mut api = RuntimeApi::start().await;
        let mut program = Program::start_typed(kind, &api.variables());
        api.send(json!({ "do": "wait" }));
        assert_eq!(program.question().await, "waiting");

        program.signal(Signal::TERM);
        program.type_line("still here").await;

        assert_eq!(api.answered().await.body["typed"], "still here", "{kind}");
        assert!(program.status().await.success(), "{kind}");
    }
}

#[tokio::test]
async fn a_second_signal_does_not_wait_for_the_event() {
    for kind in KINDS {
        let mut api = RuntimeApi::start().await;
        let mut program = Program::start_typed(kind, &api.variables());
        api.polled().await;
        api.send(json!({ "do": "wait" }));
        assert_eq!(program.question().await, "waiting");

        // Two different ones, because two pending signals of one kind are one.
        program.signal(Signal::TERM);
        program.signal(Signal::INT);

        assert!(program.status().await.success(), "{kind}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_poll_ends_when_the_parent_is_gone() {
    for kind in KINDS {
        let mut api = RuntimeApi::start().await;
        let mut program = Program::start_below_a_shell(&["typed", kind], &api.variables()).await;
        api.polled().await;

        program.type_line("the shell may end").await;

        assert_eq!(program.status().await.code(), Some(7), "{kind}");
        program.stdout_closed().await;
        assert_eq!(program.remarks().await, "", "{kind}");
    }
}

#[tokio::test]
async fn a_runtime_api_that_is_not_there_is_an_error() {
    let address = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        listener.local_addr().expect("it is bound").to_string()
    };
    for kind in KINDS {
        let mut api = RuntimeApi::start().await;
        api.address.clone_from(&address);
        let mut program = Program::start_typed(kind, &api.variables());

        assert_eq!(program.status().await.code(), Some(1), "{kind}");
        let remarks = program.remarks().await;
        assert!(remarks.starts_with("Error: polling for events failed\n  caused by: "), "{kind}: {remarks}");
    }
}

#[tokio::test]
async fn without_a_runtime_api_events_come_from_stdin() {
    for kind in KINDS {
        let mut program = Program::start_typed(kind, &[]);
        program
            .type_line(
                r#"{"do":"greet","name":"a"} {"do":"greet",
            "name":"b"}"#,
            )
            .await;
        program.type_nothing_more();
        assert_eq!(program.question().await, r#"{"hello":"a"}"#, "{kind}");
        assert_eq!(program.question().await, r#"{"hello":"b"}"#, "{kind}");
        assert!(program.status().await.success(), "{kind}");
        assert_eq!(program.remarks().await, "", "{kind}");
    }
}

#[tokio::test]
async fn what_stdin_cannot_be_answered_with_is_an_error() {
    for kind in KINDS {
        for (typed, said) in [
            ("", "Error: what stdin holds is no event\n  caused by: it is empty\n\nhint: give it JSON"),
            (
                "greet Ferris",
                "Error: what stdin holds is no event\n  caused by: expected value at line 1 column 1\n\nhint: give it JSON",
            ),
            (r#"{"do":"refuse"}"#, "Error: OffMenu: that is not on the menu\n"),
            (
                r#"{"do":"dance"}"#,
                "Error: InvalidEvent: the event is not what the handler takes: unknown variant `dance`",
            ),
        ] {
            let mut program = Program::start_typed(kind, &[]);
            program.type_line(typed).await;
            program.type_nothing_more();
            assert_eq!(program.status().await.code(), Some(1), "{kind}: {typed}");
            let remarks = program.remarks().await;
            assert!(remarks.starts_with(said), "{kind}: {typed}: {remarks}");
        }
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_measurement_is_told_when_the_program_began() {
    for kind in KINDS {
        let mut api = RuntimeApi::start().await;
        let mut variables = api.variables().to_vec();
        variables.push(("TRAP_TRACE", "1"));
        let mut program = Program::start_typed(kind, &variables);
        let line = program.remark().await;
        assert!(line.starts_with("trap-main "), "{kind}: {line}");
        api.polled().await;
        program.signal(Signal::TERM);
        assert_eq!(program.remarks().await, "", "{kind}: it is said once");
    }
}
