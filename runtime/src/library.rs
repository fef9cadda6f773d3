//! A library that Node loads, in place of a program that replaces Node.

use std::ffi::c_int;
use std::fmt::Debug;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Makes a library out of a function: `cargo trap build --takeover library` packages it, and the host calls it inside
/// the Node process. The crate needs `crate-type = ["cdylib"]`.
///
/// What the function returns says what is done: a router is served as by [`run`](crate::run), and a `Result` or `()`
/// is taken for what a `main` returned. So this is all that a library with a router needs:
///
/// ```
/// use trap_runtime::axum::{Router, routing::get};
///
/// trap_runtime::library!(router);
///
/// fn router() -> Router {
///     Router::new().route("/", get(|| async { "Hello from inside Node\n" }))
/// }
/// # fn main() {}
/// ```
///
/// and a function that polls by itself is named in the same way:
///
/// ```
/// trap_runtime::library!(main);
///
/// fn main() -> Result<(), std::io::Error> {
///     // …
///     Ok(())
/// }
/// ```
///
/// # How it ends
///
/// When the function returns, the host ends: with status 0, or with status 1 after an error, which is written to
/// stderr. A panic that reaches the function is told as usual, caught, and ends the host with status 101. That needs
/// `panic = "unwind"`, Rust's default: with `panic = "abort"` the process dies in the middle of it. A handler's own
/// panic is caught before that, see there.
///
/// # The symbol
///
/// It defines `extern "C" fn trap() -> c_int`, which cannot be told from one that was written by hand.
#[macro_export]
macro_rules! library {
    ($function:expr) => {
        const _: () = {
            /// What the host calls when it has loaded this library.
            #[unsafe(no_mangle)]
            extern "C" fn trap() -> ::core::ffi::c_int {
                $crate::library::enter($function)
            }
        };
    };
}

/// Calls a library's function; returns the status that the host ends with.
#[doc(hidden)]
pub fn enter<Returned: Outcome>(function: impl FnOnce() -> Returned) -> c_int {
    // What it may leave half-done is never looked at again.
    catch_unwind(AssertUnwindSafe(|| function().status())).unwrap_or(101)
}

/// What a library's function may return.
pub trait Outcome {
    /// Does what is left to do; returns the status that the host ends with.
    fn status(self) -> c_int;
}

impl Outcome for () {
    fn status(self) -> c_int {
        0
    }
}

impl<E: Debug> Outcome for Result<(), E> {
    fn status(self) -> c_int {
        let Err(error) = self else { return 0 };
        // As after a `main`. Whoever closed stderr does not want to know.
        let _ = writeln!(io::stderr(), "Error: {error:?}");
        1
    }
}

#[cfg(feature = "axum")]
impl Outcome for axum::Router {
    fn status(self) -> c_int {
        crate::run(self).status()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_function_returns_becomes_a_status() {
        assert_eq!(enter(|| ()), 0);
        assert_eq!(enter(|| Ok::<(), String>(())), 0);
        assert_eq!(enter(|| Err::<(), _>("no")), 1);
    }

    #[test]
    fn a_panic_goes_no_further() {
        let panics = || {
            assert_eq!(1, 2, "as it should");
        };
        assert_eq!(enter(panics), 101);
    }
}
