//! Is there a Rust that can build programs?

use crate::doctor::{Check, Finding, Probe, Remedy, Severity};

/// rustc and cargo.
pub struct Rust;

impl Check for Rust {
    fn name(&self) -> &'static str {
        "rust"
    }

    fn check(&self, probe: &dyn Probe) -> Finding {
        match (probe.output("rustc", &["--version"]), probe.output("cargo", &["--version"])) {
            (Some(rustc), Some(_)) => Finding::fine(rustc, "compiles programs"),
            _ => Finding::missing(
                Severity::Needed,
                "Rust is not installed",
                "nothing can be compiled; `--program` still packages what was built elsewhere",
                Some(Remedy::new(false, &["see https://rustup.rs"])),
            ),
        }
    }
}
