//! Statistics that a single bad sample cannot spoil: medians, quartiles, and intervals by resampling.
//!
//! Quantiles are of type 7 (Hyndman and Fan 1996, the default of R and NumPy): between two samples the
//! value is interpolated linearly. What too few samples cannot tell is `None`, never zero.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use fastrand::Rng;
use serde::Serialize;

/// Starts below which a 95th percentile would only be the slowest start under another name.
pub const ENOUGH_FOR_P95: usize = 20;

/// The same for a 99th percentile of events.
pub const ENOUGH_FOR_P99: usize = 500;

/// Rounds below which an interval would promise more than resampling can know: of five samples, even all
/// between the smallest and the largest hold the median only 15 times in 16.
pub const ENOUGH_FOR_INTERVAL: usize = 5;

/// How often rounds are drawn for an interval.
const RESAMPLES: usize = 2000;

/// Where the draws begin: the same samples give the same interval, today and tomorrow.
const SEED: u64 = 0x7261_7074;

/// Where samples lie.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// How many there are.
    pub samples: usize,
    /// The middle.
    pub median: f64,
    /// The quartiles, the middle half; absent for a single sample.
    pub quartiles: Option<Interval>,
    /// The 95th percentile; absent below [`ENOUGH_FOR_P95`] samples.
    pub p95: Option<f64>,
}

impl Spread {
    /// `None` without samples.
    pub fn of(samples: &[f64]) -> Option<Self> {
        let sorted = sorted(samples);
        let many = sorted.len() > 1;
        Some(Self {
            samples: sorted.len(),
            median: at(&sorted, 0.5)?,
            quartiles: many.then_some(Interval { low: at(&sorted, 0.25)?, high: at(&sorted, 0.75)? }),
            p95: (sorted.len() >= ENOUGH_FOR_P95).then_some(at(&sorted, 0.95)?),
        })
    }

    /// Width of the middle half, relative to the median.
    pub fn relative_iqr(&self) -> Option<f64> {
        let Interval { low, high } = self.quartiles?;
        (self.median > 0.0).then(|| (high - low) / self.median)
    }
}

/// From here to there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// True when a value lies between the ends, or is one.
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// A figure, and between what it would lie 19 times in 20 if the run were repeated.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The figure itself, from all samples.
    pub value: f64,
    /// Its 95 % interval; absent below [`ENOUGH_FOR_INTERVAL`] rounds.
    pub interval: Option<Interval>,
}

/// The middle of the samples.
pub fn median(samples: &[f64]) -> Option<f64> {
    quantile(samples, 0.5)
}

/// Type 7; `p` lies between 0 and 1.
pub fn quantile(samples: &[f64], p: f64) -> Option<f64> {
    at(&sorted(samples), p)
}

/// The median distance from the median, scaled so that it estimates the standard deviation of normal
/// samples. `None` below two samples.
pub fn mad(samples: &[f64]) -> Option<f64> {
    let middle = median(samples)?;
    let distances: Vec<_> = samples.iter().map(|sample| (sample - middle).abs()).collect();
    (samples.len() > 1).then_some(median(&distances)? * 1.4826)
}

/// A figure made of several series that were measured in the same rounds, with its interval.
///
/// Each series has one value for each round, in the same order. Whole rounds are drawn with replacement,
/// so what disturbed all variants of a round alike does not widen the interval. The interval lies between
/// the 2.5 % and the 97.5 % quantile of the draws.
pub fn paired<const N: usize>(
    series: [&[f64]; N],
    figure: impl Fn([f64; N]) -> Option<f64>,
) -> Option<Estimate> {
    let rounds = rounds(series);
    let ranked = series.map(|values| Ranked::of(&values[..rounds]));
    let interval = resample([rounds, 0], |taken, _| figure(drawn(&ranked, taken)));
    Some(Estimate { value: figure(medians(series)?)?, interval })
}

/// The same for two runs, whose rounds have nothing to do with each other: each is drawn for itself.
pub fn between<const N: usize>(
    new: [&[f64]; N],
    old: [&[f64]; N],
    figure: impl Fn([f64; N], [f64; N]) -> Option<f64>,
) -> Option<Estimate> {
    let (many, few) = (rounds(new), rounds(old));
    let ranked_new = new.map(|values| Ranked::of(&values[..many]));
    let ranked_old = old.map(|values| Ranked::of(&values[..few]));
    let interval = (few >= ENOUGH_FOR_INTERVAL)
        .then(|| resample([many, few], |new, old| figure(drawn(&ranked_new, new), drawn(&ranked_old, old))));
    Some(Estimate { value: figure(medians(new)?, medians(old)?)?, interval: interval.flatten() })
}

/// How many rounds all of the series have.
fn rounds<const N: usize>(series: [&[f64]; N]) -> usize {
    series.iter().map(|values| values.len()).min().unwrap_or(0)
}

fn medians<const N: usize>(series: [&[f64]; N]) -> Option<[f64; N]> {
    let mut medians = [0.0; N];
    for (place, values) in medians.iter_mut().zip(series) {
        *place = median(values)?;
    }
    Some(medians)
}

/// The medians of the rounds that a draw took, the same for all series.
fn drawn<const N: usize>(series: &[Ranked; N], taken: &[u32]) -> [f64; N] {
    let mut medians = [0.0; N];
    for (place, values) in medians.iter_mut().zip(series) {
        *place = values.median_of(taken);
    }
    medians
}

/// A series that is sorted once and counted often: thousands of draws would otherwise each sort anew.
struct Ranked {
    /// A value, and the round that it is of; by value.
    sorted: Vec<(f64, usize)>,
}

impl Ranked {
    fn of(values: &[f64]) -> Self {
        let mut sorted: Vec<_> = values.iter().copied().zip(0..).collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        Self { sorted }
    }

    /// The median where each round is there as often as it was taken: as many times as there are rounds, all in all.
    fn median_of(&self, taken: &[u32]) -> f64 {
        // Slices and a plain loop: this is run some million times for a report, and in debug builds, too.
        let (sorted, rounds) = (&*self.sorted, self.sorted.len());
        let (mut place, mut seen) = (0, 0);
        let mut value_after = |drawn: usize| {
            while seen <= drawn {
                seen += taken[sorted[place].1] as usize;
                place += 1;
            }
            sorted[place - 1].0
        };
        // The two in the middle; of an odd number they are one.
        f64::midpoint(value_after((rounds - 1) / 2), value_after(rounds / 2))
    }
}

/// The interval of a figure over draws from two sets of so many rounds, the second of which may be empty.
///
/// Too few rounds have none. One figure without meaning (a ratio to nothing) among the draws means that there is no interval
/// to speak of.
fn resample(rounds: [usize; 2], figure: impl Fn(&[u32], &[u32]) -> Option<f64>) -> Option<Interval> {
    if rounds[0] < ENOUGH_FOR_INTERVAL {
        return None;
    }
    let draws = draws(rounds);
    let figures = draws.chunks_exact(rounds[0] + rounds[1]).map(|taken| {
        let (first, second) = taken.split_at(rounds[0]);
        figure(first, second)
    });
    let mut figures = figures.collect::<Option<Vec<_>>>()?;
    Some(Interval { low: select(&mut figures, 0.025)?, high: select(&mut figures, 0.975)? })
}

/// How often each round is taken by each of the draws, one draw after the other.
///
/// They are the same for all figures of as many rounds, since all begin with the same seed: the dozens of figures of a report
/// share them.
fn draws(rounds: [usize; 2]) -> Arc<[u32]> {
    static MADE: Mutex<BTreeMap<[usize; 2], Arc<[u32]>>> = Mutex::new(BTreeMap::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let make = || {
        let mut rng = Rng::with_seed(SEED);
        let mut all = vec![0; RESAMPLES * (rounds[0] + rounds[1])];
        for draw in all.chunks_exact_mut(rounds[0] + rounds[1]) {
            let (first, second) = draw.split_at_mut(rounds[0]);
            for set in [first, second] {
                for _ in 0..set.len() {
                    set[rng.usize(..set.len())] += 1;
                }
            }
        }
        all.into()
    };
    made.entry(rounds).or_insert_with(make).clone()
}

/// A ratio, where there is one.
pub fn ratio(part: f64, whole: f64) -> Option<f64> {
    let ratio = part / whole;
    (whole > 0.0 && ratio.is_finite()).then_some(ratio)
}

fn sorted(samples: &[f64]) -> Vec<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

fn at(sorted: &[f64], p: f64) -> Option<f64> {
    let place = (sorted.len().checked_sub(1)? as f64) * p;
    let (below, above) = (sorted.get(place.floor() as usize)?, sorted.get(place.ceil() as usize)?);
    Some(below + (above - below) * place.fract())
}

/// The same of what is not sorted, and for one or two quantiles need not be.
fn select(samples: &mut [f64], p: f64) -> Option<f64> {
    let place = (samples.len().checked_sub(1)? as f64) * p;
    let (_, below, beyond) = samples.select_nth_unstable_by(place.floor() as usize, f64::total_cmp);
    let below = *below;
    let above = beyond.iter().copied().min_by(f64::total_cmp).unwrap_or(below);
    Some(below + (above - below) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1, 2, … n, not in order.
    fn shuffled(n: u32) -> Vec<f64> {
        (0..n).map(|i| f64::from((i * 7) % n + 1)).collect()
    }

    #[test]
    fn nothing_is_known_of_no_samples_and_no_spread_of_one() {
        assert_eq!(Spread::of(&[]), None);
        assert_eq!(median(&[]), None);
        assert_eq!(mad(&[]), None);
        assert_eq!(mad(&[3.0]), None);
        let one = Spread::of(&[3.0]).unwrap();
        assert_eq!((one.median, one.quartiles, one.p95), (3.0, None, None));
        assert_eq!(one.relative_iqr(), None);
        assert_eq!(paired([&[], &[]], |[a, b]| ratio(a, b)), None);
        let one = paired([&[3.0], &[2.0]], |[a, b]| ratio(a, b)).unwrap();
        assert_eq!(one, Estimate { value: 1.5, interval: None });
        assert_eq!(between([&[3.0]], [&[]], |[a], [b]| ratio(a, b)), None);
    }

    /// The expected values are those of R's `quantile(x, type = 7)`.
    #[test]
    fn quantiles_of_known_samples() {
        let spread = Spread::of(&[10.0, 1.0, 4.0, 2.0]).unwrap();
        assert_eq!(spread.median, 3.0);
        assert_eq!(spread.quartiles, Some(Interval { low: 1.75, high: 5.5 }));
        assert_eq!(spread.p95, None, "four starts have no 95th percentile");
        let spread = Spread::of(&shuffled(20)).unwrap();
        assert_eq!(spread.median, 10.5);
        assert_eq!(spread.quartiles, Some(Interval { low: 5.75, high: 15.25 }));
        assert!((spread.p95.unwrap() - 19.05).abs() < 1e-9);
        assert!((spread.relative_iqr().unwrap() - 9.5 / 10.5).abs() < 1e-9);
    }

    #[test]
    fn a_quantile_is_the_same_without_sorting() {
        for count in 0..9 {
            for p in [0.0, 0.025, 0.3, 0.5, 0.975, 1.0] {
                let mut samples = shuffled(count);
                assert_eq!(select(&mut samples, p), at(&sorted(&samples), p), "{count} {p}");
            }
        }
    }

    #[test]
    fn one_wild_sample_moves_neither_the_middle_nor_the_noise() {
        let mut samples = shuffled(41);
        let (middle, noise) = (median(&samples).unwrap(), mad(&samples).unwrap());
        *samples.iter_mut().find(|sample| **sample == 41.0).unwrap() = 1e6;
        assert_eq!(median(&samples), Some(middle));
        assert_eq!(mad(&samples), Some(noise));
        assert!((noise - 10.0 * 1.4826).abs() < 1e-9);
    }

    #[test]
    fn what_disturbs_a_whole_round_does_not_widen_a_paired_interval() {
        let rounds: Vec<_> = shuffled(40);
        let doubled: Vec<_> = rounds.iter().map(|time| time * 2.0).collect();
        let pairs = paired([&doubled, &rounds], |[a, b]| ratio(a, b)).unwrap();
        assert_eq!(pairs.value, 2.0);
        let Interval { low, high } = pairs.interval.unwrap();
        assert!((low - 2.0).abs() < 1e-9 && (high - 2.0).abs() < 1e-9, "{low} to {high}");
        let strangers = between([&doubled], [&rounds], |[a], [b]| ratio(a, b)).unwrap().interval.unwrap();
        assert!(strangers.contains(2.0) && strangers.low < 1.6 && strangers.high > 2.4, "{strangers:?}");
    }

    #[test]
    fn counting_finds_the_median_that_sorting_finds() {
        let mut rng = Rng::with_seed(3);
        for count in 1..12 {
            let values: Vec<_> = (0..count).map(|_| f64::from(rng.u8(..5))).collect();
            let ranked = Ranked::of(&values);
            for _ in 0..20 {
                let mut taken = vec![0; count];
                let rounds: Vec<_> = (0..count).map(|_| rng.usize(..count)).collect();
                rounds.iter().for_each(|round| taken[*round] += 1);
                let sorted = median(&rounds.iter().map(|round| values[*round]).collect::<Vec<_>>());
                assert_eq!(Some(ranked.median_of(&taken)), sorted, "{values:?} {rounds:?}");
            }
        }
    }

    #[test]
    fn the_same_samples_give_the_same_interval() {
        let (a, b) = (shuffled(30), shuffled(30).into_iter().rev().collect::<Vec<_>>());
        let once = paired([&a, &b], |[a, b]| ratio(a, b)).unwrap();
        assert_eq!(paired([&a, &b], |[a, b]| ratio(a, b)), Some(once));
        assert!(once.interval.unwrap().contains(once.value));
    }

    /// The interval of a median of normal samples is known: 1.96 × 1.2533 × σ / √n on either side.
    #[test]
    fn an_interval_is_as_wide_as_theory_says() {
        let mut rng = Rng::with_seed(1);
        let mut normal = || (0..12).map(|_| rng.f64()).sum::<f64>() - 6.0;
        let widths: Vec<_> = (0..40)
            .map(|_| {
                let samples: Vec<_> = (0..100).map(|_| normal() + 50.0).collect();
                let Interval { low, high } =
                    paired([&samples], |[middle]| Some(middle)).unwrap().interval.unwrap();
                (high - low) / 2.0
            })
            .collect();
        let theory = 1.96 * 1.2533 / 10.0;
        let found = median(&widths).unwrap();
        assert!((found / theory - 1.0).abs() < 0.2, "{found} against {theory}");
    }

    #[test]
    fn too_few_rounds_have_a_figure_and_no_interval() {
        let few = paired([&[4.0, 2.0, 3.0, 5.0], &[2.0, 1.0, 2.0, 2.0]], |[a, b]| ratio(a, b)).unwrap();
        assert_eq!(few, Estimate { value: 1.75, interval: None });
    }

    #[test]
    fn a_ratio_to_nothing_is_no_ratio() {
        assert_eq!(ratio(1.0, 0.0), None);
        assert_eq!(ratio(1.0, -2.0), None);
        assert_eq!(ratio(-1.0, 2.0), Some(-0.5));
        let zeros = [0.0; 6];
        assert_eq!(paired([&[1.0; 6], &zeros], |[a, b]| ratio(a, b)), None);
    }
}
