//! How long it took from a save to a version that answers, and what took it.

use std::time::{Duration, Instant};

use serde::Serialize;

/// The parts of a reload, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Parts {
    /// From the save until the first container of the new version polled.
    pub(super) total: f64,
    /// cargo, from its start to its end; none where nothing was compiled.
    pub(super) cargo: Option<f64>,
    /// Node, from its start until it loads the artifact; none under `--direct`.
    pub(super) node: Option<f64>,
    /// The rest: noticing the save, checking and packaging the program, handing over to it, and the program's own
    /// start until it polls.
    pub(super) ours: f64,
}

/// Moments of a reload.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reload {
    /// When the sources were saved, or the server was started.
    pub(super) saved: Instant,
    pub(super) cargo: Option<Duration>,
    pub(super) node: Option<Duration>,
    /// When the new version polled for the first time.
    pub(super) ready: Instant,
    /// True for the first version: nobody saved anything.
    pub(super) is_first: bool,
}

impl Reload {
    pub(super) fn parts(&self) -> Parts {
        let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
        let total = ms(self.ready.saturating_duration_since(self.saved));
        let (cargo, node) = (self.cargo.map(ms), self.node.map(ms));
        Parts { total, cargo, node, ours: (total - cargo.unwrap_or(0.0) - node.unwrap_or(0.0)).max(0.0) }
    }

    /// From the save until the first answer of the new version, without the time in which nobody asked.
    pub(super) fn until_first_answer(&self, arrived: Instant, answered: Instant) -> Duration {
        let asked = arrived.max(self.ready);
        self.ready.saturating_duration_since(self.saved) + answered.saturating_duration_since(asked)
    }
}

impl Parts {
    /// The parts in words.
    pub(super) fn told(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.cargo.map(|cargo| format!("cargo {}", span(cargo))));
        parts.extend(self.node.map(|node| format!("Node {}", span(node))));
        parts.push(format!("the rest {}", span(self.ours)));
        parts.join(", ")
    }
}

/// A time as people say it.
pub(super) fn span(ms: f64) -> String {
    match ms {
        ms if ms < 9.95 => format!("{ms:.1} ms"),
        ms if ms < 999.5 => format!("{ms:.0} ms"),
        ms => format!("{:.2} s", ms / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reload() -> Reload {
        let saved = Instant::now();
        Reload {
            saved,
            cargo: Some(Duration::from_millis(1200)),
            node: Some(Duration::from_millis(30)),
            ready: saved + Duration::from_millis(1300),
            is_first: false,
        }
    }

    #[test]
    fn what_neither_cargo_nor_node_took_is_ours() {
        let parts = reload().parts();
        assert!((parts.ours - 70.0).abs() < 1e-6 && (parts.total - 1300.0).abs() < 1e-6, "{parts:?}");
        assert_eq!(parts.told(), "cargo 1.20 s, Node 30 ms, the rest 70 ms");
        let direct = Reload { node: None, cargo: None, ..reload() }.parts();
        assert_eq!(direct.told(), "the rest 1.30 s");
    }

    #[test]
    fn time_in_which_nobody_asked_is_not_counted() {
        let reload = reload();
        let ms = Duration::from_millis;
        let early = reload.until_first_answer(reload.ready - ms(500), reload.ready + ms(4));
        let late = reload.until_first_answer(reload.ready + ms(60_000), reload.ready + ms(60_004));
        assert_eq!((early, late), (ms(1304), ms(1304)));
    }

    #[test]
    fn times_are_told_with_the_digits_that_matter() {
        for (ms, expected) in
            [(0.04, "0.0 ms"), (3.26, "3.3 ms"), (42.4, "42 ms"), (999.4, "999 ms"), (1234.0, "1.23 s")]
        {
            assert_eq!(span(ms), expected);
        }
    }
}
