//! What the page asks and does: everything below `/__trap`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use http_body_util::Channel;
use serde::Deserialize;
use serde_json::{Value, json};

use super::journal::Journal;
use super::mask::Masked;
use super::pool::Pool;
use super::{assets, guard, view};
use crate::commands::invoke::request::Request as Sent;
use crate::events;
use crate::lambda::{Invocation, PAYLOAD_LIMIT};
use crate::{Class, Error, Result};

/// The page looks at changes no more often than this: a flood of them is one.
const BEAT: Duration = Duration::from_millis(80);

/// How often a quiet connection is tried.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// What a browser may do with the page: nothing but what comes from here.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/// What the page is about.
#[derive(Clone)]
pub(super) struct Page {
    pub(super) pool: Pool,
    pub(super) journal: Arc<Journal>,
    /// The program, as it is called.
    pub(super) name: String,
    /// How it is started, in words.
    pub(super) host: String,
    /// Names this server, so that a page knows when it talks to another one.
    pub(super) instance: String,
    /// How many pages look.
    pub(super) viewers: Arc<AtomicUsize>,
}

/// The routes below `/__trap`.
pub(super) fn routes(page: Page) -> Router {
    let api = Router::new()
        .route("/about", get(about))
        .route("/live", get(live))
        .route("/environment", get(environment))
        .route("/examples", get(examples))
        .route("/invocations/{number}", get(invocation))
        .route("/invocations/{number}/event", get(event))
        .route("/invocations/{number}/answer", get(answer))
        .route("/invocations/{number}/again", post(again))
        .route("/containers/{number}", get(container))
        .route("/send", post(send))
        .fallback(unknown)
        .layer(middleware::from_fn(only_json));
    Router::new()
        .nest("/__trap/api", api)
        .route("/__trap", get(index))
        .route("/__trap/", get(index))
        .route("/__trap/{*file}", get(asset).fallback(unknown))
        .layer(middleware::from_fn(only_from_here))
        .layer(middleware::map_response(hardened))
        .with_state(page)
}

/// Refuses what another site makes a browser do, but for opening the page itself, which is what a link is for.
async fn only_from_here(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_page = ["/__trap", "/__trap/"].contains(&request.uri().path());
    let is_visit = is_page && guard::is_visit(request.method(), request.headers());
    if !is_visit && !guard::is_from_here(request.headers(), host) {
        return refused(StatusCode::FORBIDDEN, "this is for the page at /__trap, and not for other sites");
    }
    next.run(request).await
}

/// Whoever changes something says it in JSON, which no form of another site can send without asking first.
async fn only_json(request: Request, next: Next) -> Response {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let is_json = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if request.method() != Method::GET && !is_json {
        return refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send JSON, with its content type");
    }
    next.run(request).await
}

/// What a browser must know about everything here.
async fn hardened(mut response: Response) -> Response {
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-store"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn json(status: StatusCode, value: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

fn refused(status: StatusCode, why: &str) -> Response {
    json(status, &json!({ "message": why }))
}

fn wrong(error: &Error) -> Response {
    json(
        StatusCode::BAD_REQUEST,
        &json!({ "code": error.code(), "message": error.to_string(), "hint": error.hint() }),
    )
}

async fn unknown() -> Response {
    refused(StatusCode::NOT_FOUND, "there is nothing here")
}

async fn index() -> Response {
    assets::find("").unwrap_or_default()
}

async fn asset(Path(file): Path<String>) -> Response {
    match assets::find(&file).filter(|_| !file.is_empty()) {
        Some(response) => response,
        None => unknown().await,
    }
}

async fn about(State(page): State<Page>) -> Response {
    json(
        StatusCode::OK,
        &json!({
            "name": page.name,
            "host": page.host,
            "instance": page.instance,
            "version": env!("CARGO_PKG_VERSION"),
        }),
    )
}

async fn environment(State(page): State<Page>, RawQuery(query): RawQuery) -> Response {
    json(StatusCode::OK, &view::environment(page.pool.version().as_ref(), is_revealed(query)))
}

async fn examples() -> Response {
    let all = events::ALL
        .map(|example| json!({ "name": example.name, "about": example.about, "text": example.text }));
    json(StatusCode::OK, &Value::from(all.to_vec()))
}

fn is_revealed(query: Option<String>) -> bool {
    query.is_some_and(|query| query == "reveal")
}

async fn invocation(
    State(page): State<Page>,
    Path(number): Path<u64>,
    RawQuery(query): RawQuery,
) -> Response {
    let seen = page.journal.read(|state| {
        state
            .invocation(number)
            .map(|invoked| view::invocation(&page.journal, state, invoked, is_revealed(query)))
    });
    seen.map_or_else(forgotten, |seen| json(StatusCode::OK, &seen))
}

async fn container(State(page): State<Page>, Path(number): Path<u32>) -> Response {
    let seen =
        page.journal.read(|state| state.container(number).map(|life| view::starting(&page.journal, life)));
    seen.map_or_else(forgotten, |seen| json(StatusCode::OK, &seen))
}

/// The event as it was sent, secrets and all: for a file of one's own.
async fn event(State(page): State<Page>, Path(number): Path<u64>) -> Response {
    let payload = page.journal.read(|state| Some(state.invocation(number)?.payload.clone()));
    payload.map_or_else(forgotten, |payload| file(&format!("event-{number}.json"), payload))
}

/// The answer as the program gave it.
async fn answer(State(page): State<Page>, Path(number): Path<u64>) -> Response {
    let body =
        page.journal.read(|state| match state.invocation(number)?.ended.as_ref()?.outcome.as_ref().ok()? {
            crate::lambda::Outcome::Answered(answer) => Some(answer.body.clone()),
            _ => None,
        });
    body.map_or_else(forgotten, |body| file(&format!("answer-{number}.json"), body))
}

/// Something to be kept: a browser must not show it as a page of this server.
fn file(name: &str, bytes: Bytes) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    (
        [
            (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
        ],
        bytes,
    )
        .into_response()
}

fn forgotten() -> Response {
    refused(StatusCode::NOT_FOUND, "it is not known any more")
}

/// What the page sends.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
enum Wanted {
    /// An HTTP request.
    Http {
        method: String,
        path: String,
        /// `Name: value`.
        headers: Vec<String>,
        body: Option<String>,
        /// The invocation whose secrets are meant where their marks stand.
        #[serde(default, rename = "base")]
        _base: Option<u64>,
    },
    /// An event, as text.
    Event {
        event: String,
        /// As above.
        #[serde(default, rename = "base")]
        _base: Option<u64>,
    },
}

async fn send(State(page): State<Page>, body: Body) -> Response {
    let Ok(bytes) = axum::body::to_bytes(body, 2 * PAYLOAD_LIMIT).await else {
        return refused(StatusCode::PAYLOAD_TOO_LARGE, "Lambda takes 6 MB");
    };
    let invocation = match wanted(&page.journal, &bytes) {
        Ok(invocation) => invocation,
        Err(error) => return wrong(&error),
    };
    start(&page, invocation, None)
}

async fn again(State(page): State<Page>, Path(number): Path<u64>) -> Response {
    let known = page.journal.read(|state| {
        let invoked = state.invocation(number)?;
        let mut invocation = Invocation::new(invoked.payload.clone());
        invocation.trace_id = invoked.trace_id.clone();
        invocation.client_context = invoked.client_context.clone();
        Some(invocation)
    });
    known.map_or_else(forgotten, |invocation| start(&page, invocation, Some(number)))
}

/// Invokes, and says which invocation it is; what comes of it is seen in the list.
fn start(page: &Page, invocation: Invocation, again: Option<u64>) -> Response {
    let entry = page.pool.enter(invocation, again);
    let (number, pool) = (entry.number(), page.pool.clone());
    tokio::spawn(async move { pool.invoke(entry).await });
    json(StatusCode::ACCEPTED, &json!({ "number": number }))
}

fn wanted(journal: &Journal, bytes: &[u8]) -> Result<Invocation> {
    let wrong = |message: String| Error::known("event", Class::Request, message);
    let mut value: Value =
        serde_json::from_slice(bytes).map_err(|error| wrong(format!("this is no JSON: {error}")))?;
    // Secrets are put back here: they have never been in the browser.
    if let Some(base) = value.get("base").and_then(Value::as_u64)
        && let Some(event) =
            journal.read(|state| state.invocation(base).map(|invoked| invoked.payload.clone()))
        && let Ok(event) = serde_json::from_slice(&event)
    {
        restore(&Masked::new(event), &mut value);
    }
    match serde_json::from_value(value)
        .map_err(|error| wrong(format!("this is nothing that can be sent: {error}")))?
    {
        Wanted::Http { method, path, headers, body, _base: _ } => {
            let body = body.filter(|body| !body.is_empty()).map(Bytes::from);
            Ok(Sent::http(Some(&method), Some(&path), &headers, body)?.into_invocation().0)
        }
        Wanted::Event { event, _base: _ } => {
            serde_json::from_str::<serde::de::IgnoredAny>(&event)
                .map_err(|error| wrong(format!("the event is not JSON: {error}")))?;
            if event.len() > PAYLOAD_LIMIT {
                return Err(Error::known(
                    "too-large",
                    Class::Request,
                    "the event is too large: Lambda takes 6 MB",
                ));
            }
            Ok(Invocation::new(event))
        }
    }
}

/// An event travels as text here: what is put back must be a string of JSON there.
fn restore(masked: &Masked, value: &mut Value) {
    if let Some(Value::String(event)) = value.get_mut("event") {
        if let Ok(mut parsed) = serde_json::from_str::<Value>(event) {
            let before = parsed.clone();
            masked.restore(&mut parsed);
            // What nothing was put back into stays as it was typed.
            if parsed != before {
                *event = parsed.to_string();
            }
        }
        return;
    }
    masked.restore(value);
}

/// Everything that is known, and then whatever is new, as server-sent events.
async fn live(State(page): State<Page>) -> Response {
    let (mut sender, body) = Channel::<Bytes>::new(1);
    tokio::spawn(async move {
        let _viewer = Viewer::new(&page.viewers);
        let mut changes = page.journal.subscribe();
        let mut since = 0;
        // The browser comes back by itself, after this many milliseconds.
        let mut text = "retry: 1000\n\n".to_owned();
        loop {
            changes.borrow_and_update();
            let (revision, mut update) = view::update(&page.journal, since);
            if since == 0 {
                update["instance"] = page.instance.clone().into();
            }
            since = revision.max(1);
            text.push_str(&format!("data: {update}\n\n"));
            if sender.send_data(std::mem::take(&mut text).into()).await.is_err() {
                return;
            }
            tokio::time::sleep(BEAT).await;
            loop {
                match tokio::time::timeout(SIGN_OF_LIFE, changes.changed()).await {
                    Ok(Ok(())) => break,
                    Ok(Err(_)) => return,
                    Err(_) if sender.send_data(Bytes::from_static(b":\n\n")).await.is_err() => return,
                    Err(_) => {}
                }
            }
        }
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::new(body)).into_response()
}

/// Counts one who looks, while it lives.
struct Viewer(Arc<AtomicUsize>);

impl Viewer {
    fn new(viewers: &Arc<AtomicUsize>) -> Self {
        viewers.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(viewers))
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
