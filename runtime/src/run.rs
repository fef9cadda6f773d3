//! The two entry points for a router: with a tokio runtime of its own, or in the caller's.

use axum::Router;

use crate::{
    Error, http, own_runtime, parent::Parent, router as polling, signals::Signals, trace, variable::variable,
};

/// Answers requests with `router` until the process is asked to end.
///
/// Polls for Lambda events when `AWS_LAMBDA_RUNTIME_API` is set and not empty, and serves HTTP otherwise; see the
/// [crate's page](crate) for the variables and for how it ends. Blocks the thread, on a single-threaded
/// tokio runtime of its own that handlers may use (`tokio::spawn`, timers, sockets).
///
/// # Errors
///
/// [`Error::InsideRuntime`] when the thread is in a tokio runtime already, otherwise as [`serve`].
pub fn run(router: Router) -> Result<(), Error> {
    trace::begin();
    own_runtime::block_on(begun(router))
}

/// The same as [`run`], in the tokio runtime of the caller, which needs IO and time enabled.
///
/// # Errors
///
/// While serving HTTP: [`Error::Setting`], [`Error::PortInUse`], [`Error::Listen`], [`Error::Serve`]. While polling: [`Error::Variable`], [`Error::Poll`]. In both: [`Error::Start`].
pub async fn serve(router: Router) -> Result<(), Error> {
    trace::begin();
    begun(router).await
}

/// The rest of both.
async fn begun(router: Router) -> Result<(), Error> {
    // Before everything else: see there.
    let parent = Parent::now();
    let signals = Signals::subscribe().map_err(Error::Start)?;
    if variable("AWS_LAMBDA_RUNTIME_API").is_some() {
        polling::poll(router, signals, parent).await
    } else {
        http::serve(router, signals).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn run_inside_a_runtime_names_serve_instead_of_panicking() {
        let error = run(Router::new()).expect_err("a test has a runtime");
        assert!(matches!(error, Error::InsideRuntime));
        assert!(error.hint().is_some_and(|hint| hint.contains("serve(…).await")));
    }
}
