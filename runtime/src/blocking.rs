//! Handlers that are not async: no tokio, one thread, and the smallest programs.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, SystemTime},
};

use serde::Serialize;

use crate::{
    Context, Diagnostic, Error, FromEvent,
    client::{Client, Reply},
    handling, home,
    parent::Parent,
    stderr::say,
    trace,
    variable::variable,
    watch::Watch,
};

/// Answers events with `handler` until the process is asked to end.
///
/// The same as [`event::run`](crate::event::run) for a handler that is not async, without tokio and everything that
/// comes with it. The handler runs on the calling thread, need not be `Send`, and may change what it captures:
///
/// ```no_run
/// fn main() -> Result<(), trap_runtime::Error> {
///     let mut count = 0;
///     trap_runtime::blocking::run(move |name: String| {
///         count += 1;
///         Ok::<_, std::convert::Infallible>(format!("Hello, {name}! You are number {count}."))
///     })
/// }
/// ```
///
/// While the handler works, nothing is noticed but a second signal, which ends the process at once with status 0.
///
/// # Errors
///
/// While polling: [`Error::Poll`]. With events from stdin: [`Error::Stdin`], [`Error::Handler`], [`Error::Stdout`].
/// In both: [`Error::Start`].
pub fn run<E, R, X>(mut handler: impl FnMut(E) -> Result<R, X>) -> Result<(), Error>
where
    E: FromEvent,
    R: Serialize,
    X: Into<Diagnostic>,
{
    trace::begin();
    let mut call = move |payload: &[u8], context| {
        let event = handling::read(payload, context)?;
        // Whatever the handler left half-done is its own affair, as it is where a platform starts it again.
        let answered = catch_unwind(AssertUnwindSafe(|| handler(event)));
        handling::write(&answered.map_err(|panic| panicked(&*panic))?.map_err(Into::into)?)
    };
    match variable("AWS_LAMBDA_RUNTIME_API") {
        Some(api) => poll(&api, &mut call),
        None => home::events().try_for_each(|event| {
            let (payload, context) = event?;
            home::answer(call(payload.get().as_bytes(), context))
        }),
    }
}

/// One event through the handler. Behind a pointer, so that there is one loop per program and not one per handler.
type Call<'a> = &'a mut dyn FnMut(&[u8], Context) -> Result<Vec<u8>, Diagnostic>;

fn poll(api: &str, call: Call<'_>) -> Result<(), Error> {
    // Before everything else: see there.
    let parent = Parent::now();
    let watch = Watch::begin(parent).map_err(Error::Start)?;
    let mut client = Client::new(api);
    let failed = |error: io::Error| Error::Poll(error.into());
    while let Some(event) = client.next(|stream| watch.wait(stream)).map_err(failed)? {
        let id = field(&event, "lambda-runtime-aws-request-id")?.to_owned();
        // A newer Lambda tells two deliveries of one event apart by it.
        let echoed =
            event.field("lambda-runtime-invocation-id").map(|id| ("lambda-runtime-invocation-id", id));
        let posted = match call(&event.body, context(&event)?) {
            Ok(answer) => client.answer(&id, echoed.as_slice(), &answer),
            Err(diagnostic) => {
                handling::log(&diagnostic);
                client.error(&id, echoed.as_slice(), &diagnostic)
            }
        };
        check(&posted.map_err(failed)?)?;
        if watch.is_asked() {
            break;
        }
    }
    Ok(())
}

/// Lambda's documentation: after a 5xx the runtime should exit. An answer that was refused is lost, and the next event
/// may fare better.
fn check(reply: &Reply) -> Result<(), Error> {
    let said = String::from_utf8_lossy(&reply.body);
    let said = format!("the Runtime API refused the answer with {}: {}", reply.status, said.trim());
    match reply.status {
        200..300 => {}
        500.. => return Err(Error::Poll(said.into())),
        _ => say(format_args!("{said}")),
    }
    Ok(())
}

fn field<'a>(event: &'a Reply, name: &str) -> Result<&'a str, Error> {
    if event.status != 200 {
        let said = String::from_utf8_lossy(&event.body);
        return Err(Error::Poll(
            format!("the Runtime API answered {}: {}", event.status, said.trim()).into(),
        ));
    }
    event
        .field(name)
        .ok_or_else(|| Error::Poll(format!("the Runtime API sent an event without `{name}`").into()))
}

fn context(event: &Reply) -> Result<Context, Error> {
    let text = |name| event.field(name).filter(|value| !value.is_empty()).map(str::to_owned);
    // Whoever sends what is no JSON there is answered as if it had sent nothing: the event itself is none of its.
    let json = |name| event.field(name).and_then(|value| serde_json::from_str(value).ok());
    let deadline = field(event, "lambda-runtime-deadline-ms")?;
    let deadline = deadline
        .parse()
        .ok()
        .and_then(|since| SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(since)));
    Ok(Context {
        request_id: field(event, "lambda-runtime-aws-request-id")?.to_owned(),
        deadline: deadline
            .ok_or_else(|| Error::Poll("the Runtime API sent a deadline that is no time".into()))?,
        invoked_function_arn: text("lambda-runtime-invoked-function-arn").unwrap_or_default(),
        xray_trace_id: text("lambda-runtime-trace-id"),
        client_context: json("lambda-runtime-client-context"),
        identity: json("lambda-runtime-cognito-identity"),
        tenant_id: text("lambda-runtime-aws-tenant-id"),
    })
}

/// What a panic becomes; its message and place are on stderr already.
fn panicked(payload: &(dyn std::any::Any + Send)) -> Diagnostic {
    let message = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    Diagnostic::new("Panic", message.unwrap_or("the handler panicked"))
}
