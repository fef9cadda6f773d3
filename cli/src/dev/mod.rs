//! `cargo trap dev`: the program served as production would, built anew when its sources change, and a page that
//! shows what happens.
//!
//! Data flows one way. `watch` notices that `sources` have changed, `builder` has `cargo` compile them and makes an
//! artifact, `cycle` lets the new `version` serve once it can, and `pool` has its containers (`held`) answer. All of
//! them tell the `journal`, which the page reads (`view`, `api`), and the `console`, which prints. `server` lets
//! requests in as far as `guard` does.

mod api;
mod assets;
mod builder;
mod cargo;
mod console;
mod cycle;
mod env_file;
mod guard;
mod held;
mod journal;
mod life;
mod log;
mod mask;
mod pool;
mod reload;
mod run;
mod server;
mod sources;
mod summary;
mod version;
mod view;
mod watch;

pub use builder::last_program;
pub use run::{Wanted, run};
