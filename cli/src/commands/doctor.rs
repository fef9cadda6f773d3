//! `cargo trap doctor`: everything this machine lacks, all at once, each with what mends it.

use std::fmt::Write as _;
use std::process::Command;

use serde::Serialize;

use crate::doctor::{self, Finding, Machine, Severity};
use crate::ui::Ui;
use crate::{Class, Error, Result};

/// Check this machine, and mend what can be mended
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_long_help = "Exit status: 0 when everything needed is here, 3 when something needed is missing."
)]
pub struct Args {
    /// Run the remedies, then check again
    #[arg(long)]
    fix: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    reason: &'static str,
    check: &'static str,
    #[serde(flatten)]
    finding: &'a Finding,
}

/// Runs the command.
///
/// # Errors
/// `doctor` when something needed is missing; a remedy's own failure is told and does not stop the others.
pub fn run(args: Args, ui: &Ui) -> Result<()> {
    let folder = std::env::current_dir().map_err(Error::file("find", "."))?;
    let machine = Machine { folder };
    let look = || {
        let _progress = ui.progress("Checking", "this machine");
        doctor::all().iter().map(|check| (check.name(), check.check(&machine))).collect::<Vec<_>>()
    };
    let mut findings = look();
    if args.fix && fix(&findings, ui) {
        findings = look();
    }
    for (check, finding) in &findings {
        if ui.is_json() {
            ui.json(&Line { reason: "trap-finding", check, finding })?;
        }
    }
    if !ui.is_json() {
        ui.text(text(&findings, args.fix))?;
    }
    let needed: Vec<_> =
        findings.iter().filter(|(_, finding)| finding.severity == Severity::Needed).collect();
    match needed.first() {
        None => Ok(()),
        Some((_, finding)) => Err(Error::known("doctor", Class::Machine, finding.what.clone())),
    }
}

/// Runs what may be run; true when anything was.
fn fix(findings: &[(&str, Finding)], ui: &Ui) -> bool {
    let remedies = findings
        .iter()
        .filter(|(_, finding)| finding.severity != Severity::Fine)
        .filter_map(|(_, finding)| finding.remedy.as_ref())
        .filter(|remedy| remedy.automatic);
    let mut any = false;
    for remedy in remedies {
        any = true;
        for words in &remedy.commands {
            let line = words.join(" ");
            ui.status("Running", &line);
            let Some((program, args)) = words.split_first() else { continue };
            // What it prints goes to stderr: stdout is for the findings.
            let status = Command::new(program).args(args).stdout(std::io::stderr()).status();
            match status {
                Ok(status) if status.success() => {}
                Ok(status) => {
                    ui.warning(format_args!("`{line}` ended with {status}; see its own words above"));
                    break;
                }
                Err(error) => {
                    ui.warning(format_args!("`{line}` could not be started: {error}"));
                    break;
                }
            }
        }
    }
    any
}

fn text(findings: &[(&str, Finding)], fixed: bool) -> String {
    let width = findings.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (name, finding) in findings {
        let (style, word) = match finding.severity {
            Severity::Fine => (anstyle::AnsiColor::Green.on_default(), "ok"),
            Severity::Optional => (anstyle::AnsiColor::Yellow.on_default(), "missing"),
            Severity::Needed => (anstyle::AnsiColor::Red.on_default().bold(), "NEEDED"),
        };
        let _ = writeln!(text, "{style}{word:<7}{style:#}  {name:<width$}  {}", finding.what);
        let pad = " ".repeat(width + 11);
        let _ = writeln!(text, "{pad}{}", finding.means);
        if let Some(remedy) = finding.remedy.as_ref().filter(|_| finding.severity != Severity::Fine) {
            let _ = writeln!(text, "{pad}→ {}", remedy.shown());
        }
    }
    let open = findings.iter().filter(|(_, finding)| finding.severity != Severity::Fine);
    let automatic =
        open.filter(|(_, finding)| finding.remedy.as_ref().is_some_and(|remedy| remedy.automatic)).count();
    if automatic > 0 && !fixed {
        let _ = writeln!(text, "\n`cargo trap doctor --fix` runs what the arrows show, where it can.");
    }
    text
}
