//! `cargo trap platforms`: which there are, all about one, and what describes an artifact to tools for infrastructure.

mod detail;
mod list;
mod report;
mod snippet;

use std::path::PathBuf;

use crate::ui::Ui;
use crate::{Result, platform};

use report::Report;

/// List the platforms, show all about one, or describe the artifact to CDK and its like
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "Examples:
  cargo trap platforms                          which there are
  cargo trap platforms lambda                   limits with their sources, and how it is deployed
  cargo trap platforms lambda --snippet cdk     the function, described to AWS CDK")]
pub struct Args {
    /// The one to show
    #[arg(value_name = "NAME", value_parser = platform::values(), hide_possible_values = true)]
    name: Option<String>,
    /// Print what a tool for infrastructure is told about the artifact
    #[arg(long, value_name = "TOOL", requires = "name")]
    snippet: Option<String>,
    /// The artifact that the snippet is about [default: what a build of this folder's crate writes]
    #[arg(long, value_name = "DIR", requires = "snippet")]
    artifact: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// `no-snippet`; for `--artifact` those of finding one.
pub fn run(args: Args, ui: &Ui) -> Result<()> {
    if let (Some(name), Some(tool)) = (&args.name, &args.snippet) {
        return snippet::print(name, tool, args.artifact.as_deref(), ui);
    }
    let platforms = match &args.name {
        Some(name) => vec![platform::find(name)?],
        None => platform::all()?,
    };
    let reports: Vec<_> = platforms.iter().map(Report::of).collect::<Result<_>>()?;
    if ui.is_json() {
        return reports.iter().try_for_each(|report| ui.json(report));
    }
    let width = ui.width().unwrap_or(list::UNSEEN).max(list::NARROWEST);
    ui.text(match (reports.as_slice(), &args.name) {
        ([report], Some(_)) => detail::text(report, width),
        (reports, _) => list::text(reports, width),
    })
}
