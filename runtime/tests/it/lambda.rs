//! With a Runtime API the program polls it.

use rustix::process::Signal;
use serde_json::json;

use crate::{
    program::Program,
    runtime_api::{RuntimeApi, get_event},
};

#[tokio::test]
async fn an_event_is_answered_through_the_router() {
    let mut api = RuntimeApi::start().await;
    let mut program = Program::start(&api.variables());
    api.send(get_event("/path"));

    assert_eq!(program.question().await, "GET https://function.example/path?");
    program.type_line("fine").await;

    let answered = api.answered().await;
    assert_eq!(answered.kind, "response");
    let body = answered.body;
    assert_eq!((&body["statusCode"], &body["body"]), (&json!(200), &json!("fine\n")));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_measurement_is_told_when_the_program_began() {
    let mut api = RuntimeApi::start().await;
    let mut variables = api.variables().to_vec();
    variables.push(("TRAP_TRACE", "1"));
    let now = || {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        std::time::Duration::try_from(now).expect("it began long ago").as_nanos()
    };
    let before = now();
    let mut program = Program::start(&variables);
    let line = program.remark().await;
    let told: u128 = line.strip_prefix("trap-main ").expect(&line).parse().expect(&line);
    assert!(before <= told && told <= now(), "{before} {told}");
    api.polled().await;

    program.signal(Signal::TERM);
    assert_eq!(program.remarks().await, "", "it is said once");
}

#[tokio::test]
async fn sigterm_ends_a_waiting_poll() {
    a_signal_ends_a_waiting_poll(Signal::TERM).await;
}

#[tokio::test]
async fn ctrl_c_ends_a_waiting_poll() {
    a_signal_ends_a_waiting_poll(Signal::INT).await;
}

async fn a_signal_ends_a_waiting_poll(signal: Signal) {
    let mut api = RuntimeApi::start().await;
    let mut program = Program::start(&api.variables());
    api.polled().await;

    program.signal(signal);

    assert!(program.status().await.success());
    assert_eq!(program.remarks().await, "");
}

#[tokio::test]
async fn sigterm_lets_the_event_in_flight_be_answered() {
    let mut api = RuntimeApi::start().await;
    let mut program = Program::start(&api.variables());
    api.send(get_event("/"));
    program.question().await;

    program.signal(Signal::TERM);
    program.type_line("still here").await;

    assert_eq!(api.answered().await.body["body"], "still here\n");
    assert!(program.status().await.success());
}

#[tokio::test]
async fn a_second_signal_does_not_wait_for_the_event() {
    let mut api = RuntimeApi::start().await;
    let mut program = Program::start(&api.variables());
    api.polled().await;
    api.send(get_event("/"));
    program.question().await;

    // Two different ones, because two pending signals of one kind are one.
    program.signal(Signal::TERM);
    program.signal(Signal::INT);

    assert!(program.status().await.success());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_poll_ends_when_the_parent_is_gone() {
    let mut api = RuntimeApi::start().await;
    let mut program = Program::start_below_a_shell(&["ask"], &api.variables()).await;
    api.polled().await;

    program.type_line("the shell may end").await;

    assert_eq!(program.status().await.code(), Some(7));
    program.stdout_closed().await;
    assert_eq!(program.remarks().await, "");
}

#[tokio::test]
async fn a_runtime_api_that_is_not_there_is_an_error() {
    let address = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        listener.local_addr().expect("it is bound").to_string()
    };
    let mut api = RuntimeApi::start().await;
    api.address = address;
    let mut program = Program::start(&api.variables());

    assert_eq!(program.status().await.code(), Some(1));
    let remarks = program.remarks().await;
    assert!(remarks.starts_with("Error: polling for events failed\n  caused by: "), "{remarks}");
}

#[tokio::test]
async fn a_missing_variable_is_an_error_with_advice() {
    let mut program = Program::start(&[("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1")]);

    assert_eq!(program.status().await.code(), Some(1));
    assert_eq!(
        program.remarks().await,
        "Error: `AWS_LAMBDA_RUNTIME_API` is set, but `AWS_LAMBDA_FUNCTION_NAME` is missing\n\n\
         hint: set `AWS_LAMBDA_FUNCTION_NAME` as Lambda does, or unset `AWS_LAMBDA_RUNTIME_API` to run without it\n"
    );
}
