//! Why a call failed, as the caller is told.

use std::fmt::Display;

use serde::Serialize;
use serde_json::Value;

/// The error of a call, as Genezio's SDK throws it.
///
/// Whatever can be displayed becomes one with `?`, its text being the message. A method that wants to say more
/// returns it itself:
///
/// ```
/// use trap_runtime::class::Failure;
///
/// fn find(id: u32) -> Result<String, Failure> {
///     Err(Failure::new(format!("there is no order {id}")).with_code(404))
/// }
/// # assert!(find(1).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failure {
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    info: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<i64>,
}

impl Failure {
    /// A failure with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), info: None, code: None }
    }

    /// With the property `code` of the error that the client throws.
    #[must_use]
    pub fn with_code(self, code: i64) -> Self {
        Self { code: Some(code), ..self }
    }

    /// With the property `info` of the error that the client throws.
    #[must_use]
    pub fn with_info(self, info: impl Into<Value>) -> Self {
        Self { info: Some(info.into()), ..self }
    }

    /// What happened.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

// `Failure` itself cannot be displayed, which leaves the conversion to itself to the standard library.
impl<E: Display> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error.to_string())
    }
}

/// What a method whose return type is called `Result` may return.
pub trait Outcome {
    /// What it returns when it succeeds.
    type Value;

    /// The same, with the error as the caller is told it.
    fn outcome(self) -> Result<Self::Value, Failure>;
}

impl<T, E: Into<Failure>> Outcome for Result<T, E> {
    type Value = T;

    fn outcome(self) -> Result<T, Failure> {
        self.map_err(Into::into)
    }
}
