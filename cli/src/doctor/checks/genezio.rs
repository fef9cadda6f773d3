//! Is Genezio's own command line here?

use crate::doctor::{Check, Finding, Probe, Remedy, Severity};

/// The CLI that deploys a Genezio artifact.
pub struct Genezio;

/// The version the artifacts are tested with.
const TESTED: &str = "3.2.10";

impl Check for Genezio {
    fn name(&self) -> &'static str {
        "genezio"
    }

    fn check(&self, probe: &dyn Probe) -> Finding {
        match probe.output("genezio", &["--version"]) {
            Some(version) => Finding::fine(
                format!("genezio {}", version.lines().last().unwrap_or_default()),
                format!("deploys Genezio artifacts; tested with {TESTED}"),
            ),
            None => Finding::missing(
                Severity::Optional,
                "genezio is not installed",
                "only deploying to Genezio needs it; `npx genezio deploy` fetches it too",
                Some(Remedy::new(probe.has("npm"), &[&format!("npm install --global genezio@{TESTED}")])),
            ),
        }
    }
}
