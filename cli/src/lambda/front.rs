//! What callers talk to: a function URL, and the endpoint that Lambda clients and AWS's emulator use.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::SystemTime;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::function::uuid;
use super::function_url::{self, Context};
use super::sandbox::Handle;
use super::{Done, Function, Invocation, Outcome, PAYLOAD_LIMIT};

/// Headers that belong to one connection and are not passed on.
const HOP_BY_HOP: [header::HeaderName; 5] =
    [header::CONNECTION, header::TRANSFER_ENCODING, header::CONTENT_LENGTH, header::UPGRADE, header::TRAILER];

/// A running front. It ends when dropped.
#[derive(Debug)]
pub struct Front {
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Front {
    /// Serves `sandbox` on `port` of the loopback interface; 0 takes a free one.
    /// `POST /2015-03-31/functions/function/invocations` takes an event as AWS's emulator does; every
    /// other request is one for the function URL.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn start(sandbox: Handle, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let routes = Router::new()
            .route("/2015-03-31/functions/function/invocations", post(invoke))
            .fallback(url)
            .with_state(sandbox)
            .into_make_service_with_connect_info::<SocketAddr>();
        let server = tokio::spawn(async move { drop(axum::serve(listener, routes).await) });
        Ok(Self { address, server })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn invoke(State(sandbox): State<Handle>, headers: HeaderMap, body: Body) -> Response {
    match from_client(&headers, body).await {
        Ok(invocation) => to_client(&sandbox.invoke(invocation).await, sandbox.function()),
        Err(refusal) => refusal,
    }
}

async fn url(
    State(sandbox): State<Handle>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    match from_url(request, peer).await {
        Ok(invocation) => to_url(&sandbox.invoke(invocation).await),
        Err(refusal) => refusal,
    }
}

/// The invocation that a Lambda client asks for.
///
/// # Errors
/// What it is told when its event is too large.
pub(crate) async fn from_client(headers: &HeaderMap, body: Body) -> Result<Invocation, Response> {
    let payload = axum::body::to_bytes(body, PAYLOAD_LIMIT).await.map_err(|_| too_large())?;
    let mut invocation = Invocation::new(payload);
    invocation.trace_id = trace_id(headers);
    invocation.client_context = headers
        .get("x-amz-client-context")
        .and_then(|value| STANDARD.decode(value.as_bytes()).ok())
        .and_then(|context| String::from_utf8(context).ok());
    Ok(invocation)
}

/// What a Lambda client is told.
pub(crate) fn to_client(done: &Done, function: &Function) -> Response {
    let (status, body) = done.reply(function);
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response()
}

/// The invocation that a request to the function URL is.
///
/// # Errors
/// What the caller is told when it is too large.
pub(crate) async fn from_url(request: Request, peer: SocketAddr) -> Result<Invocation, Response> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, PAYLOAD_LIMIT).await.map_err(|_| too_large())?;
    let request = Request::from_parts(parts, body);
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let context = Context {
        domain: host.and_then(|host| host.split(':').next()).unwrap_or("localhost").to_owned(),
        source_ip: peer.ip().to_string(),
        request_id: uuid(),
        time: SystemTime::now(),
    };
    let event = function_url::event(&request, &context).to_string();
    // The limit is for what the program is sent, where bytes that are no text have grown by a third.
    if event.len() > PAYLOAD_LIMIT {
        return Err(too_large());
    }
    let mut invocation = Invocation::new(event);
    invocation.trace_id = trace_id(request.headers());
    invocation.request_id = context.request_id;
    Ok(invocation)
}

/// What the caller of a function URL is told.
pub(crate) fn to_url(done: &Done) -> Response {
    let Outcome::Answered(answer) = &done.outcome else { return bad_gateway() };
    match function_url::response(answer) {
        Ok(response) => pass_on(response),
        Err(_) => bad_gateway(),
    }
}

fn pass_on(response: axum::http::Response<Bytes>) -> Response {
    let (mut parts, body) = response.into_parts();
    for name in HOP_BY_HOP {
        parts.headers.remove(name);
    }
    Response::from_parts(parts, Body::from(body))
}

fn trace_id(headers: &HeaderMap) -> Option<String> {
    headers.get("x-amzn-trace-id").and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// All a function URL tells its callers of any failure.
fn bad_gateway() -> Response {
    let body = r#"{"Message":"Internal Server Error"}"#;
    (StatusCode::BAD_GATEWAY, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn too_large() -> Response {
    let body = r#"{"Message":"Request must be smaller than 6291456 bytes for the InvokeFunction operation"}"#;
    (StatusCode::PAYLOAD_TOO_LARGE, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
