//! What the tables of every format are made of: columns, each with what it includes.

use super::figures;
use crate::bench::model::{Kind, Phase};
use crate::bench::stats::Estimate;
use crate::bench::summary::{Group, Row};
use crate::size::Bytes;

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// A figure.
    Figure(String),
    /// This variant has no such figure by its nature.
    Blank,
    /// It has one, and it was not measured.
    Missing,
}

impl Cell {
    /// For a table: nothing where nothing belongs, a dash where something is missing.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Figure(text) => text,
            Self::Blank => "",
            Self::Missing => "–",
        }
    }
}

/// One column.
pub(super) struct Column {
    /// Its head.
    pub(super) head: &'static str,
    /// What its figures are given in.
    pub(super) unit: &'static str,
    /// Its name where it stands alone.
    pub(super) name: &'static str,
    /// What they include, and since when they count.
    pub(super) about: &'static str,
    source: Source,
}

/// Where a column's figures come from.
enum Source {
    Of(fn(&Row) -> Cell),
    Phase(Phase),
}

impl Column {
    /// The figure of a variant that was measured.
    pub(super) fn cell(&self, row: &Row) -> Cell {
        match self.source {
            Source::Of(cell) => cell(row),
            // A phase that did not occur took no time that anybody could have measured.
            Source::Phase(phase) => {
                row.phase(phase).map_or(Cell::Blank, |time| Cell::Figure(figures::phase_ms(time)))
            }
        }
    }

    /// True when any variant of these groups has such a figure; a baseline's 1 alone says nothing.
    pub(super) fn is_used(&self, groups: &[Group]) -> bool {
        let figure = |row: &Row| matches!(self.cell(row), Cell::Figure(text) if text != ONE);
        groups.iter().flat_map(Group::measured).any(figure)
    }
}

/// What a baseline is to itself.
const ONE: &str = "1";

fn cell(figure: Option<String>) -> Cell {
    figure.map_or(Cell::Missing, Cell::Figure)
}

/// For what Node boot alone has only when somebody measured it.
fn unless_boot(row: &Row, figure: Option<String>) -> Cell {
    if row.kind == Kind::Boot && figure.is_none() { Cell::Blank } else { cell(figure) }
}

/// For what counts from Node boot, which some variants do without.
fn with_node(row: &Row, cell: impl FnOnce() -> Cell) -> Cell {
    if row.kind.has_node() { cell() } else { Cell::Blank }
}

/// A ratio to what one kind of variant has; that kind is the 1, and Node boot alone has no ratio.
fn ratio(row: &Row, base: Kind, estimate: Option<Estimate>) -> Cell {
    match row.kind {
        kind if kind == base => Cell::Figure(ONE.to_owned()),
        Kind::Boot => Cell::Blank,
        _ => cell(estimate.map(figures::estimate)),
    }
}

/// How it starts: what people look at first.
pub(super) const START: [Column; 5] = [
    Column {
        head: "over boot",
        name: "over boot",
        unit: "ms",
        about: "the total less that of `boot`: all that a takeover adds",
        source: Source::Of(|row| match row.kind {
            Kind::Boot => Cell::Blank,
            _ => with_node(row, || cell(row.over_boot_ms.map(|estimate| figures::added(estimate.value)))),
        }),
    },
    Column {
        head: "× seed",
        name: "× seed",
        unit: "(95 %)",
        about: "what is added over boot, to what `seed` adds; in ( ) its 95 % interval",
        source: Source::Of(|row| with_node(row, || ratio(row, Kind::Seed, row.added_to_seed))),
    },
    Column {
        head: "total",
        name: "total",
        unit: "ms",
        about: "from before the process is created until the first poll; median",
        source: Source::Of(|row| cell(row.total_ms.map(|spread| figures::ms(spread.median)))),
    },
    Column {
        head: "middle half",
        name: "middle half",
        unit: "ms",
        about: "half of the totals lie between these",
        source: Source::Of(|row| cell(row.total_ms.and_then(|spread| spread.quartiles).map(figures::range))),
    },
    Column {
        head: "p95",
        name: "p95",
        unit: "ms",
        about: "19 of 20 totals are below it",
        source: Source::Of(|row| cell(row.total_ms.and_then(|spread| spread.p95).map(figures::ms))),
    },
];

/// What it costs.
pub(super) const COST: [Column; 6] = [
    Column {
        head: "answer",
        name: "answer",
        unit: "ms",
        about: "until the first answer, counted like the total",
        source: Source::Of(|row| unless_boot(row, row.answer_ms.map(figures::ms))),
    },
    Column {
        head: "log line",
        name: "log line",
        unit: "ms",
        about: "from its own log line until the first poll: how `seed` counts itself",
        source: Source::Of(|row| match row.log_line_ms {
            Some(time) => Cell::Figure(figures::ms(time)),
            None => Cell::Blank,
        }),
    },
    Column {
        head: "CPU",
        name: "CPU",
        unit: "ms",
        about: "processor time of all its processes until the first answer",
        source: Source::Of(|row| unless_boot(row, row.cpu_ms.map(figures::ms))),
    },
    Column {
        head: "peak",
        name: "peak",
        unit: "MiB",
        about: "the most resident memory of any one of its processes",
        source: Source::Of(|row| unless_boot(row, row.peak.map(figures::mebibytes))),
    },
    Column {
        head: "left",
        name: "left",
        unit: "MiB",
        about: "memory of all its processes after the first answer (PSS)",
        source: Source::Of(|row| unless_boot(row, row.left.map(figures::mebibytes))),
    },
    Column {
        head: "× program",
        name: "left × program",
        unit: "(95 %)",
        about: "memory left, to what the program leaves alone",
        source: Source::Of(|row| ratio(row, Kind::Program, row.left_to_program)),
    },
];

/// How it goes on, and how much is deployed.
pub(super) const WARM: [Column; 5] = [
    Column {
        head: "warm",
        name: "warm",
        unit: "µs",
        about: "a further event, from its delivery until its answer; median of medians",
        source: Source::Of(|row| unless_boot(row, row.warm_us.map(figures::us))),
    },
    Column {
        head: "p99",
        name: "p99",
        unit: "µs",
        about: "99 of 100 further events are below it",
        source: Source::Of(|row| unless_boot(row, row.warm_p99_us.map(figures::us))),
    },
    Column {
        head: "× program",
        name: "warm × program",
        unit: "(95 %)",
        about: "a warm round trip, to the program's alone",
        source: Source::Of(|row| ratio(row, Kind::Program, row.warm_to_program)),
    },
    Column {
        head: "per second",
        name: "per second",
        unit: "",
        about: "further events answered in a second, one after the other",
        source: Source::Of(|row| unless_boot(row, row.per_second.map(figures::thousands))),
    },
    Column {
        head: "files",
        name: "files",
        unit: "",
        about: "everything that is deployed",
        source: Source::Of(|row| match row.artifact {
            Some(bytes) => Cell::Figure(Bytes(bytes).to_string()),
            None => Cell::Blank,
        }),
    },
];

/// The phases of traced starts, each counted from the end of the one before, and what tracing itself adds.
pub(super) fn phases() -> impl Iterator<Item = Column> {
    let phases = Phase::ALL.into_iter().map(|phase| Column {
        head: figures::phase(phase),
        name: figures::phase(phase),
        unit: "ms",
        about: figures::phase_about(phase),
        source: Source::Phase(phase),
    });
    phases.chain([Column {
        head: "tracing",
        name: "tracing",
        unit: "ms",
        about: "the total of the traced starts less that of the untouched ones",
        source: Source::Of(|row| match row.tracing_ms {
            Some(estimate) => Cell::Figure(figures::added(estimate.value)),
            None => Cell::Blank,
        }),
    }])
}
