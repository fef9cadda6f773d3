//! From a run to what its reports show: medians, spreads and ratios, the same in every format.
//!
//! Nothing here is text. A figure that cannot be had is `None`, never zero.

use std::collections::BTreeMap;

use serde::Serialize;

use super::model::{Client, Kind, Phase, Run, Sample, Variant};
use super::noise::Noise;
use super::stats::{self, ENOUGH_FOR_P99, Estimate, Spread};

/// What a run shows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// One for each Node and client, in the order of the run.
    pub groups: Vec<Group>,
    /// How much the machine disturbed it.
    pub noise: Noise,
    /// What the tool itself adds to every total.
    pub own_overhead_ms: Option<Spread>,
}

/// Variants that can be compared: the same Node, the same client.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// The Node; none when only the program alone was measured.
    pub node: Option<String>,
    /// The client inside it.
    pub client: Option<Client>,
    /// Its version, where it is not our own.
    pub client_version: Option<String>,
    /// What runs without a Node belongs to every group.
    pub rows: Vec<Row>,
}

/// One variant. Times are medians.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// As in the run.
    pub id: String,
    /// As in the run.
    pub kind: Kind,
    /// As in the run.
    pub default: bool,
    /// Why it was not measured at all.
    pub unavailable: Option<String>,
    /// Reasons of starts that did not count, and how many starts each spoilt.
    pub failed: BTreeMap<String, usize>,
    /// From just before the process was created until the first poll; for Node boot alone until the first
    /// statement of an empty module.
    pub total_ms: Option<Spread>,
    /// The total less that of Node boot alone, in the rounds that have both.
    pub over_boot_ms: Option<Estimate>,
    /// What is added over boot, divided by what the seed adds.
    pub added_to_seed: Option<Estimate>,
    /// The total, divided by the program's alone.
    pub total_to_program: Option<Estimate>,
    /// The total, divided by that of a plain Node handler.
    pub total_to_handler: Option<Estimate>,
    /// The total less that of the program alone which the same script starts; only where one does.
    pub over_bootstrap_ms: Option<Estimate>,
    /// For a library: against the artifact that hands the process to a program instead.
    pub instead: Option<Instead>,
    /// Until the first answer, counted like the total.
    pub answer_ms: Option<f64>,
    /// From the variant's own log line until the first poll.
    pub log_line_ms: Option<f64>,
    /// Medians of the traced starts, in the order of the phases.
    pub phases: Vec<(Phase, f64)>,
    /// The total of the traced starts less that of the untouched ones of the same rounds.
    pub tracing_ms: Option<Estimate>,
    /// Processor time of all processes until the first answer.
    pub cpu_ms: Option<f64>,
    /// Bytes: the most resident memory of any one process.
    pub peak: Option<f64>,
    /// Bytes: memory of all processes after the first answer (PSS).
    pub left: Option<f64>,
    /// That memory, divided by the program's alone.
    pub left_to_program: Option<Estimate>,
    /// Bytes: everything that is deployed.
    pub artifact: Option<u64>,
    /// Warm round trip: the median over the starts of each start's median.
    pub warm_us: Option<f64>,
    /// The 99th percentile of all further events together; absent when there are too few.
    pub warm_p99_us: Option<f64>,
    /// The warm round trip, divided by the program's alone.
    pub warm_to_program: Option<Estimate>,
    /// The warm round trip less that of a plain Node handler.
    pub warm_over_handler_us: Option<Estimate>,
    /// Further events per second.
    pub per_second: Option<f64>,
}

/// What it saves and costs to load a library rather than to execute a program; both are packaged in the same way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Instead {
    /// The variant with the program: what a build makes by default.
    pub of: String,
    /// The library's total less the program's.
    pub total_ms: Option<Estimate>,
    /// Bytes: the memory left less the program's.
    pub left: Option<Estimate>,
    /// A warm round trip, divided by the program's.
    pub warm: Option<Estimate>,
}

impl Row {
    /// True when at least one start counted.
    pub fn is_measured(&self) -> bool {
        self.total_ms.is_some()
    }

    /// One phase.
    pub fn phase(&self, phase: Phase) -> Option<f64> {
        self.phases.iter().find(|(seen, _)| *seen == phase).map(|(_, time)| *time)
    }
}

impl Group {
    /// The row that others are measured against.
    pub fn baseline(&self, kind: Kind) -> Option<&Row> {
        self.rows.iter().find(|row| row.kind == kind && row.is_measured())
    }

    /// What was measured.
    pub fn measured(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.is_measured())
    }
}

impl Summary {
    /// Of a run, whole or interrupted.
    pub fn of(run: &Run) -> Self {
        let groups = groups(run)
            .into_iter()
            .map(|(node, client)| {
                let variants: Vec<_> = members(run, node, client).collect();
                let baselines = Baselines::of(&variants);
                let rows = variants
                    .iter()
                    .map(|variant| Row { instead: instead(variant, &variants), ..row(variant, &baselines) })
                    .collect();
                let client_version = variants.iter().find_map(|variant| variant.client_version.clone());
                Group { node: node.map(str::to_owned), client, client_version, rows }
            })
            .collect();
        Self { groups, noise: Noise::of(run), own_overhead_ms: Spread::of(&run.own_overhead_ms) }
    }
}

/// Every pair of Node and client, in the order of the run; one without Node when there is none at all.
fn groups(run: &Run) -> Vec<(Option<&str>, Option<Client>)> {
    let mut found = Vec::new();
    for variant in run.variants.iter().filter(|variant| variant.kind.has_node()) {
        let key = (variant.node.as_deref(), variant.client);
        if !found.contains(&key) {
            found.push(key);
        }
    }
    if found.is_empty() && !run.variants.is_empty() {
        found.push((None, None));
    }
    found
}

/// The variants of a group, the program alone among them.
pub(super) fn members<'a>(
    run: &'a Run,
    node: Option<&'a str>,
    client: Option<Client>,
) -> impl Iterator<Item = &'a Variant> {
    run.variants.iter().filter(move |variant| {
        !variant.kind.has_node() || (variant.node.as_deref() == node && variant.client == client)
    })
}

/// One figure of each round.
pub(super) type Rounds = BTreeMap<u32, f64>;

/// One figure of every sample that has it.
pub(super) fn rounds(variant: &Variant, figure: impl Fn(&Sample) -> Option<f64>) -> Rounds {
    variant.samples.iter().filter_map(|sample| Some((sample.round, figure(sample)?))).collect()
}

/// Until the first poll.
pub(super) fn totals(variant: &Variant) -> Rounds {
    rounds(variant, |sample| Some(sample.total_ms))
}

/// The warm round trip of each start.
pub(super) fn warm(variant: &Variant) -> Rounds {
    rounds(variant, |sample| stats::median(&sample.warm_us))
}

/// Memory left of each start.
pub(super) fn left(variant: &Variant) -> Rounds {
    rounds(variant, |sample| sample.left.map(|bytes| bytes as f64))
}

/// A figure of several series, from the rounds that all of them have.
pub(super) fn paired<const N: usize>(
    series: [&Rounds; N],
    figure: impl Fn([f64; N]) -> Option<f64>,
) -> Option<Estimate> {
    let common: Vec<_> = series
        .first()?
        .keys()
        .filter(|round| series.iter().all(|rounds| rounds.contains_key(round)))
        .collect();
    let aligned = series.map(|rounds| common.iter().map(|round| rounds[*round]).collect::<Vec<_>>());
    stats::paired(std::array::from_fn(|index| aligned[index].as_slice()), figure)
}

/// What others are measured against, round by round; empty where it was not measured.
#[derive(Default)]
struct Baselines {
    boot: Rounds,
    bootstrap: Rounds,
    seed: Rounds,
    handler: Rounds,
    handler_warm: Rounds,
    program: Rounds,
    program_left: Rounds,
    program_warm: Rounds,
}

impl Baselines {
    fn of(variants: &[&Variant]) -> Self {
        let mut baselines = Self::default();
        for variant in variants {
            match variant.kind {
                Kind::Boot => baselines.boot = totals(variant),
                Kind::Bootstrap => baselines.bootstrap = totals(variant),
                Kind::Seed => baselines.seed = totals(variant),
                Kind::Handler => {
                    baselines.handler = totals(variant);
                    baselines.handler_warm = warm(variant);
                }
                Kind::Program => {
                    baselines.program = totals(variant);
                    baselines.program_left = left(variant);
                    baselines.program_warm = warm(variant);
                }
                Kind::Ours | Kind::Wrapper => {}
            }
        }
        baselines
    }
}

fn row(variant: &Variant, baselines: &Baselines) -> Row {
    let (total, left, warm) = (totals(variant), left(variant), warm(variant));
    let median = |figure: fn(&Sample) -> Option<f64>| stats::median(&values(&rounds(variant, figure)));
    let hosted = variant.kind.has_node() && variant.kind != Kind::Boot;
    // A baseline has no ratio to itself, and nothing is added by what is not hosted.
    let against = |own: &Rounds, base: &Rounds, kind: Kind| {
        paired([own, base], |[own, base]| stats::ratio(own, base)).filter(|_| variant.kind != kind)
    };
    let over_boot = paired([&total, &baselines.boot], |[total, boot]| Some(total - boot));
    let added_to_seed = paired([&total, &baselines.boot, &baselines.seed], |[total, boot, seed]| {
        stats::ratio(total - boot, seed - boot)
    });
    let over_bootstrap = paired([&total, &baselines.bootstrap], |[total, alone]| Some(total - alone));
    let traced = variant.traces.iter().map(|trace| (trace.round, trace.total_ms)).collect();
    Row {
        id: variant.id.clone(),
        kind: variant.kind,
        default: variant.default,
        unavailable: variant.unavailable.clone(),
        failed: failures(variant),
        total_ms: Spread::of(&values(&total)),
        over_boot_ms: over_boot.filter(|_| hosted),
        added_to_seed: added_to_seed.filter(|_| hosted && variant.kind != Kind::Seed),
        total_to_program: against(&total, &baselines.program, Kind::Program),
        total_to_handler: against(&total, &baselines.handler, Kind::Handler)
            .filter(|_| hosted || variant.kind == Kind::Wrapper),
        over_bootstrap_ms: over_bootstrap.filter(|_| variant.kind == Kind::Wrapper),
        instead: None,
        answer_ms: median(|sample| sample.answer_ms),
        log_line_ms: median(|sample| sample.log_line_ms),
        phases: phases(variant),
        tracing_ms: paired([&traced, &total], |[traced, untouched]| Some(traced - untouched)),
        cpu_ms: median(|sample| sample.cpu_ms),
        peak: median(|sample| sample.peak.map(|bytes| bytes as f64)),
        left: stats::median(&values(&left)),
        left_to_program: against(&left, &baselines.program_left, Kind::Program),
        artifact: variant.artifact,
        warm_us: stats::median(&values(&warm)),
        warm_p99_us: p99(variant),
        warm_to_program: against(&warm, &baselines.program_warm, Kind::Program),
        warm_over_handler_us: paired([&warm, &baselines.handler_warm], |[warm, handler]| {
            Some(warm - handler)
        })
        .filter(|_| hosted && variant.kind != Kind::Handler),
        per_second: median(|sample| sample.per_second),
    }
}

/// A library against the program that a build makes by default of the same payload.
fn instead(variant: &Variant, variants: &[&Variant]) -> Option<Instead> {
    variant.takeover().filter(|takeover| *takeover == "library")?;
    let program = variants.iter().find(|other| other.default && other.payload() == variant.payload())?;
    let less = |figure: fn(&Variant) -> Rounds| {
        paired([&figure(variant), &figure(program)], |[library, program]| Some(library - program))
    };
    Some(Instead {
        of: program.id.clone(),
        total_ms: less(totals),
        left: less(left),
        warm: paired([&warm(variant), &warm(program)], |[library, program]| stats::ratio(library, program)),
    })
}

/// The figures alone.
pub(super) fn values(rounds: &Rounds) -> Vec<f64> {
    rounds.values().copied().collect()
}

fn failures(variant: &Variant) -> BTreeMap<String, usize> {
    let mut reasons = BTreeMap::new();
    for failure in &variant.failed {
        *reasons.entry(failure.why.clone()).or_default() += 1;
    }
    reasons
}

/// A phase counts when at least half of the starts have it: a lap that happened once is not how it starts.
fn phases(variant: &Variant) -> Vec<(Phase, f64)> {
    let times = |phase: Phase| -> Vec<f64> {
        let seen = variant.traces.iter().flat_map(|trace| &trace.phases);
        seen.filter(|(seen, _)| *seen == phase).map(|(_, time)| *time).collect()
    };
    Phase::ALL
        .into_iter()
        .filter_map(|phase| {
            let times = times(phase);
            let median = stats::median(&times)?;
            (times.len() * 2 >= variant.traces.len()).then_some((phase, median))
        })
        .collect()
}

fn p99(variant: &Variant) -> Option<f64> {
    let events: Vec<_> = variant.samples.iter().flat_map(|sample| &sample.warm_us).copied().collect();
    (events.len() >= ENOUGH_FOR_P99).then(|| stats::quantile(&events, 0.99))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::model::Trace;
    use crate::bench::sample;

    fn row<'a>(summary: &'a Summary, id: &str) -> &'a Row {
        summary.groups[0].rows.iter().find(|row| row.id == id).unwrap()
    }

    #[test]
    fn what_is_added_is_the_total_less_boot_and_its_ratio_is_to_the_seeds() {
        let summary = Summary::of(&sample::run());
        let total = |id: &str| row(&summary, id).total_ms.unwrap().median;
        let file = row(&summary, "file/exec:stub");
        let added = total("file/exec:stub") - total("boot");
        assert!((file.over_boot_ms.unwrap().value - added).abs() < 1e-9);
        let ratio = file.added_to_seed.unwrap();
        assert!((ratio.value - added / (total("seed") - total("boot"))).abs() < 1e-9);
        assert!(ratio.interval.unwrap().contains(ratio.value));
        assert!(file.left_to_program.unwrap().value < 1.1);
        assert!(row(&summary, "file/spawn").left_to_program.unwrap().value > 10.0);
    }

    #[test]
    fn a_baseline_has_no_ratio_to_itself_and_what_has_no_node_adds_nothing() {
        let summary = Summary::of(&sample::run());
        for id in ["program", "boot"] {
            let row = row(&summary, id);
            assert_eq!(
                (row.over_boot_ms, row.added_to_seed, row.total_to_handler),
                (None, None, None),
                "{id}"
            );
        }
        assert_eq!(row(&summary, "seed").added_to_seed, None);
        assert_eq!(row(&summary, "program").warm_to_program, None);
        assert_eq!(row(&summary, "handler").total_to_handler, None);
    }

    #[test]
    fn a_library_is_held_against_the_program_and_a_wrapper_against_its_script() {
        let summary = Summary::of(&sample::run());
        let library = row(&summary, "file/library").instead.as_ref().unwrap();
        assert_eq!(library.of, "file/exec:stub");
        let total = |id: &str| row(&summary, id).total_ms.unwrap().median;
        let saved = total("file/exec:stub") - total("file/library");
        assert!((library.total_ms.unwrap().value + saved).abs() < 1e-9);
        assert!(library.left.unwrap().value > 40.0 * 1_048_576.0 && library.warm.unwrap().value > 1.0);
        let wrapper = row(&summary, "file/wrapper");
        let over = total("file/wrapper") - total("bootstrap");
        assert!((wrapper.over_bootstrap_ms.unwrap().value - over).abs() < 1e-9);
        assert!(wrapper.over_boot_ms.is_none() && wrapper.total_to_handler.unwrap().value < 0.2);
        for other in summary.groups[0].rows.iter().filter(|row| row.id != "file/library") {
            assert_eq!(other.instead, None, "{}", other.id);
            assert_eq!(other.over_bootstrap_ms.is_some(), other.id == "file/wrapper", "{}", other.id);
        }
    }

    #[test]
    fn what_was_not_measured_is_none() {
        let mut run = sample::run();
        run.variants.retain(|variant| !matches!(variant.kind, Kind::Boot | Kind::Program));
        let summary = Summary::of(&run);
        let file = row(&summary, "file/exec:stub");
        assert_eq!((file.over_boot_ms, file.added_to_seed, file.left_to_program), (None, None, None));
        assert!(file.total_ms.is_some() && file.total_to_handler.is_some());
        let missing = row(&summary, "file/exec:execve");
        assert!(!missing.is_measured() && missing.unavailable.is_some() && missing.left.is_none());
        run.variants.clear();
        assert_eq!(Summary::of(&run).groups, []);
    }

    #[test]
    fn only_rounds_that_both_have_are_compared() {
        let mut run = sample::run();
        // Without its slow rounds the seed alone would look faster than in the rounds it shares.
        let seed = run.variants.iter_mut().find(|variant| variant.kind == Kind::Seed).unwrap();
        seed.samples.retain(|sample| sample.round < 10);
        let summary = Summary::of(&run);
        let over = row(&summary, "seed").over_boot_ms.unwrap().value;
        let first = |kind: Kind| {
            let variant = run.variants.iter().find(|variant| variant.kind == kind).unwrap();
            let totals: Vec<_> = totals(variant).into_iter().filter(|(round, _)| *round < 10).collect();
            stats::median(&totals.into_iter().map(|(_, total)| total).collect::<Vec<_>>()).unwrap()
        };
        assert!((over - (first(Kind::Seed) - first(Kind::Boot))).abs() < 1e-9);
    }

    #[test]
    fn the_program_alone_belongs_to_every_group() {
        let summary = Summary::of(&sample::run_on_two_nodes());
        assert_eq!(summary.groups.len(), 2);
        for group in &summary.groups {
            assert!(group.baseline(Kind::Program).is_some());
            assert_eq!(group.rows.iter().filter(|row| row.kind == Kind::Program).count(), 1);
        }
        let mut run = sample::run();
        run.variants.retain(|variant| variant.kind == Kind::Program);
        let summary = Summary::of(&run);
        assert_eq!((summary.groups.len(), &summary.groups[0].node), (1, &None));
    }

    #[test]
    fn a_phase_that_happened_once_is_not_how_it_starts() {
        let mut run = sample::run();
        let file = run.variants.iter_mut().find(|variant| variant.id == "file/exec:stub").unwrap();
        file.traces[0].phases.push((Phase::Decode, 9.0));
        let summary = Summary::of(&run);
        assert_eq!(row(&summary, "file/exec:stub").phase(Phase::Decode), None);
        assert!(row(&summary, "base64/exec:stub").phase(Phase::Decode).is_some());
    }

    #[test]
    fn tracing_is_the_difference_of_the_same_rounds() {
        let mut run = sample::run();
        let file = run.variants.iter_mut().find(|variant| variant.id == "file/exec:stub").unwrap();
        file.traces = file
            .samples
            .iter()
            .map(|sample| Trace { round: sample.round, total_ms: sample.total_ms + 0.25, phases: Vec::new() })
            .collect();
        let tracing = row(&Summary::of(&run), "file/exec:stub").tracing_ms.unwrap();
        assert!((tracing.value - 0.25).abs() < 1e-9);
        assert!((tracing.interval.unwrap().high - 0.25).abs() < 1e-9);
    }

    #[test]
    fn failures_are_counted_by_reason() {
        let summary = Summary::of(&sample::run());
        let failed = &row(&summary, "base64/exec:stub").failed;
        assert_eq!(failed.values().sum::<usize>(), 1);
        assert_eq!(row(&summary, "base64/exec:stub").total_ms.unwrap().samples, 23);
    }
}
