//! What a function is configured with, and one event for it.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use axum::body::Bytes;

/// The configuration of a function, as Lambda would hold it.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Its version; `$LATEST` unless published.
    pub version: String,
    /// Memory in MB. Only reported to the program, not enforced.
    pub memory_mb: u32,
    /// How long one invocation may take, start-up of the runtime included.
    pub timeout: Duration,
    /// The region it claims to run in.
    pub region: String,
}

impl Function {
    /// A function with Lambda-like settings: 1024 MB, 30 seconds, `us-east-1`.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            version: "$LATEST".into(),
            memory_mb: 1024,
            timeout: Duration::from_secs(30),
            region: "us-east-1".into(),
        }
    }

    /// Its name to the world. The account is a number nobody owns.
    pub fn arn(&self) -> String {
        format!("arn:aws:lambda:{}:012345678912:function:{}", self.region, self.name)
    }

    /// What the caller reads when the deadline passed.
    pub fn timed_out(&self) -> String {
        format!("Task timed out after {:.2} seconds", self.timeout.as_secs_f64())
    }
}

/// One event on its way to the program.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The event, handed over byte for byte.
    pub payload: Bytes,
    /// Its id, a UUID.
    pub request_id: String,
    /// The value of `X-Amzn-Trace-Id`; the program sees a trace id only when the caller sent one.
    pub trace_id: Option<String>,
    /// JSON from a mobile SDK, decoded; hardly ever there.
    pub client_context: Option<String>,
}

impl Invocation {
    /// An invocation with a fresh id.
    pub fn new(payload: impl Into<Bytes>) -> Self {
        Self { payload: payload.into(), request_id: uuid(), trace_id: None, client_context: None }
    }
}

/// A random UUID (version 4).
pub(crate) fn uuid() -> String {
    let (high, low) = (random(), random());
    let high = high & 0xffff_ffff_ffff_0fff | 0x4000;
    let low = low & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000;
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

/// 64 unpredictable bits: the standard library seeds its hash maps from the system.
pub(crate) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_version_4_uuids_and_differ() {
        let id = uuid();
        let shape: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(shape, [8, 4, 4, 4, 12], "{id}");
        assert_eq!(&id[14..15], "4", "{id}");
        assert!(matches!(&id[19..20], "8" | "9" | "a" | "b"), "{id}");
        assert_ne!(id, uuid());
    }

    #[test]
    fn a_timeout_is_told_with_two_decimals() {
        let mut function = Function::new("f");
        function.timeout = Duration::from_millis(1500);
        assert_eq!(function.timed_out(), "Task timed out after 1.50 seconds");
    }
}
