//! The Runtime API's refusals, word for word those of AWS's emulator.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::PAYLOAD_LIMIT;

/// Why a request of the runtime was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The runtime is in a state that does not allow it.
    Transition {
        /// The state it is in, in the emulator's names.
        from: &'static str,
        /// The state it asked for.
        to: &'static str,
    },
    /// No such invocation is in flight.
    UnknownId,
    /// An answer larger than Lambda carries.
    TooLarge,
    /// A response mode that does not exist.
    ResponseMode,
    /// An extension that registers without a name.
    ExtensionName,
    /// An extension that waits for events without having registered.
    ExtensionIdentifier,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, kind, message) = match self {
            Self::Transition { from, to } => (
                StatusCode::FORBIDDEN,
                "InvalidStateTransition",
                format!(
                    "State transition from {from} to {to} failed for runtime. \
                     Error: State transition is not allowed"
                ),
            ),
            Self::UnknownId => (StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID".into()),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestEntityTooLarge",
                format!("Exceeded maximum allowed payload size ({PAYLOAD_LIMIT} bytes)."),
            ),
            Self::ResponseMode => (
                StatusCode::BAD_REQUEST,
                "InvalidFunctionResponseMode",
                "Invalid function response mode".into(),
            ),
            Self::ExtensionName => {
                (StatusCode::FORBIDDEN, "Extension.InvalidExtensionName", "Empty extension name".into())
            }
            Self::ExtensionIdentifier => (
                StatusCode::FORBIDDEN,
                "Extension.MissingExtensionIdentifier",
                "Missing Lambda-Extension-Identifier header".into(),
            ),
        };
        json(status, format!("{{\"errorMessage\":\"{message}\",\"errorType\":\"{kind}\"}}\n"))
    }
}

/// The reply to everything that was accepted.
pub(crate) fn accepted() -> Response {
    json(StatusCode::ACCEPTED, "{\"status\":\"OK\"}\n".into())
}

fn json(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
