//! Moments that other processes tell, on our clock.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// How often both clocks are read, of which the closest counts: between two readings a busy machine may do something else
/// for milliseconds.
const READINGS: usize = 16;

/// `process.hrtime` in Node, `CLOCK_MONOTONIC` in programs and [`Instant`] here are one clock on Linux; only
/// where it stands is not told by an `Instant`. Looked up once, it need not be guessed.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    here: Instant,
    nanoseconds: u64,
}

impl Clock {
    /// The clock that all share; `None` where the system does not tell.
    pub fn common() -> Option<Self> {
        static COMMON: LazyLock<Option<Clock>> = LazyLock::new(|| {
            let readings = (0..READINGS).filter_map(|_| {
                let (before, nanoseconds, after) = (Instant::now(), monotonic()?, Instant::now());
                let apart = after - before;
                Some((apart, Clock { here: before + apart / 2, nanoseconds }))
            });
            readings.min_by_key(|(apart, _)| *apart).map(|(_, clock)| clock)
        });
        *COMMON
    }

    /// The moment another process called `nanoseconds`, unless it lies further away than any of ours can.
    pub fn instant(&self, nanoseconds: u64) -> Option<Instant> {
        let since = Duration::from_nanos(nanoseconds.saturating_sub(self.nanoseconds));
        let before = Duration::from_nanos(self.nanoseconds.saturating_sub(nanoseconds));
        self.here.checked_add(since)?.checked_sub(before)
    }
}

#[cfg(target_os = "linux")]
fn monotonic() -> Option<u64> {
    let now = nix::time::ClockId::CLOCK_MONOTONIC.now().ok()?;
    u64::try_from(Duration::from(now).as_nanos()).ok()
}

#[cfg(not(target_os = "linux"))]
fn monotonic() -> Option<u64> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_another_process_calls_now_is_now() {
        let clock = Clock::common().expect("Linux tells");
        std::thread::sleep(Duration::from_millis(3));
        let before = Instant::now();
        let told = monotonic().expect("Linux tells");
        let after = Instant::now();
        let seen = clock.instant(told).expect("it is near");
        let slack = Duration::from_millis(1);
        assert!(before <= seen + slack && seen <= after + slack, "{before:?} {seen:?} {after:?}");
        assert!(clock.instant(clock.nanoseconds - 1000).is_some_and(|earlier| earlier < clock.here));
        let _far = clock.instant(u64::MAX);
    }
}
