//! How much the machine disturbed a run, and what that means for small differences.
//!
//! The yardstick is Node boot alone: nothing of this project runs in it, so whatever moves it moves
//! everything. Without it, the program alone serves, else the first variant.

use serde::Serialize;

use super::model::{Kind, Run, Variant};
use super::stats::{self, Spread};
use super::summary::{totals, values};

/// The middle half of a quiet yardstick is at most this wide, relative to its median.
const QUIET_SPREAD: f64 = 0.05;

/// The second half of a quiet run differs from the first by at most this much.
const QUIET_DRIFT: f64 = 0.03;

/// Others use at most this part of the processors of a quiet machine.
const QUIET_LOAD: f64 = 0.5;

/// What was seen of the machine.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Noise {
    /// The load average when the run began, where the system tells.
    pub load: Option<f64>,
    /// How many processors there are for it.
    pub cpus: usize,
    /// Node boot of each Node, and the program alone.
    pub yardsticks: Vec<Yardstick>,
    /// True when small differences must not be trusted.
    pub is_high: bool,
    /// Differences between two totals below this are not told apart by this run; absent when the samples
    /// are too few to say.
    pub resolution_ms: Option<f64>,
}

/// How steady one variant was.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Yardstick {
    /// The variant.
    pub id: String,
    /// Its Node.
    pub node: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// Width of the middle half of its totals, relative to their median.
    pub spread: Option<f64>,
    /// Median of the second half of the rounds against the first: 0.05 is 5 % slower.
    pub drift: Option<f64>,
}

impl Noise {
    /// Of a run.
    pub fn of(run: &Run) -> Self {
        let (load, cpus) = (run.machine.load, run.machine.cpus);
        let steady = |variant: &&Variant| matches!(variant.kind, Kind::Boot | Kind::Program);
        let measured = || run.variants.iter().filter(|variant| !variant.samples.is_empty());
        let mut yardsticks: Vec<_> = measured().filter(steady).map(yardstick).collect();
        if yardsticks.is_empty() {
            yardsticks.extend(measured().next().map(yardstick));
        }
        let boots = yardsticks.iter().any(|yardstick| yardstick.kind == Kind::Boot);
        let deciding = || yardsticks.iter().filter(|yardstick| !boots || yardstick.kind == Kind::Boot);
        let is_high = load.is_some_and(|load| load > QUIET_LOAD * cpus as f64)
            || deciding().any(|seen| seen.spread.is_some_and(|spread| spread > QUIET_SPREAD))
            || deciding().any(|seen| seen.drift.is_some_and(|drift| drift.abs() > QUIET_DRIFT));
        let resolution_ms = measured()
            .filter(|variant| deciding().any(|seen| seen.id == variant.id && seen.node == variant.node))
            .filter_map(resolution)
            .reduce(f64::max);
        Self { load, cpus, yardsticks, is_high, resolution_ms }
    }

    /// The least steady of the yardsticks that decide.
    pub fn worst(&self) -> Option<&Yardstick> {
        let boots = self.yardsticks.iter().any(|yardstick| yardstick.kind == Kind::Boot);
        self.yardsticks
            .iter()
            .filter(|yardstick| !boots || yardstick.kind == Kind::Boot)
            .max_by(|a, b| a.unrest().total_cmp(&b.unrest()))
    }
}

impl Yardstick {
    /// How far it is beyond quiet: 1 is the limit.
    fn unrest(&self) -> f64 {
        let spread = self.spread.unwrap_or(0.0) / QUIET_SPREAD;
        spread.max(self.drift.unwrap_or(0.0).abs() / QUIET_DRIFT)
    }
}

fn yardstick(variant: &Variant) -> Yardstick {
    let totals = values(&totals(variant));
    let (first, second) = totals.split_at(totals.len() / 2);
    let drift = || stats::ratio(stats::median(second)?, stats::median(first)?).map(|ratio| ratio - 1.0);
    Yardstick {
        id: variant.id.clone(),
        node: variant.node.clone(),
        kind: variant.kind,
        spread: Spread::of(&totals).and_then(|spread| spread.relative_iqr()),
        // Halves of a few starts each would report their own scatter as drift.
        drift: (totals.len() >= 2 * stats::ENOUGH_FOR_INTERVAL).then(drift).flatten(),
    }
}

/// The half width of the 95 % interval of the difference between two medians of samples like these, were
/// they normal: 1.96 × √2 × 1.2533 σ / √n.
fn resolution(variant: &Variant) -> Option<f64> {
    let totals = values(&totals(variant));
    let enough = totals.len() >= stats::ENOUGH_FOR_INTERVAL;
    enough.then(|| Some(3.474 * stats::mad(&totals)? / (totals.len() as f64).sqrt()))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::sample;

    fn change(run: &mut Run, kind: Kind, change: impl Fn(u32, f64) -> f64) {
        for variant in run.variants.iter_mut().filter(|variant| variant.kind == kind) {
            for sample in &mut variant.samples {
                sample.total_ms = change(sample.round, sample.total_ms);
            }
        }
    }

    #[test]
    fn a_steady_boot_on_an_idle_machine_is_quiet() {
        let noise = Noise::of(&sample::run());
        assert!(!noise.is_high, "{noise:?}");
        assert_eq!(noise.worst().unwrap().kind, Kind::Boot);
        let resolution = noise.resolution_ms.unwrap();
        assert!((0.05..0.6).contains(&resolution), "{resolution}");
    }

    #[test]
    fn load_scatter_and_drift_are_noise() {
        let mut loaded = sample::run();
        loaded.machine.load = Some(1.4);
        assert!(Noise::of(&loaded).is_high);
        let mut scattered = sample::run();
        change(&mut scattered, Kind::Boot, |round, total| total * (1.0 + f64::from(round % 3) * 0.1));
        let noise = Noise::of(&scattered);
        assert!(noise.is_high && noise.worst().unwrap().spread.unwrap() > 0.05);
        assert!(noise.resolution_ms > Noise::of(&sample::run()).resolution_ms);
        let mut drifting = sample::run();
        change(&mut drifting, Kind::Boot, |round, total| if round < 12 { total } else { total * 1.05 });
        let noise = Noise::of(&drifting);
        assert!(noise.is_high && (noise.worst().unwrap().drift.unwrap() - 0.05).abs() < 0.02);
    }

    #[test]
    fn the_program_scatters_more_by_nature_and_does_not_decide() {
        let mut run = sample::run();
        change(&mut run, Kind::Program, |round, total| total * (1.0 + f64::from(round % 3) * 0.1));
        assert!(!Noise::of(&run).is_high);
        run.variants.retain(|variant| variant.kind == Kind::Program);
        assert!(Noise::of(&run).is_high, "alone it does");
    }

    #[test]
    fn of_few_starts_nothing_is_claimed() {
        let mut run = sample::run();
        run.variants.iter_mut().for_each(|variant| variant.samples.truncate(3));
        let noise = Noise::of(&run);
        assert_eq!((noise.resolution_ms, noise.worst().unwrap().drift), (None, None));
        run.variants.clear();
        assert_eq!(Noise::of(&run).worst(), None);
    }
}
