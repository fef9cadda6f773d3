//! Async handlers for events of any type.

use std::{
    rc::Rc,
    time::{Duration, SystemTime},
};

use lambda_runtime::{LambdaEvent as Delivered, Runtime, service_fn};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    Context, Diagnostic, Error, FromEvent, handling, home, lambda, own_runtime, parent::Parent,
    signals::Signals, trace, variable::variable,
};

/// Answers events with `handler` until the process is asked to end.
///
/// The handler takes the event as any type that can be deserialized, alone or as [`LambdaEvent`](crate::LambdaEvent)
/// with its context, and returns any type that can be serialized. An error, a panic (with unwinding) or an event of
/// another shape is reported as that event's failure, and the next one is polled for.
///
/// Polls when `AWS_LAMBDA_RUNTIME_API` is set and not empty. Otherwise events are read from stdin, one JSON value after
/// the other, and answers written to stdout. Blocks the thread, on a single-threaded tokio runtime of its own that
/// handlers may use.
///
/// ```no_run
/// #[derive(serde::Deserialize)]
/// struct Order {
///     cents: Vec<u64>,
/// }
///
/// async fn total(order: Order) -> Result<u64, std::num::TryFromIntError> {
///     Ok(order.cents.iter().sum())
/// }
///
/// fn main() -> Result<(), trap_runtime::Error> {
///     trap_runtime::event::run(total)
/// }
/// ```
///
/// # Errors
///
/// [`Error::InsideRuntime`] when the thread is in a tokio runtime already, otherwise as [`serve`].
pub fn run<E, R, X>(handler: impl AsyncFn(E) -> Result<R, X>) -> Result<(), Error>
where
    E: FromEvent,
    R: Serialize,
    X: Into<Diagnostic>,
{
    trace::begin();
    own_runtime::block_on(begun(handler))
}

/// The same as [`run`], in the tokio runtime of the caller, which needs IO and time enabled.
///
/// # Errors
///
/// While polling: [`Error::Variable`], [`Error::Poll`], [`Error::Start`]. With events from stdin: [`Error::Stdin`],
/// [`Error::Handler`], [`Error::Stdout`].
pub async fn serve<E, R, X>(handler: impl AsyncFn(E) -> Result<R, X>) -> Result<(), Error>
where
    E: FromEvent,
    R: Serialize,
    X: Into<Diagnostic>,
{
    trace::begin();
    begun(handler).await
}

/// The rest of both.
async fn begun<E, R, X>(handler: impl AsyncFn(E) -> Result<R, X>) -> Result<(), Error>
where
    E: FromEvent,
    R: Serialize,
    X: Into<Diagnostic>,
{
    // Before everything else: see there.
    let parent = Parent::now();
    if variable("AWS_LAMBDA_RUNTIME_API").is_none() {
        for event in home::events() {
            let (payload, context) = event?;
            home::answer(one(&handler, &payload, context).await)?;
        }
        return Ok(());
    }
    let signals = Signals::subscribe().map_err(Error::Start)?;
    let handler = Rc::new(handler);
    let service = service_fn(move |event: Delivered<Box<RawValue>>| {
        let handler = Rc::clone(&handler);
        async move {
            let answered = one(&*handler, &event.payload, context(event.context)).await;
            let answer = answered.inspect_err(handling::log).map_err(theirs)?;
            // It is JSON, and travels as it is.
            String::from_utf8(answer)
                .map_err(|error| theirs(error.into()))
                .and_then(|answer| RawValue::from_string(answer).map_err(|error| theirs(error.into())))
        }
    });
    lambda::poll(|| Runtime::new(service), signals, parent).await
}

/// One event through the handler.
async fn one<E, R, X>(
    handler: &impl AsyncFn(E) -> Result<R, X>,
    payload: &RawValue,
    context: Context,
) -> Result<Vec<u8>, Diagnostic>
where
    E: FromEvent,
    R: Serialize,
    X: Into<Diagnostic>,
{
    let event = handling::read(payload.get().as_bytes(), context)?;
    handling::write(&handler(event).await.map_err(Into::into)?)
}

fn theirs(diagnostic: Diagnostic) -> lambda_runtime::Diagnostic {
    let Diagnostic { error_type, error_message } = diagnostic;
    lambda_runtime::Diagnostic { error_type, error_message }
}

fn context(theirs: lambda_runtime::Context) -> Context {
    let deadline = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(theirs.deadline));
    Context {
        request_id: theirs.request_id,
        deadline: deadline.unwrap_or_else(SystemTime::now),
        invoked_function_arn: theirs.invoked_function_arn,
        xray_trace_id: theirs.xray_trace_id,
        client_context: theirs.client_context.and_then(|context| serde_json::to_value(context).ok()),
        identity: theirs.identity.and_then(|identity| serde_json::to_value(identity).ok()),
        tenant_id: theirs.tenant_id,
    }
}
