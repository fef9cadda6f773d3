//! Just enough of the Extensions API for a runtime that registers itself to be shut down gracefully, as
//! the Rust runtime can: it registers and then waits for events, of which a local sandbox has none.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::function::uuid;
use super::refusal::Refusal;
use super::sandbox::Handle;

pub(super) fn routes() -> Router<Handle> {
    Router::new()
        .route("/2020-01-01/extension/register", post(register))
        .route("/2020-01-01/extension/event/next", get(wait))
}

async fn register(State(sandbox): State<Handle>, headers: HeaderMap) -> Response {
    if headers.get("lambda-extension-name").is_none_or(HeaderValue::is_empty) {
        return Refusal::ExtensionName.into_response();
    }
    let function = sandbox.function();
    let body = serde_json::json!({
        "functionName": function.name,
        "functionVersion": function.version,
        "handler": "index.handler",
    });
    let headers = [("content-type", "application/json"), ("lambda-extension-identifier", &uuid())];
    (StatusCode::OK, headers, body.to_string()).into_response()
}

async fn wait(headers: HeaderMap) -> Response {
    if !headers.contains_key("lambda-extension-identifier") {
        return Refusal::ExtensionIdentifier.into_response();
    }
    std::future::pending().await
}
