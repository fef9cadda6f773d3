//! A Runtime API of one function: says when it is polled, serves the events a test gives it, hands out the
//! answers. It checks nothing; the command line's own server is the strict one.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::{Mutex, mpsc},
};
use trap_runtime::axum::{
    self, Json, Router,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, StatusCode},
    routing::{get, post},
};

use crate::program::soon;

pub struct RuntimeApi {
    /// `host:port`, as `AWS_LAMBDA_RUNTIME_API` has it.
    pub address: String,
    polls: mpsc::UnboundedReceiver<()>,
    events: mpsc::UnboundedSender<Value>,
    answers: mpsc::UnboundedReceiver<Answered>,
}

/// What a program posted.
#[derive(Debug)]
pub struct Answered {
    /// `response` or `error`, or `init` when it could not start.
    pub kind: String,
    /// As JSON.
    pub body: Value,
    /// What the header says about an error.
    pub error_type: Option<String>,
    /// The header that tells deliveries of one event apart.
    pub invocation_id: Option<String>,
}

struct Shared {
    polls: mpsc::UnboundedSender<()>,
    events: Mutex<mpsc::UnboundedReceiver<Value>>,
    answers: mpsc::UnboundedSender<Answered>,
}

impl RuntimeApi {
    /// Serves in the test's own runtime until the test ends.
    pub async fn start() -> Self {
        let (polls, polled) = mpsc::unbounded_channel();
        let (events, to_serve) = mpsc::unbounded_channel();
        let (answers, answered) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared { polls, events: Mutex::new(to_serve), answers });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/{kind}", post(answer))
            .route("/2018-06-01/runtime/{kind}/error", post(init_error))
            .with_state(shared);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound").to_string();
        tokio::spawn(async { axum::serve(listener, router).await });
        Self { address, polls: polled, events, answers: answered }
    }

    /// What a program on this function sees in its environment.
    pub fn variables(&self) -> [(&str, &str); 4] {
        [
            ("AWS_LAMBDA_RUNTIME_API", &self.address),
            ("AWS_LAMBDA_FUNCTION_NAME", "ask"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ]
    }

    /// Waits for the next poll, which stays open until there is an event.
    pub async fn polled(&mut self) {
        soon("the program polls", self.polls.recv()).await.expect("the server runs");
    }

    pub fn send(&self, event: Value) {
        self.events.send(event).expect("the server runs");
    }

    /// What is posted next.
    pub async fn answered(&mut self) -> Answered {
        soon("the program answers", self.answers.recv()).await.expect("the server runs")
    }
}

/// A function URL event (payload 2.0) for a GET request.
pub fn get_event(path: &str) -> Value {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "",
        "headers": { "host": "function.example" }, "isBase64Encoded": false,
        "requestContext": {
            "accountId": "anonymous", "apiId": "function", "domainName": "function.example",
            "domainPrefix": "function", "requestId": "1", "routeKey": "$default", "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 1_767_225_600_000_i64,
            "http": {
                "method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "test",
            },
        },
    })
}

async fn next(State(shared): State<Arc<Shared>>) -> Result<(HeaderMap, Json<Value>), StatusCode> {
    let _ = shared.polls.send(());
    let event = shared.events.lock().await.recv().await.ok_or(StatusCode::GONE)?;
    let headers = [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
        ("lambda-runtime-deadline-ms", "4102444800000"),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-central-1:123456789012:function:ask"),
        ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1"),
        ("lambda-runtime-client-context", r#"{"custom":{"a":"b"}}"#),
        ("lambda-runtime-invocation-id", "delivery-1"),
    ];
    let headers =
        headers.map(|(name, value)| (HeaderName::from_static(name), value.parse().expect("it is ASCII")));
    Ok((HeaderMap::from_iter(headers), Json(event)))
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    Path((_, kind)): Path<(String, String)>,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    let body = serde_json::from_str(&body).unwrap_or(Value::String(body));
    let text = |name: &str| Some(headers.get(name)?.to_str().expect("it is ASCII").to_owned());
    let (error_type, invocation_id) =
        (text("lambda-runtime-function-error-type"), text("lambda-runtime-invocation-id"));
    let _ = shared.answers.send(Answered { kind, body, error_type, invocation_id });
    StatusCode::ACCEPTED
}

async fn init_error(
    shared: State<Arc<Shared>>,
    Path(kind): Path<String>,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    answer(shared, Path((String::new(), kind)), headers, body).await
}
