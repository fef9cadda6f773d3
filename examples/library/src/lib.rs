//! A router that is loaded into the Node process, where it polls for events and answers them.

use trap_runtime::axum::{Router, routing::get};

trap_runtime::library!(router);

/// The same router answers wherever it is served.
pub fn router() -> Router {
    Router::new().route("/", get(hello)).route("/process", get(process))
}

async fn hello() -> String {
    format!("Hello from Rust on {}\n", std::env::consts::ARCH)
}

/// Where this runs: in Node's process under the takeover `library`.
async fn process() -> String {
    let executable = std::env::current_exe().map(|path| path.display().to_string());
    format!("pid {} executes {}\n", std::process::id(), executable.unwrap_or_else(|error| error.to_string()))
}
