//! When a source is due.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

/// Maximum deviation from the interval in percent, so that sources do not run simultaneously.
const JITTER_PERCENT: u64 = 10;

/// Maximum time between two looks at the clock, which may be turned while a task sleeps.
const SLEEP_MAX: Duration = Duration::from_mins(1);

/// The time of the next run of one source.
pub(super) struct Timer {
    interval: Option<Duration>,
    next: Option<Timestamp>,
}

impl Timer {
    /// A timer that is due one interval after the last run, or at once.
    pub(super) fn new(interval: Option<Duration>, last: Option<i64>, now: Timestamp) -> Self {
        let last = last.and_then(|last| Timestamp::from_second(last).ok());
        let next = interval.map(|interval| last.map_or(now, |last| after(last, interval)));
        // Not later than one interval from now, even if the clock was turned back.
        let next = next.zip(interval).map(|(next, interval)| next.min(after(now, interval)));
        Self { interval, next }
    }

    /// The time of the next run; none without an interval.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.next
    }

    /// Starts another interval after a run that ended `now`.
    pub(super) fn restart(&mut self, now: Timestamp) {
        self.next = self.interval.map(|interval| after(now, jittered(interval)));
    }

    /// Makes the timer due after `delay`.
    pub(super) fn postpone(&mut self, delay: Duration, now: Timestamp) {
        self.next = Some(after(now, delay));
    }

    /// Waits until the timer is due; forever without an interval.
    pub(super) async fn due(&self) {
        let Some(next) = self.next else { return std::future::pending().await };
        loop {
            let left = Duration::try_from(next.duration_since(Timestamp::now()));
            match left {
                Ok(left) if !left.is_zero() => tokio::time::sleep(left.min(SLEEP_MAX)).await,
                _ => return,
            }
        }
    }
}

fn after(time: Timestamp, interval: Duration) -> Timestamp {
    let interval = SignedDuration::try_from(interval).unwrap_or(SignedDuration::ZERO);
    time.saturating_add(interval).unwrap_or(time)
}

fn jittered(interval: Duration) -> Duration {
    // The random seed of a hash map is sufficient here.
    let random = RandomState::new().hash_one(0_u8) % (2 * JITTER_PERCENT + 1);
    let percent = u32::try_from(100 - JITTER_PERCENT + random).unwrap_or(100);
    interval * percent / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_source_must_be_due_one_interval_after_its_last_run() {
        let interval = Some(Duration::from_secs(100));
        assert_eq!(Timer::new(interval, None, at(1_000)).next(), Some(at(1_000)));
        assert_eq!(Timer::new(interval, Some(950), at(1_000)).next(), Some(at(1_050)));
        assert_eq!(Timer::new(interval, Some(500), at(1_000)).next(), Some(at(600)));
        // The clock was turned back.
        assert_eq!(Timer::new(interval, Some(9_000), at(1_000)).next(), Some(at(1_100)));
        assert_eq!(Timer::new(None, Some(500), at(1_000)).next(), None);
    }

    #[test]
    fn an_interval_must_vary_by_a_tenth() {
        let mut timer = Timer::new(Some(Duration::from_secs(1_000)), None, at(0));
        let mut found = std::collections::BTreeSet::new();
        for _ in 0..200 {
            timer.restart(at(0));
            found.insert(timer.next().unwrap().as_second());
        }
        assert!(found.len() > 10 && found.iter().all(|next| (900..=1_100).contains(next)));
        timer.postpone(Duration::from_secs(5), at(7));
        assert_eq!(timer.next(), Some(at(12)));
    }
}
