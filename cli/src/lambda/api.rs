//! The Runtime API of 2018-06-01 over HTTP.

use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use http_body_util::BodyExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::refusal::{Refusal, accepted};
use super::sandbox::{Delivery, Handle, Message, Posted};
use super::{Answer, PAYLOAD_LIMIT, STREAM_LIMIT, extension};

const MODE: &str = "lambda-runtime-function-response-mode";
const ERROR_TYPE: &str = "lambda-runtime-function-error-type";

/// Serves until the task is aborted.
pub(super) async fn serve(listener: TcpListener, sandbox: Handle) {
    // Small answers must not wait for an acknowledgement of the one before.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let service = routes(sandbox).into_make_service_with_connect_info::<SocketAddr>();
    // It only returns when the task is aborted: accept errors are retried inside.
    let _ended = axum::serve(listener, service).await;
}

fn routes(sandbox: Handle) -> Router {
    let runtime = Router::new()
        // axum lets HEAD ask what GET answers; here that would take an event and lose it.
        .route("/runtime/invocation/next", get(next).head(only_get).fallback(only_get))
        .route("/runtime/invocation/{id}/response", post(response))
        .route("/runtime/invocation/{id}/error", post(error))
        .route("/runtime/init/error", post(init_error))
        .route("/ping", get(async || "pong"));
    Router::new()
        .nest("/2018-06-01", runtime)
        .merge(extension::routes())
        .fallback(not_found)
        .with_state(sandbox)
}

/// Asks the sandbox. One that is going down keeps its runtime waiting: it is about to be killed.
async fn ask<T>(sandbox: &Handle, message: impl FnOnce(oneshot::Sender<T>) -> Message) -> T {
    let (reply, answer) = oneshot::channel();
    sandbox.send(message(reply));
    match answer.await {
        Ok(answer) => answer,
        Err(_) => std::future::pending().await,
    }
}

async fn next(State(sandbox): State<Handle>, ConnectInfo(peer): ConnectInfo<SocketAddr>) -> Response {
    match ask(&sandbox, |reply| Message::Next { peer, reply }).await {
        Ok(delivery) => deliver(delivery),
        Err(refusal) => refusal.into_response(),
    }
}

fn deliver(delivery: Delivery) -> Response {
    let mut response = Response::new(Body::from(delivery.payload));
    let mut set = |name: &'static str, value: String| {
        // A trace id that cannot be a header would have been refused by the front.
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    };
    set("content-type", "application/json".into());
    set("lambda-runtime-aws-request-id", delivery.request_id);
    set("lambda-runtime-deadline-ms", delivery.deadline_ms.to_string());
    set("lambda-runtime-invoked-function-arn", delivery.arn);
    if let Some(trace_id) = delivery.trace_id {
        set("lambda-runtime-trace-id", trace_id);
    }
    if let Some(context) = delivery.client_context {
        set("lambda-runtime-client-context", context);
    }
    response
}

async fn response(
    State(sandbox): State<Handle>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let mode = text(&headers, MODE);
    let streamed = mode.as_deref().is_some_and(|mode| mode.eq_ignore_ascii_case("streaming"));
    let posted = if mode.is_some() && !streamed {
        Posted::UnknownMode
    } else {
        match read(body, if streamed { STREAM_LIMIT } else { PAYLOAD_LIMIT }).await {
            Ok(Read { body, failure: Some(kind) }) => Posted::Error { body, kind: Some(kind) },
            Ok(Read { body, failure: None }) => {
                let content_type = text(&headers, header::CONTENT_TYPE.as_str());
                Posted::Response(Answer { body, content_type, streamed })
            }
            Err(Unread::TooLarge) => Posted::TooLarge,
            Err(Unread::BrokenOff) => return broken_off().await,
        }
    };
    reply(ask(&sandbox, |reply| Message::Post { id, peer, posted, reply }).await)
}

async fn error(
    State(sandbox): State<Handle>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let posted = match read(body, PAYLOAD_LIMIT).await {
        Ok(Read { body, .. }) => Posted::Error { body, kind: text(&headers, ERROR_TYPE) },
        Err(Unread::TooLarge) => Posted::TooLarge,
        Err(Unread::BrokenOff) => return broken_off().await,
    };
    reply(ask(&sandbox, |reply| Message::Post { id, peer, posted, reply }).await)
}

async fn init_error(State(sandbox): State<Handle>, body: Body) -> Response {
    match read(body, PAYLOAD_LIMIT).await {
        Ok(Read { body, .. }) => reply(ask(&sandbox, |reply| Message::InitError { body, reply }).await),
        Err(Unread::TooLarge) => Refusal::TooLarge.into_response(),
        Err(Unread::BrokenOff) => broken_off().await,
    }
}

fn reply(result: Result<(), Refusal>) -> Response {
    result.map_or_else(IntoResponse::into_response, |()| accepted())
}

async fn not_found() -> Response {
    let headers = [("content-type", "text/plain; charset=utf-8"), ("x-content-type-options", "nosniff")];
    (StatusCode::NOT_FOUND, headers, "404 page not found\n").into_response()
}

/// What AWS's own server says to every other method.
async fn only_get() -> impl IntoResponse {
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET")])
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(String::from_utf8_lossy(headers.get(name)?.as_bytes()).into_owned())
}

/// A body, and the failure a stream announced in its trailers.
struct Read {
    body: Bytes,
    failure: Option<String>,
}

/// Why there is no body.
enum Unread {
    /// More than the limit came.
    TooLarge,
    /// The program went away before its end.
    BrokenOff,
}

/// There is nobody left to reply to; the end of the process says the rest.
async fn broken_off() -> Response {
    std::future::pending().await
}

/// Reads to the end even when it is too much: a reply before the end would break the connection before
/// the program could read it.
async fn read(mut body: Body, limit: usize) -> Result<Read, Unread> {
    let (mut bytes, mut failure, mut too_large) = (Vec::new(), None, false);
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return Err(Unread::BrokenOff) };
        match frame.into_data() {
            Ok(data) if bytes.len() + data.len() > limit => too_large = true,
            Ok(data) => bytes.extend_from_slice(&data),
            Err(frame) => failure = frame.trailers_ref().and_then(|trailers| text(trailers, ERROR_TYPE)),
        }
    }
    if too_large { Err(Unread::TooLarge) } else { Ok(Read { body: bytes.into(), failure }) }
}
