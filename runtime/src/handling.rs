//! What happens to an event around the handler, be it async or not: reading it, writing the answer, and the words for
//! what fails.

use serde::Serialize;

use crate::{Context, Diagnostic, FromEvent, stderr::say};

/// The event as the handler takes it.
pub(crate) fn read<E: FromEvent>(payload: &[u8], context: Context) -> Result<E, Diagnostic> {
    E::from_event(payload, context).map_err(|error| {
        Diagnostic::new("InvalidEvent", format_args!("the event is not what the handler takes: {error}"))
    })
}

/// The answer as it travels.
pub(crate) fn write(answer: &impl Serialize) -> Result<Vec<u8>, Diagnostic> {
    serde_json::to_vec(answer).map_err(|error| {
        Diagnostic::new("InvalidAnswer", format_args!("the answer cannot be written as JSON: {error}"))
    })
}

/// Notes a failure in the program's own log too: where an event was sent without waiting for its answer, nobody else
/// keeps it.
pub(crate) fn log(diagnostic: &Diagnostic) {
    say(format_args!("{}: {}", diagnostic.error_type, diagnostic.error_message));
}
