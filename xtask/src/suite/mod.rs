//! Suites of tests: what each is (data, one file each), what came of it, and how it is run.

mod manifest;
mod outcome;
mod provision;
mod run;
mod view;

pub use manifest::{Suite, all};
pub use outcome::{Outcome, Report};
pub use provision::Provision;
pub use run::{is_ci, npm_ci, run};
pub use view::View;
