//! Answers Lambda events on a platform and HTTP everywhere else; ends gracefully in both.

use trap_runtime::axum::{Router, routing::get};

fn main() -> Result<(), trap_runtime::Error> {
    trap_runtime::run(Router::new().route("/", get(hello)))
}

async fn hello() -> String {
    format!("Hello from Rust on {}\n", std::env::consts::ARCH)
}
