//! The Runtime API spoken to in raw HTTP, by a runtime that the test plays. What it expects was observed
//! on AWS's own emulator.
#![allow(missing_docs, reason = "a test crate")]

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cargo_trap::lambda::front::Front;
use cargo_trap::lambda::{
    Done, Exit, Function, Invocation, Launch, Launched, Observer, Outcome, PAYLOAD_LIMIT, Phase, Sandbox,
    When,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

const OK: &str = "{\"status\":\"OK\"}\n";
const UNKNOWN_ID: &str = "{\"errorMessage\":\"Invalid request ID\",\"errorType\":\"InvalidRequestID\"}\n";

/// A runtime that does nothing by itself: the test polls for it and says when it ends.
struct Puppet(mpsc::UnboundedSender<oneshot::Sender<Exit>>);

impl Launch for Puppet {
    fn launch(&mut self, _api: SocketAddr, _launch: u32) -> io::Result<Launched> {
        let (end, ended) = oneshot::channel();
        // Being killed is ending by signal 9, like for any process.
        let end = Arc::new(Mutex::new(Some(end)));
        let killed = Arc::clone(&end);
        let (tell, told) = oneshot::channel();
        self.0.send(tell).map_err(io::Error::other)?;
        tokio::spawn(async move {
            if let Ok(exit) = told.await
                && let Some(end) = end.lock().expect("not poisoned").take()
            {
                let _gone = end.send(exit);
            }
        });
        Ok(Launched {
            since: std::time::Instant::now(),
            pid: None,
            exit: Box::pin(async { ended.await.unwrap_or(Exit::Signal(9)) }),
            kill: Box::new(move || {
                if let Some(end) = killed.lock().expect("not poisoned").take() {
                    let _gone = end.send(Exit::Signal(9));
                }
            }),
        })
    }
}

/// A sandbox and its strings.
struct Stage {
    sandbox: Arc<Sandbox>,
    launches: mpsc::UnboundedReceiver<oneshot::Sender<Exit>>,
    events: mpsc::UnboundedReceiver<cargo_trap::lambda::Event>,
}

impl Stage {
    async fn new(timeout: Duration) -> Self {
        let (sender, launches) = mpsc::unbounded_channel();
        let (observer, events) = Observer::channel();
        let mut function = Function::new("f");
        function.timeout = timeout;
        let sandbox = Sandbox::start(function, 1, observer, Puppet(sender)).await.expect("a port");
        Self { sandbox: Arc::new(sandbox), launches, events }
    }

    async fn ready() -> Self {
        Self::new(Duration::from_secs(20)).await
    }

    fn invoke(&self, payload: &'static str) -> JoinHandle<Done> {
        let sandbox = Arc::clone(&self.sandbox);
        tokio::spawn(async move { sandbox.invoke(Invocation::new(payload)).await })
    }

    /// Waits for the next launch; what it gives ends that runtime.
    async fn launched(&mut self) -> oneshot::Sender<Exit> {
        within(self.launches.recv()).await.expect("a launch")
    }

    async fn request(&self, method: &str, path: &str, body: &[u8]) -> Reply {
        within(self.open(method, path, &[], body).await.reply()).await
    }

    async fn next(&self) -> Reply {
        let reply = self.request("GET", "/2018-06-01/runtime/invocation/next", b"").await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply
    }

    async fn post(&self, id: &str, kind: &str, body: &str) -> Reply {
        self.request("POST", &format!("/2018-06-01/runtime/invocation/{id}/{kind}"), body.as_bytes()).await
    }

    /// Sends a request and leaves the reply for later.
    async fn open(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Connection {
        Connection::open(self.sandbox.address(), method, path, headers, body).await
    }

    /// Polls, and waits until the sandbox knows it.
    async fn poll(&mut self) -> Connection {
        let poller = self.open("GET", "/2018-06-01/runtime/invocation/next", &[], b"").await;
        self.until(|phase| matches!(phase, Phase::FirstPoll { .. })).await;
        poller
    }

    async fn until(&mut self, wanted: impl Fn(&Phase) -> bool) -> Phase {
        within(async {
            loop {
                let event = self.events.recv().await.expect("the sandbox runs");
                if wanted(&event.phase) {
                    return event.phase;
                }
            }
        })
        .await
    }
}

struct Connection(TcpStream);

impl Connection {
    async fn open(to: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let mut stream = within(TcpStream::connect(to)).await.expect("a connection");
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("Connection: close\r\n\r\n");
        within(stream.write_all(head.as_bytes())).await.expect("sent");
        within(stream.write_all(body)).await.expect("sent");
        Self(stream)
    }

    async fn reply(mut self) -> Reply {
        let mut bytes = Vec::new();
        self.0.read_to_end(&mut bytes).await.expect("a reply");
        let text = String::from_utf8(bytes).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status");
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        Reply { status, headers, body: body.to_owned() }
    }
}

#[derive(Debug)]
struct Reply {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Reply {
    fn id(&self) -> &str {
        &self.headers["lambda-runtime-aws-request-id"]
    }

    fn is(&self, status: u16, body: &str) {
        assert_eq!((self.status, self.body.as_str()), (status, body));
    }
}

/// No wait in this file is longer.
async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), future).await.expect("it should not take this long")
}

async fn done(invocation: JoinHandle<Done>) -> Outcome {
    within(invocation).await.expect("no panic").outcome
}

fn transition(from: &str, to: &str) -> String {
    format!(
        "{{\"errorMessage\":\"State transition from {from} to {to} failed for runtime. \
         Error: State transition is not allowed\",\"errorType\":\"InvalidStateTransition\"}}\n"
    )
}

fn body(outcome: Outcome) -> String {
    let Outcome::Answered(answer) = outcome else { panic!("{outcome:?}") };
    String::from_utf8(answer.body.to_vec()).expect("text")
}

#[tokio::test]
async fn an_event_arrives_with_its_headers_and_is_over_at_the_next_poll() {
    let mut stage = Stage::ready().await;
    let invocation = stage.invoke("{\"a\":1}");
    let _runtime = stage.launched().await;
    let event = stage.next().await;
    assert_eq!(event.body, "{\"a\":1}");
    assert_eq!(event.headers["content-type"], "application/json");
    assert_eq!(
        event.headers["lambda-runtime-invoked-function-arn"],
        "arn:aws:lambda:us-east-1:012345678912:function:f"
    );
    assert!(event.headers["lambda-runtime-deadline-ms"].parse::<u64>().is_ok_and(|deadline| deadline > 0));
    assert!(!event.headers.contains_key("lambda-runtime-trace-id"));
    stage.post(event.id(), "response", "{\"ok\":1}").await.is(202, OK);
    stage.until(|phase| matches!(phase, Phase::Answered { error: false, .. })).await;
    assert!(!invocation.is_finished(), "it is over only when the runtime polls again");
    let _poller = stage.open("GET", "/2018-06-01/runtime/invocation/next", &[], b"").await;
    assert_eq!(body(done(invocation).await), "{\"ok\":1}");
}

#[tokio::test]
async fn an_unfinished_invocation_is_served_again_to_whoever_polls() {
    let mut stage = Stage::ready().await;
    let invocation = stage.invoke("{}");
    let _runtime = stage.launched().await;
    let (first, second) = (stage.next().await, stage.next().await);
    assert_eq!(first.id(), second.id());
    assert_eq!(first.headers["lambda-runtime-deadline-ms"], second.headers["lambda-runtime-deadline-ms"]);
    stage.post(second.id(), "response", "1").await.is(202, OK);
    let _poller = stage.open("GET", "/2018-06-01/runtime/invocation/next", &[], b"").await;
    assert_eq!(body(done(invocation).await), "1");
}

#[tokio::test]
async fn a_second_answer_and_unknown_ids_are_refused() {
    let mut stage = Stage::ready().await;
    let first = stage.invoke("1");
    let _runtime = stage.launched().await;
    stage.post("nope", "response", "x").await.is(400, UNKNOWN_ID);
    let event = stage.next().await;
    stage.post("nope", "error", "{}").await.is(400, UNKNOWN_ID);
    stage.post(event.id(), "response", "1").await.is(202, OK);
    let refused = |to| transition("RuntimeResponseSentState", to);
    stage.post(event.id(), "response", "2").await.is(403, &refused("InvocationResponse"));
    stage.post(event.id(), "error", "{}").await.is(403, &refused("InvocationErrorResponse"));
    let second = stage.invoke("2");
    let next = stage.next().await;
    assert_eq!(body(done(first).await), "1");
    stage.post(event.id(), "response", "late").await.is(400, UNKNOWN_ID);
    stage.post(next.id(), "error", "{\"errorType\":\"T\"}").await.is(202, OK);
    let _poller = stage.open("GET", "/2018-06-01/runtime/invocation/next", &[], b"").await;
    let outcome = done(second).await;
    assert!(
        matches!(&outcome, Outcome::FunctionError { body, .. } if body == "{\"errorType\":\"T\"}"),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn requests_wait_for_their_turn_in_order() {
    let mut stage = Stage::ready().await;
    let first = stage.invoke("\"first\"");
    let _runtime = stage.launched().await;
    let event = stage.next().await;
    let mut waiting = Vec::new();
    for payload in ["\"second\"", "\"third\"", "\"fourth\""] {
        // Polled once each, so that they are queued in this order.
        let mut invocation = Box::pin(stage.sandbox.invoke(Invocation::new(payload)));
        assert!(futures_poll(&mut invocation).await.is_none());
        waiting.push(invocation);
    }
    stage.post(event.id(), "response", "0").await.is(202, OK);
    for expected in ["\"second\"", "\"third\"", "\"fourth\""] {
        let event = stage.next().await;
        assert_eq!(event.body, expected);
        stage.post(event.id(), "response", expected).await.is(202, OK);
    }
    let _poller = stage.open("GET", "/2018-06-01/runtime/invocation/next", &[], b"").await;
    assert_eq!(body(done(first).await), "0");
    for (invocation, expected) in waiting.into_iter().zip(["\"second\"", "\"third\"", "\"fourth\""]) {
        assert_eq!(body(within(invocation).await.outcome), expected);
    }
}

/// Polls a future once.
async fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(match std::pin::Pin::new(&mut *future).poll(context) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        })
    })
    .await
}

#[tokio::test]
async fn of_two_pollers_one_gets_the_event() {
    let mut stage = Stage::ready().await;
    stage.sandbox.warm_up();
    let _runtime = stage.launched().await;
    let first = stage.poll().await;
    let second = stage.open("GET", "/2018-06-01/runtime/invocation/next", &[], b"").await;
    let _invocation = stage.invoke("{}");
    let (mut first, mut second) = (Box::pin(first.reply()), Box::pin(second.reply()));
    let event = within(async {
        tokio::select! { event = &mut first => event, event = &mut second => event }
    })
    .await;
    stage.post(event.id(), "response", "1").await.is(202, OK);
}

#[tokio::test]
async fn a_poller_that_went_away_gets_nothing() {
    let mut stage = Stage::ready().await;
    stage.sandbox.warm_up();
    let _runtime = stage.launched().await;
    drop(stage.poll().await);
    let _invocation = stage.invoke("{\"b\":2}");
    assert_eq!(stage.next().await.body, "{\"b\":2}");
}

#[tokio::test]
async fn death_in_mid_request_is_an_exit_error_and_the_next_request_gets_a_new_runtime() {
    let mut stage = Stage::ready().await;
    let first = stage.invoke("1");
    let runtime = stage.launched().await;
    stage.next().await;
    runtime.send(Exit::Status(3)).expect("it runs");
    let expected = Outcome::Exited { exit: Exit::Status(3), when: When::Invocation, posted: None };
    assert_eq!(done(first).await, expected);
    let second = stage.invoke("2");
    let _runtime = stage.launched().await;
    let event = stage.next().await;
    stage.post(event.id(), "response", "ok").await.is(202, OK);
    let _poller = stage.open("GET", "/2018-06-01/runtime/invocation/next", &[], b"").await;
    assert_eq!(body(done(second).await), "ok");
}

#[tokio::test]
async fn death_while_idle_is_told_to_the_next_request_only() {
    let mut stage = Stage::ready().await;
    stage.sandbox.warm_up();
    let runtime = stage.launched().await;
    let _poller = stage.poll().await;
    runtime.send(Exit::Signal(9)).expect("it runs");
    stage.until(|phase| matches!(phase, Phase::Exited(_))).await;
    let expected = Outcome::Exited { exit: Exit::Signal(9), when: When::Idle, posted: None };
    assert_eq!(done(stage.invoke("1")).await, expected);
    let _second = stage.invoke("2");
    let _runtime = stage.launched().await;
    assert_eq!(stage.next().await.body, "2");
}

#[tokio::test]
async fn an_answer_followed_by_death_is_a_failure_that_carries_the_answer() {
    let mut stage = Stage::ready().await;
    let invocation = stage.invoke("1");
    let runtime = stage.launched().await;
    let event = stage.next().await;
    stage.post(event.id(), "response", "{\"ok\":1}").await.is(202, OK);
    runtime.send(Exit::Status(4)).expect("it runs");
    let outcome = done(invocation).await;
    let expected =
        Outcome::Exited { exit: Exit::Status(4), when: When::Invocation, posted: Some("{\"ok\":1}".into()) };
    assert_eq!(outcome, expected);
}

#[tokio::test]
async fn a_runtime_that_cannot_start_says_so_once() {
    let mut stage = Stage::ready().await;
    let invocation = stage.invoke("1");
    let runtime = stage.launched().await;
    let told = b"{\"errorMessage\":\"x\",\"errorType\":\"T\"}";
    stage.request("POST", "/2018-06-01/runtime/init/error", told).await.is(202, OK);
    let again = stage.request("POST", "/2018-06-01/runtime/init/error", told).await;
    again.is(403, &transition("InitError", "InitError"));
    let poll = stage.request("GET", "/2018-06-01/runtime/invocation/next", b"").await;
    poll.is(403, &transition("InitError", "Ready"));
    runtime.send(Exit::Status(1)).expect("it runs");
    assert_eq!(done(invocation).await, Outcome::InitError { body: told.as_slice().into() });
    // One start per request, however often it fails.
    let second = stage.invoke("2");
    stage.launched().await.send(Exit::Status(7)).expect("it runs");
    let expected = Outcome::Exited { exit: Exit::Status(7), when: When::Init, posted: None };
    assert_eq!(done(second).await, expected);
}

#[tokio::test]
async fn init_errors_are_refused_once_an_event_is_out() {
    let mut stage = Stage::ready().await;
    let _invocation = stage.invoke("1");
    let _runtime = stage.launched().await;
    stage.next().await;
    let refused = stage.request("POST", "/2018-06-01/runtime/init/error", b"{}").await;
    refused.is(403, &transition("Running", "InitError"));
}

#[tokio::test]
async fn the_deadline_kills_the_runtime_whatever_it_does() {
    let mut stage = Stage::new(Duration::from_millis(1500)).await;
    let in_init = stage.invoke("1");
    let _runtime = stage.launched().await;
    assert_eq!(done(in_init).await, Outcome::TimedOut);
    stage.until(|phase| matches!(phase, Phase::Exited(Exit::Signal(9)))).await;
    let in_flight = stage.invoke("2");
    let _runtime = stage.launched().await;
    stage.next().await;
    assert_eq!(done(in_flight).await, Outcome::TimedOut);
    stage.until(|phase| matches!(phase, Phase::Exited(Exit::Signal(9)))).await;
}

#[tokio::test]
async fn too_large_an_answer_is_refused_and_counts() {
    let mut stage = Stage::ready().await;
    let invocation = stage.invoke("1");
    let _runtime = stage.launched().await;
    let event = stage.next().await;
    let huge = "a".repeat(PAYLOAD_LIMIT + 1);
    let refusal = "{\"errorMessage\":\"Exceeded maximum allowed payload size (6291556 bytes).\",\
                   \"errorType\":\"RequestEntityTooLarge\"}\n";
    stage.post(event.id(), "response", &huge).await.is(413, refusal);
    let refused = transition("RuntimeResponseSentState", "InvocationResponse");
    stage.post(event.id(), "response", "small").await.is(403, &refused);
    let _poller = stage.open("GET", "/2018-06-01/runtime/invocation/next", &[], b"").await;
    assert_eq!(done(invocation).await, Outcome::TooLarge);
}

#[tokio::test]
async fn the_largest_answer_passes() {
    let mut stage = Stage::ready().await;
    let invocation = stage.invoke("1");
    let _runtime = stage.launched().await;
    let event = stage.next().await;
    let large = "a".repeat(PAYLOAD_LIMIT);
    stage.post(event.id(), "response", &large).await.is(202, OK);
    let _poller = stage.open("GET", "/2018-06-01/runtime/invocation/next", &[], b"").await;
    assert_eq!(body(done(invocation).await).len(), PAYLOAD_LIMIT);
}

#[tokio::test]
async fn an_unknown_response_mode_leaves_no_way_back() {
    let mut stage = Stage::ready().await;
    let _invocation = stage.invoke("1");
    let _runtime = stage.launched().await;
    let event = stage.next().await;
    let path = format!("/2018-06-01/runtime/invocation/{}/response", event.id());
    let mode = [("Lambda-Runtime-Function-Response-Mode", "bogus")];
    let reply = within(stage.open("POST", &path, &mode, b"x").await.reply()).await;
    let told = "{\"errorMessage\":\"Invalid function response mode\",\"errorType\":\"InvalidFunctionResponseMode\"}\n";
    reply.is(400, told);
    let poll = stage.request("GET", "/2018-06-01/runtime/invocation/next", b"").await;
    poll.is(403, &transition("InvocationResponse", "Ready"));
}

#[tokio::test]
async fn wrong_methods_and_unknown_paths_are_refused_as_by_the_emulator() {
    let stage = Stage::ready().await;
    for method in ["PUT", "POST", "HEAD"] {
        let wrong = stage.request(method, "/2018-06-01/runtime/invocation/next", b"").await;
        wrong.is(405, "");
        assert_eq!(wrong.headers["allow"], "GET", "{method}");
    }
    let wrong = stage.request("GET", "/2018-06-01/runtime/invocation/x/response", b"").await;
    wrong.is(405, "");
    assert_eq!(wrong.headers["allow"], "POST");
    for path in ["/2018-06-01/nonsense", "/nonsense", "/2018-06-01/runtime"] {
        stage.request("GET", path, b"").await.is(404, "404 page not found\n");
    }
}

#[tokio::test]
async fn an_extension_without_a_name_or_an_identifier_is_refused_as_by_the_emulator() {
    let stage = Stage::ready().await;
    let told =
        "{\"errorMessage\":\"Empty extension name\",\"errorType\":\"Extension.InvalidExtensionName\"}\n";
    stage.request("POST", "/2020-01-01/extension/register", b"{}").await.is(403, told);
    let told = "{\"errorMessage\":\"Missing Lambda-Extension-Identifier header\",\
                \"errorType\":\"Extension.MissingExtensionIdentifier\"}\n";
    stage.request("GET", "/2020-01-01/extension/event/next", b"").await.is(403, told);
}

#[tokio::test]
async fn a_program_that_broke_off_its_answer_has_not_answered() {
    let mut stage = Stage::ready().await;
    let invocation = stage.invoke("1");
    let runtime = stage.launched().await;
    let event = stage.next().await;
    let mut stream = TcpStream::connect(stage.sandbox.address()).await.expect("a connection");
    let head = format!(
        "POST /2018-06-01/runtime/invocation/{}/response HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf",
        event.id()
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    drop(stream);
    runtime.send(Exit::Signal(11)).expect("it runs");
    let expected = Outcome::Exited { exit: Exit::Signal(11), when: When::Invocation, posted: None };
    assert_eq!(done(invocation).await, expected);
}

#[tokio::test]
async fn the_front_turns_http_into_events_and_answers_into_http() {
    let mut stage = Stage::ready().await;
    let front = Front::start(stage.sandbox.handle(), 0).await.expect("a port");
    let headers = [("X-Tag", "a"), ("X-Tag", "b"), ("Cookie", "k=v; l=w"), ("X-Amzn-Trace-Id", "Root=1-2-3")];
    let request = Connection::open(front.address(), "PUT", "/a%2Fb?q=%20", &headers, b"\x00\xff").await;
    let _runtime = stage.launched().await;
    let next = stage.next().await;
    assert_eq!(next.headers["lambda-runtime-trace-id"], "Root=1-2-3");
    let event: serde_json::Value = serde_json::from_str(&next.body).expect("JSON");
    assert_eq!(event["rawPath"], "/a%2Fb");
    assert_eq!(event["rawQueryString"], "q=%20");
    assert_eq!(event["headers"]["x-tag"], "a,b");
    assert_eq!(event["cookies"], serde_json::json!(["k=v", "l=w"]));
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&"AP8=".into(), &true.into()));
    let answer = r#"{"statusCode":201,"headers":{"X-One":"1"},"cookies":["a=1","b=2"],"body":"hi"}"#;
    stage.post(next.id(), "response", answer).await.is(202, OK);
    let _poller = stage.open("GET", "/2018-06-01/runtime/invocation/next", &[], b"").await;
    let reply = within(request.reply()).await;
    reply.is(201, "hi");
    assert_eq!(reply.headers["x-one"], "1");
    assert_eq!(reply.headers["content-length"], "2");
}

#[tokio::test]
async fn the_front_refuses_what_is_too_large_as_an_event() {
    let mut stage = Stage::ready().await;
    let front = Front::start(stage.sandbox.handle(), 0).await.expect("a port");
    let (text, bytes) = ([("Content-Type", "text/plain")], [("Content-Type", "image/png")]);
    let body = "a".repeat(PAYLOAD_LIMIT * 4 / 5);

    // What is not announced as text travels as base64, which is a third longer.
    let refused = Connection::open(front.address(), "PUT", "/", &bytes, body.as_bytes()).await;
    assert_eq!(within(refused.reply()).await.status, 413);

    let _waits = Connection::open(front.address(), "PUT", "/", &text, body.as_bytes()).await;
    let _runtime = stage.launched().await;
    assert!(stage.next().await.body.contains(&body));
}

#[tokio::test]
async fn the_emulators_endpoint_takes_plain_events() {
    let mut stage = Stage::ready().await;
    let front = Front::start(stage.sandbox.handle(), 0).await.expect("a port");
    let path = "/2015-03-31/functions/function/invocations";
    let request = Connection::open(front.address(), "POST", path, &[], b"{\"a\":1}").await;
    let runtime = stage.launched().await;
    let event = stage.next().await;
    assert_eq!(event.body, "{\"a\":1}");
    runtime.send(Exit::Signal(6)).expect("it runs");
    let told = format!(
        "{{\"errorType\":\"Runtime.ExitError\",\"errorMessage\":\"RequestId: {} Error: \
         Runtime exited with error: signal: aborted\"}}",
        event.id()
    );
    within(request.reply()).await.is(502, &told);
}

#[tokio::test]
async fn shutting_down_ends_what_waits() {
    let mut stage = Stage::ready().await;
    let handle = stage.sandbox.handle();
    let invocation = tokio::spawn(async move { handle.invoke(Invocation::new("1")).await });
    let _runtime = stage.launched().await;
    let sandbox = Arc::into_inner(stage.sandbox).expect("the only one");
    within(sandbox.shut_down()).await;
    assert_eq!(done(invocation).await, Outcome::ShutDown);
}
