//! An axum router that answers Lambda events on a platform, and HTTP everywhere else.

use std::env;

use axum::{
    Json, Router,
    body::Bytes,
    extract::Path,
    http::{HeaderMap, Method, StatusCode, Uri, header::SET_COOKIE},
    response::{AppendHeaders, IntoResponse},
    routing::{any, get, post},
};
use serde_json::{Value, json};

fn router() -> Router {
    Router::new()
        .route("/", get(hello))
        .route("/echo", any(echo))
        .route("/echo/{*rest}", any(echo))
        .route("/bytes", post(bytes))
        .route("/cookies", get(cookies))
        .route("/status/{code}", any(status))
}

async fn hello() -> String {
    format!("Hello from Rust on {}\n", env::consts::ARCH)
}

/// What arrived, as the router sees it.
async fn echo(method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Json<Value> {
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
        .collect();
    Json(json!({
        "method": method.as_str(),
        "path": uri.path(),
        "query": uri.query(),
        "headers": headers,
        "body": String::from_utf8_lossy(&body),
    }))
}

/// The body as it came: axum calls it `application/octet-stream`, so Lambda carries it as base64.
async fn bytes(body: Bytes) -> Bytes {
    body
}

/// Two headers of one name.
async fn cookies() -> impl IntoResponse {
    (AppendHeaders([(SET_COOKIE, "first=1; Path=/"), (SET_COOKIE, "second=2; HttpOnly")]), "two cookies\n")
}

async fn status(Path(code): Path<u16>) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST)
}

// One thread: it starts fastest, and a Lambda container handles one event at a time.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    if env::var_os("AWS_LAMBDA_RUNTIME_API").is_some_and(|api| !api.is_empty()) {
        return lambda_http::run(router()).await;
    }
    let port = env::var("PORT").unwrap_or("3000".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, router()).await?;
    Ok(())
}
