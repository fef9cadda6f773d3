//! One page with charts that needs nothing else: no script, no font, no network.
//!
//! This file prepares what `page.html` shows; the template escapes all of it. Charts are SVG whose places
//! are per cents, so that they fit any width and their text keeps its size.

use serde::Serialize;

use super::chart::{self, Strips};
use super::columns::{COST, Column, START, WARM, phases};
use super::{figures, words};
use crate::Result;
use crate::bench::compare::{Comparison, Difference, Verdict};
use crate::bench::model::{Phase, Run};
use crate::bench::summary::{Group, Row, Summary};
use crate::platform::render_text;

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");

pub(super) fn render(run: &Run, summary: &Summary, comparison: Option<&Comparison>) -> Result<String> {
    let page = Page {
        style: STYLE,
        name: figures::clean(&run.program.name),
        headline: words::headline(run, summary),
        facts: facts(run),
        found: words::findings(summary)
            .into_iter()
            .map(|(place, sentences)| Found { place, sentences })
            .collect(),
        outcome: comparison.map(words::outcome),
        is_noisy: summary.noise.is_high,
        noise: words::noise(&summary.noise),
        overhead: words::overhead(summary),
        comparison: comparison.map(compared),
        groups: summary
            .groups
            .iter()
            .enumerate()
            .map(|(index, group)| grouped(run, summary, group, index))
            .collect(),
        unmeasured: words::unmeasured(run, summary),
        legend: legend(summary),
    };
    render_text("page.html", TEMPLATE, &page)
}

#[derive(Serialize)]
struct Page {
    style: &'static str,
    name: String,
    headline: String,
    facts: Vec<Term>,
    found: Vec<Found>,
    outcome: Option<String>,
    is_noisy: bool,
    noise: String,
    overhead: Option<String>,
    comparison: Option<Compared>,
    groups: Vec<Grouped>,
    unmeasured: Vec<String>,
    legend: Vec<Legend>,
}

/// A word and what it stands for.
#[derive(Serialize)]
struct Term {
    name: String,
    about: String,
}

#[derive(Serialize)]
struct Legend {
    heading: &'static str,
    terms: Vec<Term>,
}

#[derive(Serialize)]
struct Found {
    place: String,
    sentences: Vec<String>,
}

#[derive(Serialize)]
struct Grouped {
    /// Begins the names of what is in it.
    anchor: String,
    title: String,
    keys: Vec<Key>,
    bars: Vec<Bar>,
    axis: Vec<Tick>,
    strips: Vec<Strip>,
    strips_axis: Vec<Tick>,
    aside: Vec<String>,
    tables: Vec<Table>,
}

/// What a colour stands for.
#[derive(Serialize)]
struct Key {
    class: &'static str,
    name: &'static str,
    about: &'static str,
}

#[derive(Serialize)]
struct Tick {
    at: String,
    label: String,
}

#[derive(Serialize)]
struct Bar {
    name: String,
    is_default: bool,
    total: String,
    told: String,
    pieces: Vec<Piece>,
}

#[derive(Serialize)]
struct Piece {
    class: &'static str,
    name: &'static str,
    from: String,
    wide: String,
    middle: String,
    time: String,
    /// True when there is room for its figure.
    has_room: bool,
}

#[derive(Serialize)]
struct Strip {
    name: String,
    is_default: bool,
    told: String,
    median: String,
    at: String,
    /// The middle half: where it begins and how wide it is.
    half: Option<(String, String)>,
    dots: Vec<Dot>,
    /// Starts slower than the axis is long.
    beyond: Option<String>,
}

#[derive(Serialize)]
struct Dot {
    at: String,
    /// Rounds go down the strip, so that a drift is a slope.
    down: String,
}

#[derive(Serialize)]
struct Table {
    caption: &'static str,
    columns: Vec<Head>,
    rows: Vec<Line>,
}

#[derive(Serialize)]
struct Head {
    name: &'static str,
    unit: &'static str,
}

#[derive(Serialize)]
struct Line {
    name: String,
    is_default: bool,
    cells: Vec<String>,
}

#[derive(Serialize)]
struct Compared {
    title: String,
    warnings: Vec<String>,
    rows: Vec<Changed>,
    axis: Vec<Tick>,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct Changed {
    /// Empty below the first figure of a variant.
    name: String,
    /// How many figures this variant has, on its first line.
    span: usize,
    figure: &'static str,
    old: String,
    new: String,
    what: String,
    class: &'static str,
    interval: Option<(String, String)>,
    at: Option<String>,
    beyond: Option<Beyond>,
}

/// A change that the axis does not reach.
#[derive(Serialize)]
struct Beyond {
    at: &'static str,
    sign: &'static str,
    anchor: &'static str,
}

impl Beyond {
    const BELOW: Self = Self { at: "0%", sign: "◂", anchor: "first" };
    const ABOVE: Self = Self { at: "100%", sign: "▸", anchor: "last" };
}

fn facts(run: &Run) -> Vec<Term> {
    let fact = |name: &str, about: String| Term { name: name.to_owned(), about };
    vec![
        fact("Machine", words::machine(run)),
        fact("Measured", words::origin(run)),
        fact("Program", format!("sha-256 {}", figures::clean(&run.program.sha256))),
    ]
    .into_iter()
    .chain([fact("Command", figures::command(&run.command))])
    .collect()
}

fn grouped(run: &Run, summary: &Summary, group: &Group, index: usize) -> Grouped {
    let rows: Vec<_> = group.measured().collect();
    let bars: Vec<_> = rows.iter().map(|row| chart::bar(group, row)).collect();
    let longest = chart::longest(&bars) * 1.02;
    let mut drawn: Vec<Option<Phase>> = bars.iter().flatten().map(|piece| piece.phase).collect();
    // What was not traced comes last, as in a bar.
    drawn.sort_by_key(|phase| (phase.is_none(), *phase));
    drawn.dedup();
    let strips = Strips::of(run, group);
    Grouped {
        anchor: format!("group-{index}"),
        title: figures::group(group),
        keys: drawn.into_iter().map(key).collect(),
        axis: axis(0.0, longest),
        bars: rows.iter().zip(&bars).map(|(row, bar)| drawn_bar(row, bar, longest)).collect(),
        strips_axis: axis(strips.low, strips.high),
        strips: strips.rows.iter().map(|strip| drawn_strip(&strips, strip)).collect(),
        aside: strips.aside.iter().map(|row| told_spread(row)).collect(),
        tables: tables(&rows, summary),
    }
}

fn key(phase: Option<Phase>) -> Key {
    match phase {
        Some(phase) => {
            Key { class: class(Some(phase)), name: figures::phase(phase), about: figures::phase_about(phase) }
        }
        None => Key { class: class(None), name: "not traced", about: "everything up to the first poll" },
    }
}

fn class(phase: Option<Phase>) -> &'static str {
    phase.map_or("rest", figures::phase)
}

fn axis(low: f64, high: f64) -> Vec<Tick> {
    chart::ticks(low, high)
        .into_iter()
        .map(|(place, label)| Tick { at: share(place - low, high - low), label })
        .collect()
}

/// A place as SVG takes it: per cent, with the percent sign.
fn share(part: f64, whole: f64) -> String {
    let percent = if whole > 0.0 { part / whole * 100.0 } else { 0.0 };
    format!("{:.2}%", percent.clamp(0.0, 100.0))
}

fn drawn_bar(row: &Row, bar: &[chart::Segment], longest: f64) -> Bar {
    let pieces: Vec<_> = bar
        .iter()
        .map(|piece| Piece {
            class: class(piece.phase),
            name: key(piece.phase).name,
            from: share(piece.from, longest),
            wide: share(piece.time, longest),
            middle: share(piece.from + piece.time / 2.0, longest),
            time: figures::ms(piece.time),
            has_room: piece.time > longest * 0.07,
        })
        .collect();
    let told: Vec<_> = pieces.iter().map(|piece| format!("{} {} ms", piece.name, piece.time)).collect();
    Bar {
        name: figures::clean(&row.id),
        is_default: row.default,
        total: row.total_ms.map(|spread| figures::ms(spread.median)).unwrap_or_default(),
        told: told.join(", "),
        pieces,
    }
}

fn drawn_strip(strips: &Strips, strip: &chart::Strip) -> Strip {
    let place = |time: f64| share(time - strips.low, strips.high - strips.low);
    let last = strip.dots.iter().map(|(round, _)| *round).max().unwrap_or(0).max(1);
    let within = |time: f64| time <= strips.high;
    let dots = strip.dots.iter().filter(|(_, time)| within(*time)).map(|(round, time)| Dot {
        at: place(*time),
        down: format!("{:.1}%", 12.0 + 76.0 * f64::from(*round) / f64::from(last)),
    });
    let beyond = strip.dots.iter().filter(|(_, time)| !within(*time)).count();
    Strip {
        name: figures::clean(&strip.row.id),
        is_default: strip.row.default,
        told: told_spread(strip.row),
        median: figures::ms(strip.spread.median),
        at: place(strip.spread.median),
        half: strip.spread.quartiles.map(|half| {
            (place(half.low), share(half.high.min(strips.high) - half.low, strips.high - strips.low))
        }),
        dots: dots.collect(),
        beyond: (beyond > 0).then(|| format!("{beyond} beyond")),
    }
}

/// `file/auto: median 24.0 ms, middle half 23.7–24.4 ms, p95 25.6 ms, 24 starts`
fn told_spread(row: &Row) -> String {
    let Some(spread) = row.total_ms else { return figures::clean(&row.id) };
    let mut text = format!("{}: median {} ms", figures::clean(&row.id), figures::ms(spread.median));
    if let Some(half) = spread.quartiles {
        text += &format!(", middle half {} ms", figures::range(half));
    }
    if let Some(p95) = spread.p95 {
        text += &format!(", p95 {} ms", figures::ms(p95));
    }
    text + ", " + &words::counted(spread.samples, "start")
}

fn tables(rows: &[&Row], summary: &Summary) -> Vec<Table> {
    let traced: Vec<_> = rows.iter().copied().filter(|row| !row.phases.is_empty()).collect();
    [
        ("How it starts", Vec::from(START), rows.to_vec()),
        ("What it costs", Vec::from(COST), rows.to_vec()),
        ("Warm round trips, and what is deployed", Vec::from(WARM), rows.to_vec()),
        ("Phases of traced starts, medians", phases().collect(), traced),
    ]
    .into_iter()
    .map(|(caption, columns, rows)| {
        let columns: Vec<Column> =
            columns.into_iter().filter(|column| column.is_used(&summary.groups)).collect();
        let cells = |row: &Row| columns.iter().map(|column| column.cell(row).text().to_owned()).collect();
        let rows = rows
            .iter()
            .map(|row| Line { name: figures::clean(&row.id), is_default: row.default, cells: cells(row) })
            .collect();
        let columns = columns.iter().map(|column| Head { name: column.head, unit: column.unit }).collect();
        Table { caption, columns, rows }
    })
    .filter(|table| !table.columns.is_empty() && !table.rows.is_empty())
    .collect()
}

fn legend(summary: &Summary) -> Vec<Legend> {
    let term = |(name, about): (&str, &str)| Term { name: name.to_owned(), about: about.replace('`', "") };
    let legend = words::legend(summary).into_iter();
    legend
        .map(|(heading, entries)| Legend { heading, terms: entries.into_iter().map(term).collect() })
        .collect()
}

fn compared(comparison: &Comparison) -> Compared {
    let shown: Vec<_> =
        comparison.changes.iter().map(|change| (change, words::differences(change))).collect();
    let reach = reach(shown.iter().flat_map(|(_, figures)| figures).map(|shown| shown.difference));
    let mut rows = Vec::new();
    for (change, figures) in shown {
        for (index, shown) in figures.iter().enumerate() {
            let verdict = shown.difference.verdict();
            let place = |ratio: f64| share(ratio - 1.0 + reach, 2.0 * reach);
            let value = shown.difference.ratio.value;
            let interval = shown.difference.ratio.interval;
            let beyond = match interval {
                Some(_) if value < 1.0 - reach => Some(Beyond::BELOW),
                Some(_) if value > 1.0 + reach => Some(Beyond::ABOVE),
                _ => None,
            };
            let interval = interval.filter(|_| beyond.is_none()).map(|interval| {
                let (low, high) = (interval.low.max(1.0 - reach), interval.high.min(1.0 + reach));
                (place(low), share((high - low).max(0.0), 2.0 * reach))
            });
            rows.push(Changed {
                name: if index == 0 { words::changed(change, comparison) } else { String::new() },
                span: if index == 0 { figures.len() } else { 0 },
                figure: shown.name,
                old: shown.old.clone(),
                new: shown.new.clone(),
                what: shown.difference.in_words(shown.less, shown.more),
                class: match verdict {
                    Verdict::Less => "less",
                    Verdict::More => "more",
                    Verdict::Same | Verdict::Unknown => "same",
                },
                at: interval.is_some().then(|| place(value)),
                interval,
                beyond,
            });
        }
    }
    let axis = [-1.0, 0.0, 1.0].map(|end| Tick {
        at: share(end + 1.0, 2.0),
        label: format!("{:+.0} %", end * reach * 100.0).replace('-', "−").replace("+0 %", "0"),
    });
    Compared {
        title: words::since(comparison),
        warnings: comparison.warnings.iter().map(|warning| figures::clean(warning)).collect(),
        rows,
        axis: axis.into(),
        notes: words::not_in_both(comparison),
    }
}

/// How far to either side of "as before" the axis reaches: 5, 10, 20, 50 or 100 %, so that four of five
/// intervals fit. One that changed a lot must not make all others invisible.
fn reach(differences: impl Iterator<Item = Difference>) -> f64 {
    let mut far: Vec<_> = differences
        .filter_map(|difference| difference.ratio.interval)
        .map(|interval| (1.0 - interval.low).max(interval.high - 1.0))
        .collect();
    far.sort_by(f64::total_cmp);
    let most = far.get(far.len() * 4 / 5).copied().unwrap_or(0.0);
    [0.05, 0.1, 0.2, 0.5].into_iter().find(|reach| most <= *reach).unwrap_or(1.0)
}
