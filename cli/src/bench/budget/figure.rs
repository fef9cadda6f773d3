//! What can be limited, and in which unit.

use crate::bench::model::Kind;
use crate::bench::stats::Estimate;
use crate::bench::summary::Row;
use crate::size::Bytes;

/// What can be limited.
pub(super) struct Figure {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) unit: Unit,
    /// Variants it is measured against.
    pub(super) needs: &'static [Kind],
    pub(super) of: fn(&Row) -> Option<Estimate>,
}

/// What a limit is given in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Limits and figures in milliseconds.
    Milliseconds,
    /// Figures in microseconds; limits still carry their own unit.
    Microseconds,
    Bytes,
    Ratio,
}

fn exactly(value: Option<f64>) -> Option<Estimate> {
    value.map(|value| Estimate { value, interval: None })
}

/// Every figure, each with a name of its own.
pub(super) const FIGURES: [Figure; 17] = {
    use Unit::{Bytes, Microseconds, Milliseconds, Ratio};
    const fn figure(
        name: &'static str,
        about: &'static str,
        unit: Unit,
        needs: &'static [Kind],
        of: fn(&Row) -> Option<Estimate>,
    ) -> Figure {
        Figure { name, about, unit, needs, of }
    }
    [
        figure("over-boot", "until the first poll, less Node boot", Milliseconds, &[Kind::Boot], |row| {
            row.over_boot_ms
        }),
        figure(
            "over-bootstrap",
            "until the first poll, less the program that the same script starts alone",
            Milliseconds,
            &[Kind::Bootstrap],
            |row| row.over_bootstrap_ms,
        ),
        figure("total", "until the first poll", Milliseconds, &[], |row| {
            exactly(row.total_ms.map(|spread| spread.median))
        }),
        figure("p95", "95th percentile of the total", Milliseconds, &[], |row| exactly(row.total_ms?.p95)),
        figure("answer", "until the first answer", Milliseconds, &[], |row| exactly(row.answer_ms)),
        figure("log-line", "from its own log line until the first poll", Milliseconds, &[], |row| {
            exactly(row.log_line_ms)
        }),
        figure("cpu", "processor time until the first answer", Milliseconds, &[], |row| exactly(row.cpu_ms)),
        figure("peak", "the most memory of any one process", Bytes, &[], |row| exactly(row.peak)),
        figure("left", "memory after the first answer", Bytes, &[], |row| exactly(row.left)),
        figure("size", "all files that are deployed", Bytes, &[], |row| {
            exactly(row.artifact.map(|bytes| bytes as f64))
        }),
        figure("warm", "a warm round trip", Microseconds, &[], |row| exactly(row.warm_us)),
        figure(
            "warm-over-handler",
            "a warm round trip, less a plain Node handler's",
            Microseconds,
            &[Kind::Handler],
            |row| row.warm_over_handler_us,
        ),
        figure("warm-p99", "its 99th percentile", Microseconds, &[], |row| exactly(row.warm_p99_us)),
        figure(
            "ratio:seed",
            "what is added over boot, to what the seed adds",
            Ratio,
            &[Kind::Boot, Kind::Seed],
            |row| row.added_to_seed,
        ),
        figure("total:handler", "the total, to a plain Node handler's", Ratio, &[Kind::Handler], |row| {
            row.total_to_handler
        }),
        figure("left:program", "memory left, to the program's alone", Ratio, &[Kind::Program], |row| {
            row.left_to_program
        }),
        figure("warm:program", "a warm round trip, to the program's alone", Ratio, &[Kind::Program], |row| {
            row.warm_to_program
        }),
    ]
};

/// Figures that have an interval.
pub(super) const BOUNDED: [&str; 7] = [
    "over-boot",
    "over-bootstrap",
    "ratio:seed",
    "total:handler",
    "left:program",
    "warm:program",
    "warm-over-handler",
];

impl Unit {
    /// A figure of this unit, for people.
    pub(super) fn show(self, value: f64) -> String {
        match self {
            Self::Milliseconds => format!("{value:.2} ms"),
            Self::Microseconds => format!("{value:.1} µs"),
            Self::Bytes => Bytes(value.round() as u64).to_string(),
            Self::Ratio => format!("{value:.3} ×"),
        }
    }
}

/// The list of figures, for the help.
pub fn help() -> String {
    let width = FIGURES.iter().map(|figure| figure.name.len()).max().unwrap_or(0);
    let lines = FIGURES.iter().map(|figure| format!("  {:<width$}  {}\n", figure.name, figure.about));
    lines.collect()
}
