//! The library behind `cargo trap`.
