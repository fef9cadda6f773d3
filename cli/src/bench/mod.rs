//! `cargo trap bench`: what a cold start costs, phase by phase, and what one run has to say about it.
//!
//! `variant` says what can be started, `stage` builds it, `start` starts one container and looks at it,
//! [`run`] starts all of them, round after round in random order, and [`journal`] keeps every sample as it comes.
//!
//! [`model`] is what was measured, as a value. [`summary`] and [`noise`] make figures of it with
//! [`stats`], [`report`] writes them, [`compare`] holds two runs against each other, and [`budget`] holds
//! one against limits.
//!
//! [`load`] is another measurement: of a host that stays, and of what becomes of requests there.

pub mod budget;
mod clients;
pub mod compare;
pub mod journal;
pub(crate) mod laps;
pub mod load;
mod machine;
pub mod model;
pub mod noise;
mod overhead;
pub mod report;
pub mod run;
#[cfg(test)]
mod sample;
mod seen;
mod stage;
mod start;
pub mod stats;
pub mod summary;
mod variant;

pub use clients::{Clients, Ric};
pub use stage::{Stage, missing};
pub use variant::{Missing, Nodejs, Planned, Recipe, Wanted, catalogue};
