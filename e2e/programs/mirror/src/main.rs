//! What a user's program is, with answers by which a test can tell what reached it.
//!
//! Every path but those below `/do/` is answered with the request as JSON.

#![allow(clippy::exit, reason = "how it ends is what is tested")]

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http_body_util::{Full, Limited};
use serde_json::{Value, json};
use trap_runtime::axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Path},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header::SET_COOKIE},
    response::{AppendHeaders, IntoResponse, Response},
    routing::{any, get},
};

fn main() -> Result<(), trap_runtime::Error> {
    let router = Router::new()
        .route("/do/bytes", get(bytes))
        .route("/do/headers", get(headers))
        .route("/do/cookies", get(cookies))
        .route("/do/status/{code}", any(status))
        .route("/do/fail", any(fail))
        .route("/do/die", any(die))
        .route("/do/wait/{milliseconds}", any(wait))
        .fallback(echo)
        // What limits a body here is the host.
        .layer(DefaultBodyLimit::disable());
    trap_runtime::run(router)
}

/// The request as it arrived; of a long body the length and the ends.
async fn echo(method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Json<Value> {
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
        .collect();
    let shown =
        if body.len() > 1000 { [&body[..500], &body[body.len() - 500..]].concat() } else { body.to_vec() };
    Json(json!({
        "method": method.as_str(),
        "path": uri.path(),
        "query": uri.query().unwrap_or_default(),
        "headers": headers,
        "length": body.len(),
        "body": STANDARD.encode(shown),
        "pid": std::process::id(),
    }))
}

/// Every byte there is, four times over.
async fn bytes() -> Vec<u8> {
    (0..1024).map(|at| u8::try_from(at % 256).unwrap_or_default()).collect()
}

/// A header with two values, and one with characters that HTTP carries as they are.
async fn headers() -> impl IntoResponse {
    let name = HeaderName::from_static("x-twice");
    let values = ["one", "two; \"three\""].map(HeaderValue::from_static);
    let [one, two] = values;
    (AppendHeaders([(name.clone(), one), (name, two)]), "two headers")
}

async fn cookies() -> impl IntoResponse {
    (AppendHeaders([(SET_COOKIE, "first=1; Path=/"), (SET_COOKIE, "second=2; HttpOnly")]), "two cookies")
}

async fn status(Path(code): Path<u16>) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST)
}

/// A body that breaks off: the event's failure, not an answer.
async fn fail() -> Response {
    Response::new(Body::new(Limited::new(Full::from("longer than that"), 3)))
}

async fn die() -> StatusCode {
    std::process::abort()
}

async fn wait(Path(milliseconds): Path<u64>) -> String {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    format!("waited {milliseconds} ms")
}
