//! What a handler is given: the event, and what the platform says about it.

use std::time::{Duration, SystemTime};

use serde::de::DeserializeOwned;
use serde_json::Value;

/// What the platform says about one event.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Context {
    /// The event's id: what the platform's own log lines name it by.
    pub request_id: String,
    /// When the platform gives the event up.
    pub deadline: SystemTime,
    /// The function that was invoked, version or alias included; empty where nobody says.
    pub invoked_function_arn: String,
    /// The X-Ray trace that the event belongs to.
    pub xray_trace_id: Option<String>,
    /// What the AWS Mobile SDK tells about its client.
    pub client_context: Option<Value>,
    /// The Cognito identity that the event was sent with.
    pub identity: Option<Value>,
    /// The tenant, where a function keeps those apart.
    pub tenant_id: Option<String>,
}

impl Context {
    /// The time that is left until the deadline, zero once it has passed.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.deadline.duration_since(SystemTime::now()).unwrap_or_default()
    }

    /// For the `number`th event that no platform sent: as much time as Lambda gives at most.
    pub(crate) fn at_home(number: usize) -> Self {
        Self {
            request_id: format!("local-{number}"),
            deadline: SystemTime::now() + Duration::from_secs(900),
            invoked_function_arn: String::new(),
            xray_trace_id: None,
            client_context: None,
            identity: None,
            tenant_id: None,
        }
    }
}

/// An event together with its [`Context`]; a handler that does not need the latter takes the payload alone.
#[derive(Clone, Debug, PartialEq)]
pub struct LambdaEvent<T> {
    /// What was sent.
    pub payload: T,
    /// What the platform says about it.
    pub context: Context,
}

/// What a handler can take: the event's payload as any type that implements `Deserialize` and borrows nothing, or as
/// [`LambdaEvent`] with its context.
#[diagnostic::on_unimplemented(
    message = "a handler cannot take `{Self}`",
    note = "derive `serde::Deserialize` for it, or take `LambdaEvent<T>` for a `T` that does"
)]
pub trait FromEvent: Sized {
    /// Reads the payload, which is JSON.
    ///
    /// # Errors
    ///
    /// When it has another shape.
    fn from_event(payload: &[u8], context: Context) -> serde_json::Result<Self>;
}

impl<T: DeserializeOwned> FromEvent for T {
    fn from_event(payload: &[u8], _: Context) -> serde_json::Result<Self> {
        serde_json::from_slice(payload)
    }
}

impl<T: DeserializeOwned> FromEvent for LambdaEvent<T> {
    fn from_event(payload: &[u8], context: Context) -> serde_json::Result<Self> {
        Ok(Self { payload: serde_json::from_slice(payload)?, context })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_comes_with_its_context_or_alone() {
        let context = Context::at_home(7);
        assert_eq!(<Vec<u8>>::from_event(b"[1,2]", context.clone()).ok(), Some(vec![1, 2]));
        let event = LambdaEvent::<String>::from_event(b"\"a\"", context).expect("it is a string");
        assert_eq!((event.payload.as_str(), event.context.request_id.as_str()), ("a", "local-7"));
    }

    #[test]
    fn a_deadline_that_has_passed_leaves_no_time() {
        let mut context = Context::at_home(1);
        assert!(context.remaining() > Duration::from_secs(800));
        context.deadline = SystemTime::UNIX_EPOCH;
        assert_eq!(context.remaining(), Duration::ZERO);
    }
}
