//! Telling a measurement when the program began.

use std::io::Write as _;

/// With `TRAP_TRACE=1` says on stderr that the program's code begins now: `trap-main <nanoseconds>`, by the
/// system's monotonic clock, which a host on the same machine can compare with its own. Without the variable
/// looking for it is all that happens.
pub(crate) fn begin() {
    if std::env::var_os("TRAP_TRACE").is_some_and(|value| value == "1")
        && let Some(now) = monotonic()
    {
        // Whoever measures notices that nothing was said.
        let _ = writeln!(std::io::stderr(), "trap-main {now}");
    }
}

#[cfg(target_os = "linux")]
fn monotonic() -> Option<u128> {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    std::time::Duration::try_from(now).ok().map(|now| now.as_nanos())
}

#[cfg(not(target_os = "linux"))]
fn monotonic() -> Option<u128> {
    None
}
