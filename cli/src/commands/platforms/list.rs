//! All platforms as a table. What calls the artifact stands at the end of the line where there is room, else below it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::{Effects, Style};

use super::report::{Report, word};
use crate::platform::Measured;
use crate::text::{length, pad, wrap};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().effects(Effects::DIMMED);

/// Columns where nobody looks.
pub(super) const UNSEEN: usize = 100;
/// Narrower than this nothing of it can be read.
pub(super) const NARROWEST: usize = 40;
/// Between two columns.
const GAP: usize = 2;
/// What the last column needs to be one.
const LAST: usize = 44;

const ARCH: usize = 1;
const PAYLOAD: usize = 2;
const TAKEOVERS: usize = 3;
const HEADINGS: [&str; 7] = ["name", "arch", "payload", "takeovers", "program", "package", "request"];

pub(super) fn text(reports: &[Report], width: usize) -> String {
    let rows: Vec<[String; 7]> = reports.iter().map(row).collect();
    let widest = |column: usize| {
        let cells = rows.iter().map(|row| length(&row[column]));
        cells.chain([length(HEADINGS[column])]).max().unwrap_or(0)
    };
    let mut columns: Vec<(usize, usize)> =
        (0..HEADINGS.len()).map(|column| (column, widest(column))).collect();
    let taken =
        |columns: &[(usize, usize)]| columns.iter().map(|(_, width)| width + GAP).sum::<usize>() - GAP;
    // What is not a column stands in the line below, or can be looked up one by one.
    for dropped in [TAKEOVERS, PAYLOAD, ARCH] {
        if taken(&columns) > width {
            columns.retain(|(column, _)| *column != dropped);
        }
    }
    let has_takeovers = columns.iter().any(|(column, _)| *column == TAKEOVERS);
    let beside = has_takeovers && taken(&columns) + GAP + LAST <= width;
    let cells = |row: &[String; 7]| {
        let cells = columns.iter().map(|&(column, width)| match column {
            ..=TAKEOVERS => pad(&row[column], width),
            _ => format!("{:>width$}", row[column]),
        });
        cells.collect::<Vec<_>>().join(&" ".repeat(GAP))
    };
    let mut text = String::new();
    let headings = cells(&HEADINGS.map(str::to_owned));
    let host = if beside { format!("{:GAP$}host", "") } else { String::new() };
    let _ = writeln!(text, "{BOLD}{headings}{host}{BOLD:#}");
    for (report, row) in reports.iter().zip(&rows) {
        let _ = write!(text, "{}", cells(row));
        let (below, indent) = match beside {
            true => (report.host.clone(), taken(&columns) + GAP),
            false if has_takeovers => (report.host.clone(), GAP),
            false => (format!("{}: {}", report.takeovers().join(", "), report.host), GAP),
        };
        for (index, line) in wrap(&below, width - indent).iter().enumerate() {
            let (end, indent) = if beside && index == 0 { ("", GAP) } else { ("\n", indent) };
            let _ = write!(text, "{end}{:indent$}{DIM}{line}{DIM:#}", "");
        }
        text.push('\n');
    }
    legend(&mut text, reports, width);
    text
}

fn row(report: &Report) -> [String; 7] {
    let limit = |of| report.limit(of).unwrap_or_else(|| "-".to_owned());
    let package = report.limit(Measured::Artifact).or_else(|| report.limit(Measured::Zip));
    [
        report.name.clone(),
        word(report.arch),
        word(report.payload),
        report.takeovers().join(" "),
        limit(Measured::Program),
        package.unwrap_or_else(|| "-".to_owned()),
        limit(Measured::Request),
    ]
}

/// What the columns mean, and who says so.
fn legend(text: &mut String, reports: &[Report], width: usize) {
    let paragraph = |text: &mut String, paragraph: &str, indent: usize| {
        for line in wrap(paragraph, width - indent) {
            let _ = writeln!(text, "{:indent$}{line}", "");
        }
    };
    let _ = writeln!(text);
    paragraph(
        text,
        "arch and payload are defaults. The limits are the platforms' own: of the program on the host's disk, of all that is \
         deployed (its zip where there is no other), and of one request. They are from:",
        0,
    );
    let mut sources: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for report in reports {
        for limit in &report.limits {
            let names = sources.entry(&limit.source).or_default();
            if names.last() != Some(&report.name.as_str()) {
                names.push(&report.name);
            }
        }
    }
    for (source, names) in sources {
        let _ = writeln!(text, "{:GAP$}{source}", "");
        paragraph(text, &names.join(", "), 2 * GAP);
    }
    let _ = writeln!(text);
    let default = reports.iter().find(|report| report.default).map_or("", |report| &report.name);
    let end = format!(
        "`{default}` is meant where none is named. `cargo trap platforms <name>` shows all about one."
    );
    paragraph(text, &end, 0);
}
