//! Answers every request with what somebody types: it asks on stdout and waits for a line on stdin.
//!
//! Try it with `cargo run -p trap-runtime --example ask`, a request from another terminal, and Ctrl-C while
//! the request waits. The tests of this crate do the same.
#![allow(clippy::print_stdout, reason = "asking somebody on stdout is what this example is about")]

use std::io;

use trap_runtime::axum::{
    Router,
    http::{Method, Uri},
};

fn main() -> Result<(), trap_runtime::Error> {
    trap_runtime::run(Router::new().fallback(ask))
}

async fn ask(method: Method, uri: Uri) -> String {
    // Not on the runtime's only thread: it has signals to notice while this waits.
    let typed = tokio::task::spawn_blocking(move || {
        println!("{method} {uri}?");
        let mut line = String::new();
        io::stdin().read_line(&mut line).map(|_| line)
    });
    match typed.await {
        Ok(Ok(line)) => line,
        Ok(Err(error)) => format!("nothing was typed: {error}\n"),
        Err(error) => format!("nobody was asked: {error}\n"),
    }
}
