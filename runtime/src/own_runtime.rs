//! A tokio runtime for a `main` that has none.

use std::future::Future;

use crate::Error;

/// Runs the future on a single-threaded runtime: it starts fastest, and a container handles one event at a time.
pub(crate) fn block_on(work: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    if tokio::runtime::Handle::try_current().is_ok() {
        return Err(Error::InsideRuntime);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Start)?;
    let ended = runtime.block_on(work);
    // Dropping the runtime would wait for blocking tasks that nobody will read any more.
    runtime.shutdown_background();
    ended
}
