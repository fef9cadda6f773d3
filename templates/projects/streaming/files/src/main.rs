//! A response that leaves the program line by line, on a platform as over HTTP.

use std::{convert::Infallible, env, time::Duration};

use axum::{
    Router, body::Body, extract::Path, http::header::CONTENT_TYPE, response::IntoResponse, routing::get,
};
use futures_util::stream;

fn router() -> Router {
    Router::new()
        .route("/", get(async || count(3).into_response()))
        .route("/{number}", get(async |Path(number): Path<u32>| count(number).into_response()))
}

/// One line after the other, with a pause between them.
fn count(number: u32) -> impl IntoResponse {
    let lines = stream::unfold(1, move |at| async move {
        if at > number {
            return None;
        }
        if at > 1 {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        Some((Ok::<_, Infallible>(format!("line {at} of {number} from Rust\n")), at + 1))
    });
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], Body::from_stream(lines))
}

// One thread: it starts fastest, and a Lambda container handles one event at a time.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    if env::var_os("AWS_LAMBDA_RUNTIME_API").is_some_and(|api| !api.is_empty()) {
        return lambda_http::run_with_streaming_response(router()).await;
    }
    // Where the program takes a Node server's place, it is told both.
    let host = env::var("TRAP_HOST").unwrap_or("127.0.0.1".to_owned());
    let port = env::var("PORT").unwrap_or("3000".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("{host}:{port}")).await?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, router()).await?;
    Ok(())
}
