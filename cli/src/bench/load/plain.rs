//! What the way through Node and the bridge adds to a warm request: the host and a plain Node server that gives the same
//! answer are asked in turn, before the load begins.

use std::path::Path;

use serde::Serialize;

use super::Settings;
use super::caller::{Caller, Came, Reference};
use super::host::Host;
use crate::bench::stats::{self, Estimate};
use crate::files::{self, Mode};
use crate::ui::Ui;
use crate::{Class, Error, Result};

/// The server; `@ANSWER@` is where its answer goes.
const SERVER: &str = include_str!("../fixtures/server.mjs");
const MAIN: &str = "plain.mjs";

/// How often each is asked; before that, how often without a look at the clock, until both are compiled.
const ASKED: u32 = 1000;
const BEFORE: u32 = 200;

/// What budgets can limit, by the names that it has there.
pub const FIGURES: [&str; 2] = ["warm", "warm-over-handler"];

/// Warm round trips, one at a time.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Warm {
    /// How often each of the two was asked.
    pub requests: u32,
    /// The median through the bridge, in microseconds.
    pub warm_us: f64,
    /// The median of the plain server, in microseconds.
    pub handler_us: f64,
    /// The median of what the bridge took longer than the plain server just after it, in microseconds.
    pub over_handler_us: Estimate,
}

impl Warm {
    /// Asks both.
    ///
    /// # Errors
    /// `host-start` when the plain server does not listen; `bench-program` when either does not answer as it did.
    pub(super) fn measure(
        settings: &Settings,
        bridge: &Caller,
        reference: &Reference,
        folder: &Path,
        ui: &Ui,
    ) -> Result<Self> {
        files::write(
            &folder.join(MAIN),
            SERVER.replace("@ANSWER@", &reference.as_json()).as_bytes(),
            Mode::Plain,
        )?;
        let mut host = Host::start(settings, folder, MAIN, folder, ui)?;
        let plain = Caller::new(&host.url, settings);
        let _progress =
            ui.progress("Asking", format_args!("the host and a plain Node server in turn, {ASKED} times"));
        let (mut through, mut alone) = (Vec::new(), Vec::new());
        for round in 0..BEFORE + ASKED {
            let (one, other) = (microseconds(bridge, reference)?, microseconds(&plain, reference)?);
            if round >= BEFORE {
                through.push(one);
                alone.push(other);
            }
        }
        host.end();
        Self::of(&through, &alone).ok_or_else(|| silent("nothing was measured".to_owned()))
    }

    fn of(through: &[f64], alone: &[f64]) -> Option<Self> {
        let over: Vec<_> = through.iter().zip(alone).map(|(through, alone)| through - alone).collect();
        Some(Self {
            requests: u32::try_from(over.len()).ok()?,
            warm_us: stats::median(through)?,
            handler_us: stats::median(alone)?,
            over_handler_us: stats::paired([&over], |[over]| Some(over))?,
        })
    }

    /// What budgets can limit, in the order of [`FIGURES`].
    pub fn figures(&self) -> [(&'static str, Estimate); 2] {
        let [warm, over_handler] = FIGURES;
        [(warm, Estimate { value: self.warm_us, interval: None }), (over_handler, self.over_handler_us)]
    }
}

fn silent(what: String) -> Error {
    Error::known("bench-program", Class::Run, format!("a request before the load was not answered: {what}"))
        .with_hint("`cargo trap invoke` shows what the program logs")
}

fn microseconds(caller: &Caller, reference: &Reference) -> Result<f64> {
    match caller.ask(reference) {
        Came::Answered(took) => Ok(took.as_secs_f64() * 1e6),
        Came::Failed => Err(silent("the program ended".to_owned())),
        Came::Lost(why) => Err(silent(why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_is_the_median_of_differences_in_turn() {
        // Half of the rounds were disturbed, both in the same way.
        let alone: Vec<_> = (0..100).map(|round| if round % 2 == 0 { 200.0 } else { 900.0 }).collect();
        let through: Vec<_> = alone.iter().map(|alone| alone + 300.0).collect();
        let warm = Warm::of(&through, &alone).expect("there are samples");
        assert_eq!((warm.requests, warm.over_handler_us.value), (100, 300.0));
        assert_eq!((warm.warm_us, warm.handler_us), (850.0, 550.0));
        assert!(warm.over_handler_us.interval.is_some_and(|interval| interval.contains(300.0)));
    }

    #[test]
    fn nothing_comes_of_nothing() {
        assert!(Warm::of(&[], &[]).is_none());
    }
}
