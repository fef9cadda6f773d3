//! A class and a route beside it; from this folder `cargo run --example class --features class`, then
//!
//! ```sh
//! curl -d '{"jsonrpc":"2.0","method":"Greeter.hello","params":["you"],"id":1}' http://127.0.0.1:3000/
//! ```

use std::sync::atomic::{AtomicU32, Ordering};

use serde::{Deserialize, Serialize};
use trap_runtime::axum::routing::get;
use trap_runtime::class::{self, Failure, Typed};

/// What a call answers.
#[derive(Serialize, Deserialize, Typed)]
struct Greeting {
    text: String,
    /// How many there were before.
    before: u32,
}

#[derive(Default)]
struct Greeter {
    greeted: AtomicU32,
}

/// Says hello.
#[trap_runtime::class]
impl Greeter {
    /// Greets somebody.
    async fn hello(&self, name: String) -> Result<Greeting, Failure> {
        if name.is_empty() {
            return Err(Failure::new("nobody has no name").with_code(1));
        }
        Ok(Greeting { text: format!("Hello, {name}!"), before: self.greeted.fetch_add(1, Ordering::Relaxed) })
    }

    #[method(cron = "0 4 * * *")]
    async fn nightly(&self) {
        self.greeted.store(0, Ordering::Relaxed);
    }
}

fn main() -> Result<(), trap_runtime::Error> {
    trap_runtime::run(class::router(Greeter::default()).route("/health", get(|| async { "fine\n" })))
}
