//! Tables for a pull request. What matters is open, the rest unfolds.

use std::fmt::Write as _;

use super::columns::{COST, Column, START, WARM, phases};
use super::{figures, words};
use crate::bench::compare::{Comparison, Verdict};
use crate::bench::model::Run;
use crate::bench::summary::{Row, Summary};

pub(super) fn render(run: &Run, summary: &Summary, comparison: Option<&Comparison>) -> String {
    let mut text = format!("### Cold start of {}\n\n", escape(&run.program.name));
    let _ = writeln!(text, "{}.\n", escape(&words::headline(run, summary)));
    let several = summary.groups.len() > 1;
    for (place, sentences) in words::findings(summary) {
        for sentence in sentences {
            let place = if several { format!("{place}: ") } else { String::new() };
            let _ = writeln!(text, "* {}", escape(&format!("{place}{sentence}")));
        }
    }
    let others = comparison.map(words::outcome).into_iter().chain([words::noise(&summary.noise)]);
    others.for_each(|line| item(&mut text, &line));
    if let Some(comparison) = comparison {
        compared(&mut text, comparison);
    }
    for group in &summary.groups {
        let _ = writeln!(text, "\n#### {}\n", escape(&figures::group(group)));
        let used = |column: &Column| column.is_used(&summary.groups);
        let rows: Vec<_> = group.measured().collect();
        if rows.is_empty() {
            text += "Nothing was measured.\n";
            continue;
        }
        table(&mut text, &rows, START.into_iter().filter(used));
        text += "<details><summary>What it costs, warm round trips, phases</summary>\n\n";
        table(&mut text, &rows, COST.into_iter().filter(used));
        table(&mut text, &rows, WARM.into_iter().filter(used));
        let traced = rows.into_iter().filter(|row| !row.phases.is_empty()).collect::<Vec<_>>();
        table(&mut text, &traced, phases().filter(used));
        text += "</details>\n";
    }
    let unmeasured = words::unmeasured(run, summary);
    if !unmeasured.is_empty() {
        text += "\nNot measured:\n\n";
        unmeasured.iter().for_each(|line| item(&mut text, line));
    }
    text += "\n<details><summary>Machine, command line, what the figures include</summary>\n\n";
    let lines = [words::machine(run), words::origin(run)].into_iter().chain(words::overhead(summary));
    lines.for_each(|line| item(&mut text, &line));
    let _ = writeln!(text, "\n{}\n", fenced(&figures::command(&run.command)));
    legend(&mut text, summary);
    text += "</details>\n";
    text
}

fn item(text: &mut String, line: &str) {
    let _ = writeln!(text, "* {}", escape(line));
}

/// Nothing without a column or a row.
fn table(text: &mut String, rows: &[&Row], columns: impl Iterator<Item = Column>) {
    let columns: Vec<_> = columns.collect();
    if columns.is_empty() || rows.is_empty() {
        return;
    }
    *text += "| |";
    for column in &columns {
        let unit =
            if column.unit.is_empty() { String::new() } else { format!("<br>{}", escape(column.unit)) };
        let _ = write!(text, " {}{unit} |", escape(column.head));
    }
    let _ = writeln!(text, "\n| :-- |{}", " --: |".repeat(columns.len()));
    for row in rows {
        let _ = write!(text, "| {} |", escape(&words::id(row)));
        for column in &columns {
            let _ = write!(text, " {} |", escape(column.cell(row).text()));
        }
        text.push('\n');
    }
    text.push('\n');
}

fn compared(text: &mut String, comparison: &Comparison) {
    let _ = writeln!(text, "\n#### What changed {}\n", escape(&words::since(comparison)));
    for warning in &comparison.warnings {
        let _ = writeln!(text, "* **warning**: {}", escape(&figures::clean(warning)));
    }
    if !comparison.warnings.is_empty() {
        text.push('\n');
    }
    if !comparison.changes.is_empty() {
        *text += "| | figure | then | now | change |\n| :-- | :-- | --: | --: | :-- |\n";
    }
    for change in &comparison.changes {
        let mut name = escape(&words::changed(change, comparison));
        for figure in words::differences(change) {
            let moved = matches!(figure.difference.verdict(), Verdict::Less | Verdict::More);
            let bold = if moved { "**" } else { "" };
            let what = escape(&figure.difference.in_words(figure.less, figure.more));
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {bold}{what}{bold} |",
                std::mem::take(&mut name),
                figure.name,
                figure.old,
                figure.new
            );
        }
    }
    let lines = words::not_in_both(comparison);
    if !lines.is_empty() {
        text.push('\n');
        lines.iter().for_each(|line| item(text, line));
    }
}

fn legend(text: &mut String, summary: &Summary) {
    for (heading, entries) in words::legend(summary) {
        let _ = writeln!(text, "{heading}:\n");
        for (name, about) in entries {
            // The sentences of a legend are ours; their code spans are meant.
            let _ = writeln!(text, "* {}: {about}", escape(name));
        }
        text.push('\n');
    }
}

/// Text that is read as it is, in a table as well: no markup, no mention, no second line.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in figures::clean(text).chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '@' => escaped += "&#64;",
            '\\' | '`' | '*' | '_' | '|' | '[' | ']' | '~' | '#' | '$' => {
                escaped.push('\\');
                escaped.push(c);
            }
            _ => escaped.push(c),
        }
    }
    escaped
}

/// A block that no number of backticks inside can end.
fn fenced(text: &str) -> String {
    let mut fence = "```".to_owned();
    while text.contains(&fence) {
        fence.push('`');
    }
    format!("{fence}text\n{text}\n{fence}")
}

#[test]
fn nothing_from_outside_is_markup() {
    assert_eq!(
        escape("a|b <i>*x*</i> @me `c`\n#1"),
        "a\\|b &lt;i&gt;\\*x\\*&lt;/i&gt; &#64;me \\`c\\`\u{fffd}\\#1"
    );
    assert_eq!(fenced("a ``` b"), "````text\na ``` b\n````");
}
