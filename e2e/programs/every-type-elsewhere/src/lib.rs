//! Types of another crate than the class; one has the name of a type there.

use serde::{Deserialize, Serialize};
use trap_runtime::class::Typed;

/// Some of many, generic.
#[derive(Serialize, Deserialize, Typed)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next one begins.
    pub next: Option<u64>,
}

/// Another `Mark` than the program's own.
#[derive(Serialize, Deserialize, Typed)]
pub struct Mark {
    /// In the unit of elsewhere.
    pub height: f64,
}
