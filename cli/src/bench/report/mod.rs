//! What a run looks like: for a terminal, a pull request, another program, or a browser.
//!
//! Every format shows the same [`Summary`], the same columns and the same sentences.

mod beside;
mod chart;
mod columns;
mod figures;
mod html;
mod json;
mod markdown;
#[cfg(test)]
mod tests;
mod text;
mod words;

use super::compare::Comparison;
use super::model::Run;
use super::summary::Summary;
use crate::Result;

/// What `--format` takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Tables and bars for a terminal
    #[default]
    Text,
    /// Every sample, for programs and for `--compare`
    Json,
    /// Tables for a pull request
    Markdown,
    /// One page with charts that needs nothing else
    Html,
}

/// Columns that are assumed where nobody knows.
pub const WIDTH: usize = 80;

/// Writes a run. `width` is that of the terminal, and matters for text alone; text is styled, whoever
/// writes it drops the styles where they are not wanted.
///
/// # Errors
/// `template` when the page's template is broken: a defect of this tool.
pub fn render(run: &Run, format: Format, width: usize, comparison: Option<&Comparison>) -> Result<String> {
    let summary = Summary::of(run);
    match format {
        Format::Text => Ok(text::render(run, &summary, width, comparison)),
        Format::Json => json::render(run, &summary, comparison),
        Format::Markdown => Ok(markdown::render(run, &summary, comparison)),
        Format::Html => html::render(run, &summary, comparison),
    }
}
