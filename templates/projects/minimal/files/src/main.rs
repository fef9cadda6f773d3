//! The smallest program: an HTTP client for the one API that there is, and one handler. Nothing is async.

use serde_json::{Value, json};

/// Any JSON is an event here: one that a narrower type refuses would end the program, since minlambda reports it as a
/// failed start.
fn main() -> ! {
    minlambda::run_ok(|event: Value| {
        let path = event["rawPath"].as_str().unwrap_or("nowhere");
        json!({ "statusCode": 200, "body": format!("Hello from a small Rust at {path}\n") })
    })
}
