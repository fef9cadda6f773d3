//! What keeps a program from starting.

use crate::{Diagnostic, Error, client::Client, variable::variable};

/// Tells the platform why the program cannot start, and returns what `main` should return.
///
/// Without it a program that returns an error before its first event is only seen to exit; with it the platform knows
/// the type and the message, and so does whoever waits for an answer. Where there is no Runtime API nobody is told.
///
/// ```no_run
/// # #[cfg(feature = "blocking")]
/// fn main() -> Result<(), trap_runtime::Error> {
///     let menu = std::fs::read_to_string("menu.txt").map_err(trap_runtime::report_init_error)?;
///     trap_runtime::blocking::run(move |dish: String| match menu.contains(&dish) {
///         true => Ok("served"),
///         false => Err("that is not on the menu"),
///     })
/// }
/// # #[cfg(not(feature = "blocking"))]
/// # fn main() {}
/// ```
pub fn report_init_error(error: impl Into<Diagnostic>) -> Error {
    let diagnostic = error.into();
    if let Some(api) = variable("AWS_LAMBDA_RUNTIME_API") {
        // An API that cannot be told sees the process end, with the same words on its stderr.
        let _ = Client::new(&api).init_error(&diagnostic);
    }
    Error::Init(diagnostic)
}
