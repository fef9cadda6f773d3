//! All about one platform.

use std::fmt::Write as _;

use anstyle::{Effects, Style};

use super::report::{Report, size, word};
use crate::platform::{Get, Measured};
use crate::settings::Takeover;
use crate::text::{pad, wrap};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().effects(Effects::DIMMED);

/// Where the facts begin.
const INDENT: usize = 12;

pub(super) fn text(report: &Report, width: usize) -> String {
    let mut page = Page { text: String::new(), width };
    page.fact("platform", &report.name);
    page.fact("", &report.summary);
    page.fact("host", &report.host);
    if let Some(base) = &report.extends {
        page.fact("variant of", base);
    }
    page.fact("languages", &choice(report.langs.iter().map(word)));
    page.fact("arch", &format!("{} (default)", word(report.arch)));
    page.fact("payload", &format!("{} (default)", word(report.payload)));
    page.fact(
        "takeovers",
        &match report.takeovers.first() {
            Some(Takeover::Auto) => format!("auto, which chooses among {}", report.takeovers().join(", ")),
            _ => choice(report.takeovers().into_iter().map(str::to_owned)),
        },
    );
    page.fact("files", &format!("{} and what it needs", report.main));
    if !report.scaffold.is_empty() {
        page.fact("", &format!("{}: written once, yours from then on", report.scaffold.join(", ")));
    }
    page.limits(report);
    page.deploy(report);
    for (index, next) in report.next.iter().enumerate() {
        let label = if index == 0 { "next" } else { "" };
        // What one may want to copy stays whole.
        if next.contains(" && ") { page.whole(label, next) } else { page.fact(label, next) }
    }
    for (index, (name, about)) in report.snippets.iter().enumerate() {
        let command = format!("cargo trap platforms {} --snippet {name}", report.name);
        page.fact(if index == 0 { "snippets" } else { "" }, &command);
        page.dim(&format!("  {about}"));
    }
    page.text
}

/// The first is the default.
fn choice(names: impl Iterator<Item = String>) -> String {
    let named =
        names.enumerate().map(|(index, name)| if index == 0 { format!("{name} (default)") } else { name });
    named.collect::<Vec<_>>().join(", ")
}

struct Page {
    text: String,
    width: usize,
}

impl Page {
    fn fact(&mut self, label: &str, value: &str) {
        for (index, line) in wrap(value, self.width.saturating_sub(INDENT)).iter().enumerate() {
            let label = pad(if index == 0 { label } else { "" }, INDENT);
            let _ = writeln!(self.text, "{BOLD}{label}{BOLD:#}{line}");
        }
    }

    /// A line that one may want to copy, so it is never broken.
    fn whole(&mut self, label: &str, value: &str) {
        let _ = writeln!(self.text, "{BOLD}{}{BOLD:#}{value}", pad(label, INDENT));
    }

    fn dim(&mut self, value: &str) {
        let _ = writeln!(self.text, "{:INDENT$}{DIM}{value}{DIM:#}", "");
    }

    fn limits(&mut self, report: &Report) {
        for (index, limit) in report.limits.iter().enumerate() {
            let of = match limit.of {
                Measured::Program => "program",
                Measured::Artifact => "package",
                Measured::Zip => "zip",
                Measured::Request => "request",
            };
            let soft = if limit.soft { "; a build only warns" } else { "" };
            let text = format!("{of}: {}, {}{soft}", size(limit.bytes), limit.about);
            self.fact(if index == 0 { "limits" } else { "" }, &text);
            self.dim(&format!("  {}", limit.source));
        }
    }

    fn deploy(&mut self, report: &Report) {
        let deploy = &report.deploy;
        self.whole("deploy", &deploy.command);
        if !deploy.first.is_empty() {
            self.dim(&format!("  the first time with {}", deploy.first.join(" ")));
        }
        for (index, ask) in deploy.asks.iter().enumerate() {
            self.whole(if index == 0 { "asks first" } else { "" }, ask);
        }
        if !deploy.compares.is_empty() {
            self.dim(&format!(
                "  and compares {}; nothing of it is ever changed",
                deploy.compares.join(", ")
            ));
        }
        for need in &deploy.needs {
            self.fact("needs", &format!("{}: `{}` in the artifact's folder", need.path, need.get));
        }
        self.whole("tool", &deploy.tool);
        self.dim(&match &deploy.get {
            Get::Npm(package) => format!("  npm install --global {package}"),
            Get::Page(page) => format!("  {page}"),
        });
        self.fact("login", &deploy.login.how);
        if !deploy.login.variables.is_empty() {
            self.dim(&format!("  or set {}", deploy.login.variables.join(" or ")));
        }
    }
}
