//! Tables and bars for a terminal. Colour helps and is never needed.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Effects, Style};

use super::chart::{self, Segment};
use super::columns::{COST, Column, START, WARM, phases};
use super::{figures, words};
use crate::bench::compare::{Change, Comparison, Difference, Verdict};
use crate::bench::model::{Phase, Run};
use crate::bench::summary::{Group, Row, Summary};
use crate::text::{length, pad};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().effects(Effects::DIMMED);
const GREEN: Style = AnsiColor::Green.on_default().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();

/// Between two columns.
const GAP: usize = 2;

pub(super) fn render(run: &Run, summary: &Summary, width: usize, comparison: Option<&Comparison>) -> String {
    let mut page = Page { text: String::new(), width: width.max(40) };
    page.title(&words::headline(run, summary));
    page.lines(&[words::machine(run), words::origin(run), figures::command(&run.command)]);
    for group in &summary.groups {
        page.group(group, summary);
    }
    if let Some(comparison) = comparison {
        page.comparison(comparison);
    }
    page.legend(summary);
    let unmeasured = words::unmeasured(run, summary);
    if !unmeasured.is_empty() {
        page.title("Not measured");
        page.lines(&unmeasured);
    }
    // What is read first in a terminal stands last.
    page.found(summary, comparison);
    page.text
}

struct Page {
    text: String,
    width: usize,
}

impl Page {
    fn title(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        for line in wrap(text, self.width) {
            let _ = writeln!(self.text, "{BOLD}{line}{BOLD:#}");
        }
    }

    fn lines(&mut self, lines: &[String]) {
        lines.iter().for_each(|line| self.paragraph(line, 0));
    }

    /// One thing to read; what follows its first line hangs.
    fn paragraph(&mut self, text: &str, indent: usize) {
        for (index, line) in wrap(text, self.width - indent - 2).iter().enumerate() {
            let indent = if index == 0 { indent } else { indent + 2 };
            let _ = writeln!(self.text, "{:indent$}{line}", "");
        }
    }

    fn group(&mut self, group: &Group, summary: &Summary) {
        self.title(&figures::group(group));
        let rows: Vec<_> = group.measured().collect();
        if rows.is_empty() {
            self.paragraph("nothing was measured", 0);
            return;
        }
        let label = rows.iter().map(|row| length(&words::id(row))).max().unwrap_or(0);
        let used = |column: &Column| column.is_used(&summary.groups);
        let blocks: Vec<Vec<Column>> = [START.into(), COST.into(), WARM.into()]
            .into_iter()
            .map(|block: Vec<Column>| block.into_iter().filter(used).collect())
            .collect();
        self.tables(&rows, label, blocks);
        self.bars(group, &rows, label);
        let traced: Vec<_> = rows.iter().copied().filter(|row| !row.phases.is_empty()).collect();
        if !traced.is_empty() {
            let heading = "Phases of traced starts, each from the end of the one before";
            let _ = writeln!(self.text, "\n{DIM}{heading}{DIM:#}");
            self.tables(&traced, label, vec![phases().filter(used).collect()]);
        }
    }

    /// Blocks of columns, side by side while there is room, else below each other.
    fn tables(&mut self, rows: &[&Row], label: usize, blocks: Vec<Vec<Column>>) {
        let room = self.width - label;
        let mut tables: Vec<(usize, Vec<Filled>)> = Vec::new();
        for block in blocks {
            let block: Vec<_> = block.iter().map(|column| Filled::of(column, rows)).collect();
            let wide: usize = block.iter().map(|column| column.width + GAP).sum();
            if tables.last().is_none_or(|(taken, _)| taken + wide > room) {
                tables.push((0, Vec::new()));
            }
            for column in block {
                let wide = column.width + GAP;
                if tables.last().is_some_and(|(taken, table)| taken + wide > room && !table.is_empty()) {
                    tables.push((0, Vec::new()));
                }
                if let Some((taken, table)) = tables.last_mut() {
                    *taken += wide;
                    table.push(column);
                }
            }
        }
        for (index, (_, table)) in tables.iter().filter(|(_, table)| !table.is_empty()).enumerate() {
            if index > 0 {
                self.text.push('\n');
            }
            self.table(rows, label, table);
        }
    }

    fn table(&mut self, rows: &[&Row], label: usize, table: &[Filled]) {
        let mut line = |first: &str, style: Style, pick: &dyn Fn(&Filled) -> &str| {
            let mut line = pad(first, label);
            for column in table {
                let text = pick(column);
                line += &" ".repeat(GAP + column.width - length(text));
                line += text;
            }
            let _ = writeln!(self.text, "{style}{}{style:#}", line.trim_end());
        };
        line("", DIM, &|column| column.head);
        line("", DIM, &|column| column.unit);
        for (index, row) in rows.iter().enumerate() {
            let style = if row.default { BOLD } else { Style::new() };
            line(&words::id(row), style, &|column| &column.cells[index]);
        }
    }

    fn bars(&mut self, group: &Group, rows: &[&Row], label: usize) {
        let bars: Vec<_> = rows.iter().map(|row| chart::bar(group, row)).collect();
        let longest = chart::longest(&bars);
        let room = self.width.saturating_sub(label + 1 + 1 + 5);
        if longest <= 0.0 || room < 10 {
            return;
        }
        let mut drawn: Vec<Option<Phase>> = Vec::new();
        let mut lines = String::new();
        for (row, bar) in rows.iter().zip(&bars) {
            let mut line = String::new();
            for segment in bar {
                let cells = cells(segment, longest, room);
                if cells > 0 {
                    if !drawn.contains(&segment.phase) {
                        drawn.push(segment.phase);
                    }
                    let (glyph, style) = look(segment.phase);
                    let _ = write!(line, "{style}{}{style:#}", glyph.to_string().repeat(cells));
                }
            }
            if bar.iter().all(|segment| cells(segment, longest, room) == 0) {
                line.push('▏');
            }
            let total = row.total_ms.map(|spread| figures::ms(spread.median)).unwrap_or_default();
            let _ = writeln!(lines, "{} {line} {total}", pad(&words::id(row), label));
        }
        // What was not traced comes last, as in a bar.
        drawn.sort_by_key(|phase| (phase.is_none(), *phase));
        let names: Vec<_> = drawn
            .iter()
            .map(|phase| format!("{} {}", look(*phase).0, phase.map_or("not traced", figures::phase)))
            .collect();
        let _ = writeln!(self.text);
        for line in wrap(&format!("Until the first poll, ms: {}", names.join(", ")), self.width) {
            let _ = writeln!(self.text, "{DIM}{line}{DIM:#}");
        }
        self.text += &lines;
    }

    fn comparison(&mut self, comparison: &Comparison) {
        self.title(&format!("What changed {}", words::since(comparison)));
        for warning in &comparison.warnings {
            let warning = format!("warning: {}", figures::clean(warning));
            for (index, line) in wrap(&warning, self.width - 2).iter().enumerate() {
                match (index, line.split_once(':')) {
                    (0, Some((word, rest))) => {
                        let _ = writeln!(self.text, "{YELLOW}{word}{YELLOW:#}:{rest}");
                    }
                    _ => {
                        let _ = writeln!(self.text, "  {line}");
                    }
                }
            }
        }
        let changes = comparison.changes.iter();
        let changes: Vec<_> =
            changes.map(|change| (words::changed(change, comparison), shown_changes(change))).collect();
        let label = changes.iter().map(|(name, _)| length(name)).max().unwrap_or(0);
        let lines = || changes.iter().flat_map(|(_, lines)| lines);
        let widest = lines().map(|line| length(&line.head) + GAP + length(&line.what)).max().unwrap_or(0);
        // Where there is no room beside the names, the figures stand below them.
        let beside = label + GAP + widest <= self.width;
        for (name, lines) in &changes {
            if !beside {
                let _ = writeln!(self.text, "{name}");
            }
            for (index, Line { head, what, style }) in lines.iter().enumerate() {
                let name = if beside && index == 0 { name } else { "" };
                let label = if beside { label } else { 0 };
                let _ = writeln!(self.text, "{}  {head}  {style}{what}{style:#}", pad(name, label));
            }
        }
        for line in words::not_in_both(comparison) {
            self.paragraph(&line, 0);
        }
    }

    fn found(&mut self, summary: &Summary, comparison: Option<&Comparison>) {
        self.title("What was found");
        let several = summary.groups.len() > 1;
        for (place, sentences) in words::findings(summary) {
            if several && !sentences.is_empty() {
                self.paragraph(&format!("{place}:"), 0);
            }
            sentences.iter().for_each(|line| self.paragraph(line, if several { 2 } else { 0 }));
        }
        let others = comparison.map(words::outcome).into_iter();
        let others = others.chain([words::noise(&summary.noise)]).chain(words::overhead(summary));
        others.for_each(|line| self.paragraph(&line, 0));
    }

    fn legend(&mut self, summary: &Summary) {
        self.title("What the figures include");
        for (heading, entries) in words::legend(summary) {
            let _ = writeln!(self.text, "{DIM}{heading}{DIM:#}");
            for (name, about) in entries {
                self.paragraph(&format!("{name}: {}", about.replace('`', "")), 2);
            }
        }
    }
}

/// One figure that is compared.
struct Line {
    head: String,
    what: String,
    style: Style,
}

/// A terminal shows what matters most, and what changed.
fn shown_changes(change: &Change) -> Vec<Line> {
    let moved = |difference: &Difference| matches!(difference.verdict(), Verdict::Less | Verdict::More);
    let figures = words::differences(change).into_iter();
    figures
        .filter(|figure| figure.always || moved(&figure.difference))
        .map(|figure| Line {
            head: format!("{:<9}  {:>6} → {:<6}", figure.name, figure.old, figure.new),
            what: figure.difference.in_words(figure.less, figure.more).replace('\u{a0}', " "),
            style: match figure.difference.verdict() {
                Verdict::Less => GREEN,
                Verdict::More => RED,
                Verdict::Same | Verdict::Unknown => Style::new(),
            },
        })
        .collect()
}

/// A column with the text of its cells.
struct Filled {
    head: &'static str,
    unit: &'static str,
    cells: Vec<String>,
    width: usize,
}

impl Filled {
    fn of(column: &Column, rows: &[&Row]) -> Self {
        let cells: Vec<_> = rows.iter().map(|row| column.cell(row).text().replace('\u{a0}', " ")).collect();
        let texts = cells.iter().map(String::as_str).chain([column.head, column.unit]);
        let width = texts.map(length).max().unwrap_or(0);
        Self { head: column.head, unit: column.unit, cells, width }
    }
}

/// How many cells a piece covers: the ends are rounded, not the lengths, so that pieces add up.
fn cells(segment: &Segment, longest: f64, room: usize) -> usize {
    let place = |time: f64| (time / longest * room as f64).round() as usize;
    place(segment.to()).saturating_sub(place(segment.from))
}

/// A letter for each phase, so that a bar can be read without colour.
fn look(phase: Option<Phase>) -> (char, Style) {
    let on = |colour: AnsiColor| AnsiColor::Black.on(colour);
    match phase {
        None => ('█', Style::new()),
        Some(Phase::Boot) => ('░', Style::new()),
        Some(Phase::Load) => ('l', on(AnsiColor::Yellow)),
        Some(Phase::Construct) => ('c', on(AnsiColor::White)),
        Some(Phase::Prepare) => ('p', on(AnsiColor::BrightWhite)),
        Some(Phase::Decode) => ('d', on(AnsiColor::Cyan)),
        Some(Phase::Write) => ('w', on(AnsiColor::Green)),
        Some(Phase::HandOver) => ('h', on(AnsiColor::BrightBlue)),
        Some(Phase::Main) => ('m', on(AnsiColor::BrightRed)),
        Some(Phase::Poll) => ('f', on(AnsiColor::Magenta)),
        Some(Phase::Answer) => ('a', on(AnsiColor::BrightYellow)),
    }
}

/// Lines of at most so many columns; a longer word stands alone. A number stays with its unit.
fn wrap(text: &str, width: usize) -> Vec<String> {
    // What held a figure and its unit together has done its work.
    crate::text::wrap(text, width).into_iter().map(|line| line.replace('\u{a0}', " ")).collect()
}
