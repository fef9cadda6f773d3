//! The sentences of a report. They are plain text; each format escapes them as it must.

use super::beside;
use super::columns::{COST, Cell, Column, START, WARM, phases};
use super::figures;
use crate::bench::compare::{Change, Comparison, Difference, Verdict};
use crate::bench::model::{Kind, Phase, Run};
use crate::bench::noise::{Noise, Yardstick};
use crate::bench::stats::{ENOUGH_FOR_INTERVAL, ENOUGH_FOR_P95, ENOUGH_FOR_P99, Estimate};
use crate::bench::summary::{Group, Row, Summary};
use crate::size::Bytes;

/// What was measured, and how often.
pub(super) fn headline(run: &Run, summary: &Summary) -> String {
    let program = &run.program;
    let warm = match run.warm {
        0 => String::new(),
        1 => ", 1 further event each".to_owned(),
        warm => format!(", {warm} further events each"),
    };
    let mut starts = counted(run.asked as usize, "start");
    if run.interrupted {
        let counts = || summary.groups.iter().flat_map(Group::measured).filter_map(|row| row.total_ms);
        let fewest = counts().map(|spread| spread.samples).min().unwrap_or(0);
        starts = format!("interrupted after {fewest} of {starts}");
    }
    format!(
        "{}, {} for {}: {starts} of each variant in random order{warm}",
        figures::clean(&program.name),
        Bytes(program.size),
        program.arch,
    )
}

/// What it was measured on.
pub(super) fn machine(run: &Run) -> String {
    let machine = &run.machine;
    let mut parts = vec![format!("{} {}", figures::clean(&machine.system), figures::clean(&machine.arch))];
    let cpu = machine.cpu.as_deref().map_or("processors of unknown make".to_owned(), figures::clean);
    parts.push(format!("{} × {cpu}", machine.cpus));
    parts.extend(machine.memory.map(|memory| Bytes(memory).to_string()));
    parts.extend(machine.load.map(|load| format!("load {load:.2} at the start")));
    parts.join(", ")
}

/// When, and with which tool.
pub(super) fn origin(run: &Run) -> String {
    format!("{}, {}", figures::date(run.started), figures::clean(&run.tool))
}

/// What everything in a report is: headings, and below each the names with what they stand for.
pub(super) fn legend(summary: &Summary) -> Vec<(&'static str, Vec<(&'static str, &'static str)>)> {
    let columns = |columns: &[Column]| {
        let used = columns.iter().filter(|column| column.is_used(&summary.groups));
        used.map(|column| (column.name, column.about)).collect::<Vec<_>>()
    };
    let figures = [START.as_slice(), &COST, &WARM].map(columns).concat();
    let phases = columns(&phases().collect::<Vec<_>>());
    let all = [
        ("Variants", variants(summary)),
        ("Figures", figures),
        ("Phases of traced starts, each from the end of the one before", phases),
    ];
    all.into_iter().filter(|(_, entries)| !entries.is_empty()).collect()
}

/// What the variants of this run are that do not say so themselves.
fn variants(summary: &Summary) -> Vec<(&'static str, &'static str)> {
    let known = [
        (Kind::Program, "program", "the program alone, as on `provided.al2023`: the floor"),
        (
            Kind::Bootstrap,
            "bootstrap",
            "the program alone, started by a script such as Node runtimes begin with: the floor of `file/wrapper`",
        ),
        (Kind::Wrapper, "file/wrapper", "the program, which that script starts in Node's place"),
        (Kind::Boot, "boot", "Node with an empty module, until that module's first statement"),
        (Kind::Handler, "handler", "a plain Node handler that does the same work"),
        (Kind::Seed, "seed", "the first try at this idea, rebuilt from its description"),
    ];
    let rows = || summary.groups.iter().flat_map(Group::measured);
    let mut found: Vec<_> = known
        .into_iter()
        .filter(|(kind, ..)| rows().any(|row| row.kind == *kind))
        .map(|(_, name, about)| (name, about))
        .collect();
    if rows().any(|row| row.default) {
        found.push((DEFAULT, "what `cargo trap build` makes by default for this payload"));
    }
    found
}

/// Marks the variants that a build makes by default.
pub(super) const DEFAULT: &str = "*";

/// A variant's name in a table.
pub(super) fn id(row: &Row) -> String {
    let id = figures::clean(&row.id);
    if row.default { format!("{id} {DEFAULT}") } else { id }
}

/// What was found, in words: a heading for each group where there are several, and its sentences.
pub(super) fn findings(summary: &Summary) -> Vec<(String, Vec<String>)> {
    summary.groups.iter().map(|group| (figures::group(group), found(group))).collect()
}

fn found(group: &Group) -> Vec<String> {
    let ours = || group.measured().filter(|row| row.kind == Kind::Ours);
    let defaults: Vec<_> = ours().filter(|row| row.default).collect();
    let shown = if defaults.is_empty() { ours().collect() } else { defaults };
    let mut sentences: Vec<_> = shown
        .iter()
        .filter_map(|row| {
            let parts: Vec<_> = [start(row), afterwards(row)].into_iter().flatten().collect();
            (!parts.is_empty()).then(|| parts.join(" "))
        })
        .collect();
    let least = shown.iter().map(|row| over(row)).fold(f64::INFINITY, f64::min);
    let is_told_apart = |row: &&Row| {
        let interval = row.over_boot_ms.and_then(|estimate| estimate.interval);
        interval.is_some_and(|interval| interval.high < least)
    };
    let quickest = ours().filter(is_told_apart).min_by(|a, b| over(a).total_cmp(&over(b)));
    if let Some(row) = quickest {
        let (id, time) = (figures::clean(&row.id), figures::ms(over(row)));
        sentences.push(format!("Of ours, {id} adds least: {time}\u{a0}ms over boot."));
    }
    sentences.extend(
        ours().filter_map(|row| row.instead.as_ref().and_then(|instead| beside::library(row, instead))),
    );
    let wrappers = group.measured().filter(|row| row.kind == Kind::Wrapper);
    sentences.extend(wrappers.filter_map(beside::wrapper));
    sentences
}

fn over(row: &Row) -> f64 {
    row.over_boot_ms.map_or(f64::INFINITY, |estimate| estimate.value)
}

/// `file/exec:stub adds 1.8 ms over boot (1.6–2.0), 0.10 × what the seed adds (0.09–0.11); …`
fn start(row: &Row) -> Option<String> {
    let id = figures::clean(&row.id);
    let mut sentence = match row.over_boot_ms {
        Some(over) => {
            let interval = over.interval.map(|interval| format!(" ({})", figures::range(interval)));
            format!("{id} adds {}\u{a0}ms over boot{}", figures::ms(over.value), interval.unwrap_or_default())
        }
        None => format!("{id} polls first after {}\u{a0}ms", figures::ms(row.total_ms?.median)),
    };
    if let Some(ratio) = row.added_to_seed {
        sentence += &format!(", {}", times(ratio, "what the seed adds"));
    }
    if let Some(ratio) = row.total_to_handler {
        sentence += &format!("; its total is {}", times(ratio, "a plain Node handler's"));
    }
    Some(sentence + ".")
}

/// `Then 1.3 MiB stay in memory, 1.01 × the program alone (1.00–1.02), and …`
pub(super) fn afterwards(row: &Row) -> Option<String> {
    let to_program = |ratio: Option<Estimate>| {
        ratio.map(|ratio| format!(", {}", times(ratio, "the program alone"))).unwrap_or_default()
    };
    let left = row.left.map(|left| {
        format!("{}\u{a0}MiB stay in memory{}", figures::mebibytes(left), to_program(row.left_to_program))
    });
    let warm = row.warm_us.map(|warm| {
        format!("a warm round trip takes {}\u{a0}µs{}", figures::us(warm), to_program(row.warm_to_program))
    });
    let parts: Vec<_> = [left, warm].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("Then {}.", parts.join(", and ")))
}

/// `0.14 × what the seed adds (0.13–0.16)`.
pub(super) fn times(ratio: Estimate, what: &str) -> String {
    match figures::estimate(ratio).split_once(' ') {
        Some((value, interval)) => format!("{value}\u{a0}× {what} {interval}"),
        None => format!("{}\u{a0}× {what}", figures::ratio(ratio.value)),
    }
}

/// What a comparison amounts to, for our own variants: whatever moves the others is not our doing.
pub(super) fn outcome(comparison: &Comparison) -> String {
    let since = figures::date(comparison.started);
    if comparison.changes.is_empty() {
        return format!("Nothing can be compared with the run of {since}.");
    }
    let (mut moved, mut compared) = (Vec::new(), 0usize);
    let is_ours = |change: &&Change| matches!(change.kind, Kind::Ours | Kind::Wrapper);
    for change in comparison.changes.iter().filter(is_ours) {
        // The total moves with what is added over boot, and says less.
        let figures = differences(change).into_iter();
        for shown in figures.filter(|shown| change.over_boot.is_none() || shown.name != TOTAL) {
            compared += 1;
            if matches!(shown.difference.verdict(), Verdict::Less | Verdict::More) {
                let words = shown.difference.in_words(shown.less, shown.more);
                let figure = shown.name.split(',').next().unwrap_or_default();
                moved.push(format!("{}: {figure} {words}", changed(change, comparison)));
            }
        }
    }
    if moved.is_empty() {
        return format!("Since the run of {since} nothing of ours changed beyond the noise.");
    }
    // One of twenty 95 % intervals misses what it should hold.
    let chance = match compared / 20 {
        0 => String::new(),
        chance => format!(" Of {compared} such figures about {chance} would seem to by chance alone."),
    };
    format!("Since the run of {since} changed beyond the noise: {}.{chance}", moved.join("; "))
}

const TOTAL: &str = "total";

/// How much the machine disturbed the run, and what that means.
pub(super) fn noise(noise: &Noise) -> String {
    let seen = noise.worst().and_then(steadiness);
    let resolution = noise.resolution_ms.map(figures::ms);
    if !noise.is_high {
        let seen = seen.map(|seen| format!(": {seen}")).unwrap_or_default();
        let told = match resolution {
            Some(resolution) => {
                format!("totals that differ by {resolution}\u{a0}ms or more can be told apart")
            }
            None => "too few starts to say which differences can be told apart".to_owned(),
        };
        return format!("The run was quiet{seen}; {told}.");
    }
    let load = noise
        .load
        .map(|load| format!("load average {load:.1} on {} at its start", counted(noise.cpus, "processor")));
    let reasons: Vec<_> = load.into_iter().chain(seen).collect();
    let below = match resolution {
        Some(resolution) => format!("do not trust differences between totals below {resolution}\u{a0}ms"),
        None => "do not trust small differences".to_owned(),
    };
    format!(
        "The run was noisy ({}): {below}. Ratios are of the same rounds and suffer less.",
        reasons.join("; ")
    )
}

fn steadiness(yardstick: &Yardstick) -> Option<String> {
    let who = match yardstick.kind {
        Kind::Boot => "Node boot".to_owned(),
        Kind::Program => "the program alone".to_owned(),
        _ => figures::clean(&yardstick.id),
    };
    let spread = format!("half of the starts of {who} lie within {}", figures::percent(yardstick.spread?));
    let drift = yardstick.drift.map(|drift| {
        let way = if drift < 0.0 { "faster" } else { "slower" };
        format!(", and the second half of the run was {} {way} than the first", figures::percent(drift.abs()))
    });
    Some(spread + &drift.unwrap_or_default())
}

/// What the tool itself adds.
pub(super) fn overhead(summary: &Summary) -> Option<String> {
    let own = summary.own_overhead_ms?;
    Some(format!(
        "This tool adds {}\u{a0}ms of its own to every total (median of {} made inside it); nothing is subtracted.",
        figures::ms(own.median),
        counted(own.samples, "connection"),
    ))
}

/// What could not be measured, and why.
pub(super) fn unmeasured(run: &Run, summary: &Summary) -> Vec<String> {
    let mut lines = Vec::new();
    for group in &summary.groups {
        let place = match summary.groups.len() {
            1 => String::new(),
            _ => format!(" ({})", figures::group(group)),
        };
        for row in &group.rows {
            let id = figures::clean(&row.id);
            if let Some(why) = &row.unavailable {
                lines.push(format!("{id}{place}: {}", figures::clean(why)));
            }
            for (why, count) in &row.failed {
                let why = figures::clean(why);
                lines.push(format!("{id}{place}: {} did not count: {why}", counted(*count, "start")));
            }
        }
        for (names, column) in missing(group, &summary.groups) {
            lines.push(format!("{column}{place}: not measured for {}", names.join(", ")));
        }
    }
    // The program alone is in every group.
    let mut unique: Vec<String> = Vec::new();
    lines.retain(|line| {
        let is_new = !unique.contains(line);
        unique.push(line.clone());
        is_new
    });
    lines.extend(too_few(run, summary));
    lines
}

/// Columns that others fill and some variants do not.
fn missing<'a>(group: &'a Group, all: &'a [Group]) -> Vec<(Vec<String>, &'static str)> {
    let columns = START.iter().chain(&COST).chain(&WARM);
    // Ratios lack what their figures lack, and percentiles lack starts: both are said elsewhere.
    let derived = |column: &Column| {
        column.unit.starts_with('(') || ["p95", "p99", "middle half"].contains(&column.head)
    };
    let worth_saying = |column: &&Column| column.is_used(all) && !derived(column);
    columns
        .filter(worth_saying)
        .filter_map(|column| {
            let lacks = |row: &&Row| column.cell(row) == Cell::Missing;
            let names: Vec<_> = group.measured().filter(lacks).map(|row| figures::clean(&row.id)).collect();
            (!names.is_empty()).then_some((names, column.head))
        })
        .collect()
}

/// What needs more starts, more events, or a program that tells more.
fn too_few(run: &Run, summary: &Summary) -> Vec<String> {
    let rows = || summary.groups.iter().flat_map(Group::measured);
    let mut lines = Vec::new();
    let fewest = rows().filter_map(|row| row.total_ms).map(|spread| spread.samples).min();
    if fewest.is_some_and(|samples| samples < ENOUGH_FOR_P95) {
        lines.push(format!("p95: not told by fewer than {ENOUGH_FOR_P95} starts"));
    }
    if fewest.is_some_and(|samples| samples < ENOUGH_FOR_INTERVAL) {
        lines.push(format!("95 % intervals: not told by fewer than {ENOUGH_FOR_INTERVAL} rounds"));
    }
    let unbounded = |row: &&Row| row.added_to_seed.is_some_and(|ratio| ratio.interval.is_none());
    if fewest.is_some_and(|samples| samples >= ENOUGH_FOR_INTERVAL) && rows().any(|row| unbounded(&row)) {
        lines.push("95 % intervals of × seed: the noise is as large as what the seed adds".to_owned());
    }
    if run.warm == 0 {
        lines.push("warm round trips: no further events were asked for".to_owned());
    } else if rows().any(|row| row.warm_us.is_some() && row.warm_p99_us.is_none()) {
        lines.push(format!("p99 of warm round trips: not told by fewer than {ENOUGH_FOR_P99} events"));
    }
    let traced = rows().any(|row| !row.phases.is_empty());
    if traced && !rows().any(|row| row.phase(Phase::Main).is_some()) {
        lines.push(
            "main: this program does not tell when its `main` begins (one that links trap-runtime does), so \
             that time is part of `poll`"
                .to_owned(),
        );
    }
    if !traced && rows().any(|row| row.kind == Kind::Ours) {
        lines.push("phases: no start was traced".to_owned());
    }
    lines
}

/// What an earlier run is, for the heading of a comparison.
pub(super) fn since(comparison: &Comparison) -> String {
    format!("since the run of {}, {}", figures::date(comparison.started), figures::clean(&comparison.tool))
}

/// A variant of a comparison; its Node is named when there are several.
pub(super) fn changed(change: &Change, comparison: &Comparison) -> String {
    let several = comparison
        .changes
        .iter()
        .any(|other| other.node.is_some() && (&other.node, other.client) != (&change.node, change.client));
    let id = figures::clean(&change.id);
    match (&change.node, several) {
        (Some(node), true) => format!("{id} on {}", figures::clean(node)),
        _ => id,
    }
}

/// One figure of a change, ready to be shown.
pub(super) struct Shown {
    /// What it is.
    pub(super) name: &'static str,
    /// The figure itself.
    pub(super) difference: Difference,
    /// What it was, with few digits.
    pub(super) old: String,
    /// What it is now.
    pub(super) new: String,
    /// The word for less of it.
    pub(super) less: &'static str,
    /// The word for more of it.
    pub(super) more: &'static str,
    /// True when it is worth a line even where nothing changed.
    pub(super) always: bool,
}

/// The figures of a change, what matters most first.
pub(super) fn differences(change: &Change) -> Vec<Shown> {
    type Write = fn(f64) -> String;
    let time = ("faster", "slower");
    let figures: [(_, _, Write, _, _); 4] = [
        ("over boot", change.over_boot, figures::ms, time, true),
        (TOTAL, Some(change.total), figures::ms, time, true),
        ("left, MiB", change.left, figures::mebibytes, ("less", "more"), false),
        ("warm, µs", change.warm, figures::us, time, false),
    ];
    figures
        .into_iter()
        .filter_map(|(name, difference, write, (less, more), always)| {
            let difference = difference?;
            let (old, new) = (write(difference.old), write(difference.new));
            Some(Shown { name, difference, old, new, less, more, always })
        })
        .collect()
}

/// Variants that cannot be compared.
pub(super) fn not_in_both(comparison: &Comparison) -> Vec<String> {
    let list = |names: &[String], which: &str| {
        let names: Vec<_> = names.iter().map(|name| figures::clean(name)).collect();
        (!names.is_empty()).then(|| format!("only {which} run measured {}", names.join(", ")))
    };
    [list(&comparison.gone, "the old"), list(&comparison.added, "this")].into_iter().flatten().collect()
}

/// `1 start`, `24 starts`.
pub(super) fn counted(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
