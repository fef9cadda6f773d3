//! The geometry of bars and dots: numbers in, places out. Text and page draw the same bars.

use crate::bench::model::{Kind, Phase, Run};
use crate::bench::stats::Spread;
use crate::bench::summary::{Group, Row, members, totals};

/// A piece of a bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Segment {
    /// Its phase; none for what was not traced.
    pub(super) phase: Option<Phase>,
    /// Where it begins, in milliseconds.
    pub(super) from: f64,
    /// How long it is, in milliseconds.
    pub(super) time: f64,
}

impl Segment {
    /// Where it ends.
    pub(super) fn to(&self) -> f64 {
        self.from + self.time
    }
}

/// A variant until its first poll: by phase where it was traced, else Node boot and the rest.
pub(super) fn bar(group: &Group, row: &Row) -> Vec<Segment> {
    let Some(total) = row.total_ms.map(|spread| spread.median) else { return Vec::new() };
    let boot = group.baseline(Kind::Boot).and_then(|row| row.total_ms).map(|spread| spread.median);
    let pieces = match (row.kind, boot) {
        _ if !row.phases.is_empty() => {
            let traced = row.phases.iter().filter(|(phase, _)| *phase != Phase::Answer);
            traced.map(|(phase, time)| (Some(*phase), *time)).collect()
        }
        (Kind::Boot, _) => vec![(Some(Phase::Boot), total)],
        (kind, _) if !kind.has_node() => vec![(None, total)],
        (_, None) => vec![(None, total)],
        (_, Some(boot)) => vec![(Some(Phase::Boot), boot.min(total)), (None, (total - boot).max(0.0))],
    };
    let mut from = 0.0;
    pieces
        .into_iter()
        .map(|(phase, time)| {
            let segment = Segment { phase, from, time };
            from = segment.to();
            segment
        })
        .collect()
}

/// Where the longest of the bars ends.
pub(super) fn longest(bars: &[Vec<Segment>]) -> f64 {
    bars.iter().filter_map(|bar| bar.last()).map(Segment::to).fold(0.0, f64::max)
}

/// Every total of a group on one axis.
pub(super) struct Strips<'a> {
    /// Where the axis begins, in milliseconds.
    pub(super) low: f64,
    /// Where it ends; a few wild starts may lie beyond.
    pub(super) high: f64,
    /// What lies on it.
    pub(super) rows: Vec<Strip<'a>>,
    /// What lies so far below the rest that it would take the room of all others.
    pub(super) aside: Vec<&'a Row>,
}

/// The totals of one variant.
pub(super) struct Strip<'a> {
    /// The variant.
    pub(super) row: &'a Row,
    /// Where they lie.
    pub(super) spread: Spread,
    /// Round and total of each.
    pub(super) dots: Vec<(u32, f64)>,
}

impl<'a> Strips<'a> {
    /// Of the measured variants of a group.
    pub(super) fn of(run: &Run, group: &'a Group) -> Self {
        let mut rows: Vec<_> = members(run, group.node.as_deref(), group.client)
            .filter_map(|variant| {
                let row = group.measured().find(|row| row.id == variant.id)?;
                let dots = totals(variant).into_iter().collect();
                Some(Strip { row, spread: row.total_ms?, dots })
            })
            .collect();
        let hosted = rows.iter().any(|strip| strip.row.kind.has_node());
        let is_aside = |strip: &Strip| hosted && !strip.row.kind.has_node();
        let aside = rows.iter().filter(|strip| is_aside(strip)).map(|strip| strip.row).collect();
        rows.retain(|strip| !is_aside(strip));
        let all = || rows.iter().flat_map(|strip| &strip.dots).map(|(_, time)| *time);
        // Beyond three times the middle half a start is an accident, which should not squeeze the others.
        let usual = |strip: &Strip| {
            let half = strip.spread.quartiles;
            half.map_or(strip.spread.median, |half| half.high + 3.0 * (half.high - half.low))
        };
        let low = all().fold(f64::INFINITY, f64::min);
        let high = all().fold(0.0, f64::max).min(1.15 * rows.iter().map(usual).fold(0.0, f64::max));
        let room = ((high - low) * 0.03).max(low.abs() * 0.005);
        let low = if low.is_finite() { (low - room).max(0.0) } else { 0.0 };
        Self { low, high: high + room, rows, aside }
    }
}

/// Steps of 1, 2 or 5 that cut what lies between two ends into three to eight pieces; each is a place and
/// its label.
pub(super) fn ticks(low: f64, high: f64) -> Vec<(f64, String)> {
    let span = high - low;
    if span <= 0.0 || !span.is_finite() {
        return Vec::new();
    }
    let rough = span / 7.0;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= rough);
    let step = step.unwrap_or(10.0 * power);
    let digits = if step < 1.0 { (-step.log10()).ceil() as usize } else { 0 };
    let first = (low / step).ceil() as i64;
    (first..)
        .map(|index| index as f64 * step)
        .take_while(|place| *place <= high + span * 1e-9)
        .map(|place| (place, format!("{place:.digits$}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::sample;
    use crate::bench::summary::Summary;

    #[test]
    fn a_bar_has_its_phases_or_boot_and_the_rest() {
        let summary = Summary::of(&sample::run());
        let group = &summary.groups[0];
        let phases = |id: &str| {
            let row = group.rows.iter().find(|row| row.id == id).unwrap();
            bar(group, row).iter().map(|segment| segment.phase).collect::<Vec<_>>()
        };
        assert_eq!(phases("program"), [None]);
        assert_eq!(phases("boot"), [Some(Phase::Boot)]);
        assert_eq!(phases("seed"), [Some(Phase::Boot), None]);
        assert_eq!(phases("file/exec:execve"), []);
        let file = phases("file/exec:stub");
        assert_eq!((file.first(), file.last()), (Some(&Some(Phase::Boot)), Some(&Some(Phase::Poll))));
        assert!(!file.contains(&Some(Phase::Decode)), "a file is not decoded");
    }

    #[test]
    fn pieces_follow_each_other_and_end_at_the_total() {
        let summary = Summary::of(&sample::run());
        let group = &summary.groups[0];
        let bars: Vec<_> = group.rows.iter().map(|row| bar(group, row)).collect();
        for bar in &bars {
            assert!(bar.windows(2).all(|pair| pair[0].to() == pair[1].from));
        }
        let seed = group.baseline(Kind::Seed).unwrap().total_ms.unwrap().median;
        assert!((longest(&bars) - seed).abs() < 1e-9);
    }

    #[test]
    fn an_axis_has_round_steps() {
        let labels = |low, high| ticks(low, high).into_iter().map(|(_, label)| label).collect::<Vec<_>>();
        assert_eq!(labels(0.0, 41.0), ["0", "10", "20", "30", "40"]);
        assert_eq!(labels(0.0, 0.5), ["0.0", "0.1", "0.2", "0.3", "0.4", "0.5"]);
        assert_eq!(labels(20.3, 29.0), ["22", "24", "26", "28"]);
        assert_eq!(labels(1.0, 1.0), [] as [&str; 0]);
        assert_eq!(labels(0.0, f64::NAN), [] as [&str; 0]);
    }
}
