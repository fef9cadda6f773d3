//! Who asks for one way to answer events does not get the others.

use std::{fs, process::Command};

use crate::program;

#[test]
fn a_program_that_is_not_async_compiles_no_tokio() {
    let tree = |features: &str| {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["tree", "--package", "trap-runtime", "--offline", "--locked", "--edges", "normal,build"]);
        cargo.args(["--prefix", "none", "--no-default-features", "--features", features]);
        cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
        let output = cargo.output().expect("cargo runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let has = |features: &str, package: &str| {
        tree(features).lines().any(|line| line.starts_with(&format!("{package} v")))
    };
    assert!(has("blocking", "serde_json") && !has("blocking", "tokio") && !has("blocking", "hyper"));
    assert!(has("event", "tokio") && !has("event", "axum") && !has("event", "lambda_http"));
    assert!(has("axum", "axum") && !has("axum", "signal-hook"));
}

/// `cargo trap` tells by this name that a program serves HTTP itself, and where it does has it take the host's place.
#[test]
fn only_a_program_that_serves_http_knows_where_to_listen() {
    let mentions = |example: &str| {
        let program = fs::read(program::path(example)).expect("cargo has built it");
        program.windows(9).any(|bytes| bytes == b"TRAP_HOST")
    };
    assert!(mentions("ask"));
    assert!(!mentions("typed"));
}
