//! What the caller asks for, and the dice that decide the rest.

use fastrand::Rng;
use serde::Deserialize;

use crate::Refusal;

pub const MOST_PASSES: u8 = 100;

/// The query.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    seed: Option<u64>,
    #[serde(default = "Recipe::some_passes")]
    passes: u8,
    #[serde(default)]
    how: How,
}

/// What a pass does.
#[derive(Debug, Default, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum How {
    /// One byte becomes another.
    Replace,
    /// A run of what lies side by side is sorted.
    Sort,
    /// The two by turns.
    #[default]
    Both,
}

impl Recipe {
    fn some_passes() -> u8 {
        6
    }

    /// The dice for one picture.
    pub fn dice(self) -> Result<Dice, Refusal> {
        if !(1..=MOST_PASSES).contains(&self.passes) {
            return Err(Refusal::Passes(self.passes));
        }
        let seed = self.seed.unwrap_or_else(|| fastrand::u64(..1 << 32));
        Ok(Dice { seed, recipe: self, rng: Rng::with_seed(seed) })
    }
}

/// One pass of several.
#[derive(Debug, Clone, Copy)]
pub enum Pass {
    Replace,
    Sort,
}

/// Decides alike for the same seed, on every machine.
pub struct Dice {
    seed: u64,
    recipe: Recipe,
    rng: Rng,
}

impl Dice {
    pub fn seed(&self) -> u64 {
        self.seed
    }

    pub fn passes(&self) -> impl Iterator<Item = Pass> + use<> {
        let how = self.recipe.how;
        (0..self.recipe.passes).map(move |number| match how {
            How::Replace => Pass::Replace,
            How::Both if number % 2 == 1 => Pass::Replace,
            How::Sort | How::Both => Pass::Sort,
        })
    }

    /// A number from 0 up to, and without, `end`.
    pub fn below(&mut self, end: usize) -> usize {
        // By 64 bits on every machine: `usize` draws differently where it is shorter.
        self.rng.u64(..end.max(1) as u64) as usize
    }

    pub fn byte(&mut self) -> u8 {
        self.rng.u8(..)
    }
}
