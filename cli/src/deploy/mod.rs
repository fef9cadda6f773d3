//! Handing an artifact to the platform's own tool, as `[deploy]` in the platform's manifest says.
//!
//! [`Deployment`] holds every command, decided before anything runs; [`Tool`] runs them, [`check`] judges what it
//! answers. An artifact that was built before is read by [`Existing`].

pub mod check;
mod existing;
mod plan;
mod tool;

pub use existing::Existing;
pub use plan::{Call, Deployment, Fits};
pub use tool::{Said, Tool};
