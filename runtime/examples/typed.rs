//! A typed handler, once async and once not, that does what its event says.
//!
//! Try it with
//! `echo '{"do":"greet","name":"Ferris"}' | cargo run -p trap-runtime --all-features --example typed -- blocking`.
//! The tests of this crate send it everything else.
#![allow(clippy::print_stdout, reason = "saying on stdout that it waits is how it is known to wait")]

use std::{io, time::Duration};

use serde::{Deserialize, Serialize};
use trap_runtime::{Context, Diagnostic, LambdaEvent};

/// What can be asked for.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
enum Order {
    Greet {
        name: String,
    },
    Refuse,
    RefuseByName {
        kind: String,
    },
    Panic,
    /// Answers with the next line from stdin.
    Wait,
    /// Answers with what the platform says about the event.
    Tell,
    /// Answers with so many bytes.
    Fill {
        bytes: usize,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Answer {
    Hello(String),
    Typed(String),
    Told {
        request_id: String,
        remaining: Duration,
        arn: String,
        trace: Option<String>,
        client: Option<serde_json::Value>,
    },
    Filled(String),
}

#[derive(Debug, thiserror::Error)]
#[error("that is not on the menu")]
struct OffMenu;

fn serve(order: Order, context: Context) -> Result<Answer, Diagnostic> {
    Ok(match order {
        Order::Greet { name } => Answer::Hello(name),
        Order::Refuse => Err(OffMenu)?,
        Order::RefuseByName { kind } => return Err(Diagnostic::new(kind, OffMenu)),
        Order::Panic => panic!("the kitchen burns"),
        Order::Wait => {
            println!("waiting");
            let mut line = String::new();
            io::stdin().read_line(&mut line)?;
            Answer::Typed(line.trim().to_owned())
        }
        Order::Tell => Answer::Told {
            remaining: context.remaining(),
            request_id: context.request_id,
            arn: context.invoked_function_arn,
            trace: context.xray_trace_id,
            client: context.client_context,
        },
        Order::Fill { bytes } => Answer::Filled("x".repeat(bytes)),
    })
}

fn blocking(event: LambdaEvent<Order>) -> Result<Answer, Diagnostic> {
    serve(event.payload, event.context)
}

async fn not_blocking(event: LambdaEvent<Order>) -> Result<Answer, Diagnostic> {
    // Not on the runtime's only thread where it may take long: that has signals to notice.
    match event.payload {
        Order::Wait => tokio::task::spawn_blocking(|| serve(Order::Wait, event.context)).await?,
        order => serve(order, event.context),
    }
}

fn main() -> Result<(), trap_runtime::Error> {
    match std::env::args().nth(1).as_deref() {
        Some("blocking") => trap_runtime::blocking::run(blocking),
        Some("async") => trap_runtime::event::run(not_blocking),
        _ => Err(trap_runtime::report_init_error("say `blocking` or `async`")),
    }
}
