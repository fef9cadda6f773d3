//! What a tool for infrastructure is told about the artifact: a file of the platform's folder, filled in.

use std::path::Path;

use serde::Serialize;

use crate::arch::Arch;
use crate::commands::build::{self, Purpose, Selection};
use crate::deploy::Existing;
use crate::plan::{self, Request};
use crate::platform::{self, Platform};
use crate::settings::Flags;
use crate::ui::Ui;
use crate::{Class, Error, Result};

/// What a snippet is filled in with where there is no program.
const EXAMPLE: &str = "my-service";

/// Prints the snippet.
pub(super) fn print(name: &str, tool: &str, artifact: Option<&Path>, ui: &Ui) -> Result<()> {
    #[derive(Serialize)]
    struct Line<'a> {
        reason: &'static str,
        platform: &'a str,
        snippet: &'a str,
        text: &'a str,
    }
    let platform = platform::find(name)?;
    let text = *platform.snippets().get(tool).ok_or_else(|| unknown(&platform, tool))?;
    let (request, arches) = subject(platform, artifact, ui)?;
    let text = platform::render_text(tool, text, &plan::values(&request, &arches))?;
    if ui.is_json() {
        return ui.json(&Line { reason: "trap-snippet", platform: name, snippet: tool, text: &text });
    }
    ui.text(text)
}

fn unknown(platform: &Platform, tool: &str) -> Error {
    let id = &platform.manifest.id;
    let message = format!("`{id}` has no snippet for `{tool}`");
    let known: Vec<_> = platform.snippets().keys().map(|name| format!("`{name}`")).collect();
    Error::known("no-snippet", Class::Request, message).with_hint(match known.as_slice() {
        [] => "a build writes all that this platform wants".to_owned(),
        known => format!("choose one of {}", known.join(", ")),
    })
}

/// The artifact that is named, else what a build of the crate in this folder writes, else an example.
fn subject(platform: Platform, artifact: Option<&Path>, ui: &Ui) -> Result<(Request, Vec<Arch>)> {
    let id = platform.manifest.id.clone();
    let flags = Flags { platform: Some(id), ..Flags::default() };
    if let Some(path) = artifact {
        let existing = Existing::open(path, &flags)?;
        return Ok((existing.request, existing.arches));
    }
    let selection = Selection { flags, ..Selection::default() };
    let purpose = Purpose::Deploy { output: build::Output::default(), at_once: false };
    match build::resolve(&selection, &purpose) {
        Ok(plan) => Ok((plan.request, plan.arches)),
        Err(error) => {
            ui.status(
                "Note",
                format_args!(
                    "filled in for an example, `{EXAMPLE}` ({error}); `--artifact <DIR>` names yours"
                ),
            );
            let arches = platform.manifest.arch.arches();
            Ok((Request::sample(platform, EXAMPLE)?, arches))
        }
    }
}
