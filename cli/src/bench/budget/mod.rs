//! `--budget`: a limit that a run must keep, so that a CI can hold the line.
//!
//! A budget reads `[scope:] figure<=limit`: `over-boot<=10ms`, `file: ratio:seed<=0.5`,
//! `node20 base64/exec:stub: left<=2MiB`. It is understood before anything is measured. A figure that could
//! not be had breaks its budget as well: what nobody measured holds nothing.

mod figure;
mod load;
mod parse;
mod verdict;

pub use figure::help;
pub use load::{among, held};
pub use parse::Budget;
pub use verdict::{Verdict, all_kept, fits, tell, verdicts};
