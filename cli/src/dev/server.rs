//! The server: the program at its function URL, the endpoint that Lambda's clients use, and the page.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::api::{self, Page};
use super::guard;
use super::pool::{Broken, Pool};
use crate::lambda::front;
use crate::{Class, Error, Result};

/// How many ports are tried beyond the one that was asked for.
const TRIED: u16 = 100;

/// A smaller body is read at once; for a larger one there must be room.
const SMALL: u64 = 64 * 1024;

/// How many larger bodies are in memory at a time.
const LARGE_AT_ONCE: usize = 16;

/// Binds the port, or the next one that is free; 0 takes any.
///
/// # Errors
/// `port` when none of them is.
pub(super) async fn bind(wanted: u16) -> Result<TcpListener> {
    let mut last = None;
    for port in (wanted..=u16::MAX).take(usize::from(TRIED)) {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => last = Some(error),
            Err(error) => {
                return Err(Error::known("port", Class::Request, format!("port {port} cannot be had"))
                    .with_source(error)
                    .with_hint("choose another one with `--port`; 0 takes any that is free"));
            }
        }
    }
    let message = format!("port {wanted} and the {} after it are in use", TRIED - 1);
    let error = Error::known("port", Class::Request, message)
        .with_hint("choose another one with `--port`; 0 takes any that is free");
    Err(last.into_iter().fold(error, Error::with_source))
}

/// Serves until the task is aborted.
pub(super) fn serve(listener: TcpListener, page: Page, allowed_hosts: Vec<String>) -> JoinHandle<()> {
    // Small answers must not wait for an acknowledgement of the one before.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let service = routes(page, allowed_hosts).into_make_service_with_connect_info::<SocketAddr>();
    // It only returns when the task is aborted: accept errors are retried inside.
    tokio::spawn(async move { drop(axum::serve(listener, service).await) })
}

fn routes(page: Page, allowed_hosts: Vec<String>) -> Router {
    let program = Router::new()
        // Lambda's clients name the function; there is one.
        .route("/2015-03-31/functions/{name}/invocations", post(client))
        .fallback(url)
        .layer(middleware::from_fn_with_state(Arc::new(Semaphore::new(LARGE_AT_ONCE)), in_memory))
        .with_state(page.pool.clone());
    program.merge(api::routes(page)).layer(middleware::from_fn_with_state(Arc::new(allowed_hosts), by_name))
}

/// Refuses requests that were made to another machine's name: see [`guard`].
async fn by_name(State(allowed): State<Arc<Vec<String>>>, request: Request, next: Next) -> Response {
    match guard::host(&request, &allowed) {
        Ok(_) => next.run(request).await,
        Err(name) => {
            let text = format!(
                "cargo trap dev: this request was made to `{name}`, which is not a name of this machine alone.\n\
                 So that no other site can reach your program through a name of its own, it is refused.\n\n\
                 help: ask `localhost` or `127.0.0.1`, or start `cargo trap dev --allow-host <name>`\n"
            );
            (StatusCode::FORBIDDEN, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text)
                .into_response()
        }
    }
}

/// Reads a large body only when there is room for it, and keeps its room until it is answered.
async fn in_memory(State(room): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let is_chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
    let is_small = if is_chunked { false } else { length.unwrap_or(0) <= SMALL };
    let _room = if is_small { None } else { room.acquire().await.ok() };
    next.run(request).await
}

/// A request to the function URL.
async fn url(
    State(pool): State<Pool>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let wants_html = wants_html(request.headers());
    let invocation = match front::from_url(request, peer).await {
        Ok(invocation) => invocation,
        Err(refusal) => return refusal,
    };
    match pool.invoke(pool.enter(invocation, None)).await {
        Ok((done, _)) => front::to_url(&done),
        Err(Broken(why)) => broken(&why, wants_html),
    }
}

/// An event from one of Lambda's clients. They are no browsers: from there, only a site could have sent it.
async fn client(State(pool): State<Pool>, headers: HeaderMap, body: Body) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !guard::is_from_here(&headers, host) {
        return (StatusCode::FORBIDDEN, "this is not for other sites\n").into_response();
    }
    let invocation = match front::from_client(&headers, body).await {
        Ok(invocation) => invocation,
        Err(refusal) => return refusal,
    };
    match pool.invoke(pool.enter(invocation, None)).await {
        Ok((done, function)) => front::to_client(&done, &function),
        Err(Broken(why)) => broken(&why, false),
    }
}

fn wants_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// What somebody gets who asks a program that does not compile, and never did.
fn broken(why: &str, wants_html: bool) -> Response {
    let (kind, text) = if wants_html {
        ("text/html; charset=utf-8", include_str!("page/broken.html").replace("@WHY@", &escaped(why)))
    } else {
        ("text/plain; charset=utf-8", format!("cargo trap dev: there is no program to ask yet\n\n{why}\n"))
    };
    let mut response =
        (StatusCode::SERVICE_UNAVAILABLE, [(header::CONTENT_TYPE, kind)], text).into_response();
    let policy =
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_in_use_is_passed_over() {
        let first = bind(0).await.expect("some port");
        let taken = first.local_addr().expect("an address").port();
        let second = bind(taken).await.expect("another one");
        let found = second.local_addr().expect("an address");
        assert!(found.port() != taken && found.ip().is_loopback(), "{found}");
    }

    #[tokio::test]
    async fn what_the_compiler_says_is_text_in_a_page() {
        let response = broken("error: <T> & 'a", true);
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        let body = String::from_utf8(body.to_vec()).expect("text");
        assert!(body.contains("error: &lt;T&gt; &amp; &#39;a") && !body.contains("<T>"), "{body}");
        let plain = broken("error: <T>", false);
        let body = axum::body::to_bytes(plain.into_body(), usize::MAX).await.expect("a body");
        assert!(String::from_utf8_lossy(&body).contains("error: <T>"));
    }
}
