//! One typed handler, one line to start it, and an error type of its own.

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Request {
    name: String,
}

#[derive(Serialize)]
struct Greeting {
    message: String,
}

#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("there is nobody to greet: `name` is empty")]
    Nobody,
    #[error("a name of {0} letters is too long to be greeted")]
    TooLong(usize),
}

/// What the caller is told: `errorType` by which programs tell refusals apart, `errorMessage` for people.
impl From<Refusal> for Diagnostic {
    fn from(refusal: Refusal) -> Self {
        let error_type = match refusal {
            Refusal::Nobody => "Nobody",
            Refusal::TooLong(_) => "TooLong",
        };
        Self { error_type: error_type.into(), error_message: refusal.to_string() }
    }
}

async fn greet(event: LambdaEvent<Request>) -> Result<Greeting, Refusal> {
    let name = event.payload.name.trim();
    match name.chars().count() {
        0 => Err(Refusal::Nobody),
        length @ 100.. => Err(Refusal::TooLong(length)),
        _ => Ok(Greeting { message: format!("Hello from Rust, {name}!") }),
    }
}

// One thread: it starts fastest, and a Lambda container handles one event at a time.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(greet)).await
}
