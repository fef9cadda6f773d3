//! Bounded waits that say what they waited for.

use std::time::{Duration, Instant};

use crate::Result;

/// Longest wait for anything that takes milliseconds when it works; emulated processors included.
pub const LIMIT: Duration = Duration::from_secs(30);

/// Looks until `look` finds something.
///
/// # Errors
/// Names what was awaited when [`LIMIT`] has passed.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return Ok(found);
        }
        if start.elapsed() > LIMIT {
            return Err(format!("waited {} s in vain for {what}", LIMIT.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
