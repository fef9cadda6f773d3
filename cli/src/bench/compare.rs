//! `--compare`: what changed since an earlier run, and whether that exceeds the noise.
//!
//! A change is the ratio of two medians with its 95 % interval; an interval that holds 1 is no difference
//! seen. Both runs are resampled, so the noise of either widens it. What the runs do not have in common
//! (the machine, the program, Node) no interval can know: it is said.

use serde::Serialize;

use super::model::{Client, Kind, Run, Variant};
use super::noise::Noise;
use super::stats::{self, Estimate};
use super::summary::{Rounds, left, members, totals, values, warm};
use crate::size::Bytes;

/// What changed from an old run to a new one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Which tool measured the old run.
    pub tool: String,
    /// When the old run began, seconds since 1970 in UTC.
    pub started: u64,
    /// What the two runs do not have in common, and what else weakens the comparison.
    pub warnings: Vec<String>,
    /// Every variant that both runs measured, in the order of the new one.
    pub changes: Vec<Change>,
    /// Variants that only the old run measured.
    pub gone: Vec<String>,
    /// Variants that only the new run measured.
    pub added: Vec<String>,
}

/// One variant in both runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The variant.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// The Node of the new run.
    pub node: Option<String>,
    /// The client of both.
    pub client: Option<Client>,
    /// Until the first poll, in milliseconds.
    pub total: Difference,
    /// The same less Node boot, each run's own; absent for what has no Node and for boot itself.
    pub over_boot: Option<Difference>,
    /// Memory left, in bytes.
    pub left: Option<Difference>,
    /// Warm round trip, in microseconds.
    pub warm: Option<Difference>,
}

/// One figure in both runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The old median.
    pub old: f64,
    /// The new one.
    pub new: f64,
    /// The new one divided by the old one.
    pub ratio: Estimate,
}

/// What a ratio and its interval amount to. Less is better for everything that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Less than before, beyond the noise.
    Less,
    /// More than before, beyond the noise.
    More,
    /// The interval holds "as before".
    Same,
    /// Too few starts, or too much noise, to tell noise from change.
    Unknown,
}

impl Difference {
    /// Whether it exceeds the noise.
    pub fn verdict(&self) -> Verdict {
        match self.ratio.interval {
            None => Verdict::Unknown,
            Some(interval) if interval.contains(1.0) => Verdict::Same,
            Some(interval) if interval.high < 1.0 => Verdict::Less,
            Some(_) => Verdict::More,
        }
    }

    /// `faster by 12 % (9–15 %)`, with the words for less and more. A figure and its sign are held together.
    pub fn in_words(&self, less: &str, more: &str) -> String {
        let change = |ratio: f64| (ratio - 1.0) * 100.0;
        let Some(interval) = self.ratio.interval else {
            let all = [change(self.ratio.value)];
            return format!("{}\u{a0}%, not to be told from noise", signed(all[0], digits(&all)));
        };
        let (low, high) = (change(interval.low), change(interval.high));
        let value = change(self.ratio.value);
        let digits = digits(&[low, high, value]);
        let verdict = self.verdict();
        if verdict == Verdict::Same {
            return format!("no difference seen ({}…{}\u{a0}%)", signed(low, digits), signed(high, digits));
        }
        let (word, near, far) = if verdict == Verdict::Less { (less, high, low) } else { (more, low, high) };
        let plain = |value: f64| format!("{:.digits$}", value.abs());
        format!("{word} by {}\u{a0}% ({}–{}\u{a0}%)", plain(value), plain(near), plain(far))
    }
}

/// Whole per cents are enough once one of the figures has two digits.
fn digits(values: &[f64]) -> usize {
    usize::from(values.iter().all(|value| value.abs() < 9.95))
}

fn signed(value: f64, digits: usize) -> String {
    let text = format!("{:.digits$}", value.abs());
    let zero = text.chars().all(|c| matches!(c, '0' | '.'));
    match (zero, value < 0.0) {
        (true, _) => text,
        (false, true) => format!("−{text}"),
        (false, false) => format!("+{text}"),
    }
}

/// Holds a new run against an old one.
pub fn compare(old: &Run, new: &Run) -> Comparison {
    let mut comparison = Comparison {
        tool: old.tool.clone(),
        started: old.started,
        warnings: differences(old, new),
        changes: Vec::new(),
        gone: Vec::new(),
        added: Vec::new(),
    };
    let mut seen: Vec<&Variant> = Vec::new();
    for variant in measured(new) {
        let Some(earlier) = counterpart(old, variant) else {
            comparison.added.push(named(variant));
            continue;
        };
        seen.push(earlier);
        if let (Some(then), Some(now)) = (&earlier.node, &variant.node)
            && then != now
        {
            let warning = format!("another Node: {then} then, {now} now");
            if !comparison.warnings.contains(&warning) {
                comparison.warnings.push(warning);
            }
        }
        comparison.changes.extend(change(old, earlier, new, variant));
    }
    comparison.gone = measured(old)
        .filter(|variant| !seen.iter().any(|other| std::ptr::eq(*other, *variant)))
        .map(named)
        .collect();
    let moved = moved(&comparison, old.program.sha256 == new.program.sha256);
    comparison.warnings.extend(moved);
    comparison
}

fn measured(run: &Run) -> impl Iterator<Item = &Variant> {
    run.variants.iter().filter(|variant| !variant.samples.is_empty())
}

fn named(variant: &Variant) -> String {
    match &variant.node {
        Some(node) => format!("{} on Node {node}", variant.id),
        None => variant.id.clone(),
    }
}

/// The same variant on the same Node, else on one of the same major version, else on the only other Node
/// there is.
fn counterpart<'a>(old: &'a Run, variant: &Variant) -> Option<&'a Variant> {
    let same: Vec<_> =
        measured(old).filter(|other| other.id == variant.id && other.client == variant.client).collect();
    let major = |variant: &Variant| {
        let node = variant.node.as_deref().unwrap_or_default();
        node.split('.').next().unwrap_or_default().to_owned()
    };
    let exact = same.iter().find(|other| other.node == variant.node);
    let near = || same.iter().find(|other| major(other) == major(variant));
    let only = || same.first().filter(|_| same.len() == 1);
    exact.or_else(near).or_else(only).copied()
}

fn change(old: &Run, earlier: &Variant, new: &Run, variant: &Variant) -> Option<Change> {
    let hosted = variant.kind.has_node() && variant.kind != Kind::Boot;
    let over_boot = || {
        let new = with_boot(new, variant)?;
        let old = with_boot(old, earlier)?;
        difference(new.each_ref().map(Vec::as_slice), old.each_ref().map(Vec::as_slice), |[total, boot]| {
            total - boot
        })
    };
    let single = |figure: fn(&Variant) -> Rounds| {
        let (new, old) = (values(&figure(variant)), values(&figure(earlier)));
        difference([&new], [&old], |[middle]| middle)
    };
    Some(Change {
        id: variant.id.clone(),
        kind: variant.kind,
        node: variant.node.clone(),
        client: variant.client,
        total: single(totals)?,
        over_boot: hosted.then(over_boot).flatten(),
        left: single(left),
        warm: single(warm),
    })
}

fn difference<const N: usize>(
    new: [&[f64]; N],
    old: [&[f64]; N],
    figure: impl Fn([f64; N]) -> f64,
) -> Option<Difference> {
    let ratio = stats::between(new, old, |new, old| stats::ratio(figure(new), figure(old)))?;
    let median = |series| stats::paired(series, |medians| Some(figure(medians)));
    Some(Difference { old: median(old)?.value, new: median(new)?.value, ratio })
}

/// A variant's totals and those of its own boot, from the rounds that have both.
fn with_boot(run: &Run, variant: &Variant) -> Option<[Vec<f64>; 2]> {
    let boot =
        members(run, variant.node.as_deref(), variant.client).find(|other| other.kind == Kind::Boot)?;
    let (total, boot) = (totals(variant), totals(boot));
    let common = || total.keys().filter(|round| boot.contains_key(round));
    Some([common().map(|round| total[round]).collect(), common().map(|round| boot[round]).collect()])
}

/// What the two runs do not have in common.
fn differences(old: &Run, new: &Run) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut differs = |what: &str, old: String, new: String| {
        if old != new {
            warnings.push(format!("{what}: {old} then, {new} now"));
        }
    };
    let machine = |run: &Run| {
        let cpu = run.machine.cpu.as_deref().unwrap_or("unknown processor");
        format!("{} × {cpu}, {}", run.machine.cpus, run.machine.system)
    };
    differs("another machine", machine(old), machine(new));
    let program = |run: &Run| format!("`{}` ({})", run.program.name, run.program.arch);
    differs("another program", program(old), program(new));
    if program(old) == program(new) && old.program.sha256 != new.program.sha256 {
        let size = |run: &Run| Bytes(run.program.size);
        warnings.push(format!("the program was built anew: {} then, {} now", size(old), size(new)));
    }
    for (run, which) in [(old, "old"), (new, "new")] {
        if run.interrupted {
            warnings.push(format!("the {which} run was interrupted"));
        }
        if Noise::of(run).is_high {
            warnings.push(format!("the {which} run was noisy"));
        }
    }
    warnings
}

/// Node boot contains nothing of this project, and the program alone nothing of a takeover. Where one of them
/// moved, the machine did.
fn moved(comparison: &Comparison, same_program: bool) -> Vec<String> {
    let mut warnings = Vec::new();
    for change in &comparison.changes {
        let who = match change.kind {
            Kind::Boot => "Node boot alone",
            Kind::Program if same_program => "the program alone, the same bytes as then,",
            _ => continue,
        };
        if matches!(change.total.verdict(), Verdict::Less | Verdict::More) {
            let node = change.node.as_ref().map(|node| format!(" on Node {node}")).unwrap_or_default();
            let how = change.total.in_words("faster", "slower");
            warnings.push(format!(
                "{who} is {how}{node}: the machine was not as it was; compare what is added over boot, not totals"
            ));
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::sample;
    use crate::bench::stats::Interval;

    fn slower(run: &mut Run, id: &str, factor: f64) {
        for variant in run.variants.iter_mut().filter(|variant| variant.id == id) {
            variant.samples.iter_mut().for_each(|sample| sample.total_ms *= factor);
        }
    }

    fn of<'a>(comparison: &'a Comparison, id: &str) -> &'a Change {
        comparison.changes.iter().find(|change| change.id == id).unwrap()
    }

    #[test]
    fn a_run_does_not_differ_from_itself() {
        let run = sample::run();
        let comparison = compare(&run, &run);
        assert_eq!(comparison.changes.len(), 12, "the thirteenth was not measured");
        assert_eq!(comparison.warnings, [] as [&str; 0]);
        assert!(comparison.gone.is_empty() && comparison.added.is_empty());
        for change in &comparison.changes {
            assert_eq!(change.total.verdict(), Verdict::Same, "{}", change.id);
            assert_eq!(change.total.ratio.value, 1.0);
        }
        assert_eq!(of(&comparison, "boot").over_boot, None);
    }

    #[test]
    fn what_exceeds_the_noise_is_said_with_its_interval() {
        let (old, mut new) = (sample::run(), sample::run());
        slower(&mut new, "file/exec:stub", 0.9);
        slower(&mut new, "base64/spawn", 1.2);
        let comparison = compare(&old, &new);
        let file = of(&comparison, "file/exec:stub");
        assert_eq!(file.total.verdict(), Verdict::Less);
        let words = file.total.in_words("faster", "slower");
        assert!(words.starts_with("faster by ") && words.contains('–'), "{words}");
        let spawn = of(&comparison, "base64/spawn");
        assert_eq!(
            (spawn.total.verdict(), spawn.over_boot.unwrap().verdict()),
            (Verdict::More, Verdict::More)
        );
    }

    #[test]
    fn words_have_the_digits_that_mean_something() {
        let difference = |value: f64, ends: Option<(f64, f64)>| {
            let interval = ends.map(|(low, high)| Interval { low, high });
            let ratio = Estimate { value, interval };
            Difference { old: 1.0, new: value, ratio }.in_words("faster", "slower").replace('\u{a0}', " ")
        };
        assert_eq!(difference(0.88, Some((0.85, 0.91))), "faster by 12 % (9–15 %)");
        assert_eq!(difference(1.021, Some((1.012, 1.034))), "slower by 2.1 % (1.2–3.4 %)");
        assert_eq!(difference(1.0, Some((0.98, 1.03))), "no difference seen (−2.0…+3.0 %)");
        assert_eq!(difference(1.2, None), "+20 %, not to be told from noise");
        assert_eq!(difference(1.0, None), "0.0 %, not to be told from noise");
    }

    #[test]
    fn what_the_runs_do_not_share_is_a_warning() {
        let (mut old, new) = (sample::run(), sample::run());
        old.machine.cpus = 8;
        old.machine.load = Some(9.0);
        old.program.size = 2_000_000;
        old.program.sha256 = "0".repeat(64);
        old.interrupted = true;
        let warnings = compare(&old, &new).warnings.join("\n");
        for expected in [
            "another machine: 8 × AMD EPYC 9R14, Linux 6.1.0 then, 2 × AMD EPYC 9R14, Linux 6.1.0 now",
            "the program was built anew: 1.91 MiB then, 1.42 MiB now",
            "the old run was interrupted",
            "the old run was noisy",
        ] {
            assert!(warnings.contains(expected), "{warnings}");
        }
    }

    #[test]
    fn a_boot_that_moved_makes_totals_suspect() {
        let (old, mut new) = (sample::run(), sample::run());
        slower(&mut new, "boot", 1.06);
        let warnings = compare(&old, &new).warnings.join("\n");
        assert!(warnings.contains("Node boot alone") && warnings.contains("slower by"), "{warnings}");
    }

    #[test]
    fn another_node_is_compared_when_there_is_no_better_match() {
        let (old, mut new) = (sample::run_on_two_nodes(), sample::run());
        for variant in new.variants.iter_mut().filter(|variant| variant.node.is_some()) {
            variant.node = Some("24.30.0".into());
        }
        let comparison = compare(&old, &new);
        assert_eq!(comparison.changes.len(), 12);
        let boot = of(&comparison, "boot");
        assert!((boot.total.old - boot.total.new).abs() > 1.0, "it was held against Node 24, not 20");
        assert!(comparison.gone.contains(&"boot on Node 20.20.2".to_owned()));
        assert_eq!(comparison.warnings[0], "another Node: 24.21.0 then, 24.30.0 now");
    }
}
