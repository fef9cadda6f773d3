//! Just enough of the Extensions API for a runtime that registers itself to be shut down gracefully, as
//! the Rust runtime can: it registers and then waits for events, of which a local sandbox has none.

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::function::uuid;
use super::sandbox::Handle;

pub(super) fn routes() -> Router<Handle> {
    Router::new()
        .route("/2020-01-01/extension/register", post(register))
        .route("/2020-01-01/extension/event/next", get(wait))
}

async fn register(axum::extract::State(sandbox): axum::extract::State<Handle>) -> Response {
    let function = sandbox.function();
    let body = serde_json::json!({
        "functionName": function.name,
        "functionVersion": function.version,
        "handler": "index.handler",
    });
    let headers = [("content-type", "application/json"), ("lambda-extension-identifier", &uuid())];
    (StatusCode::OK, headers, body.to_string()).into_response()
}

async fn wait() -> Response {
    std::future::pending().await
}
