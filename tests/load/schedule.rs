//! Requests at a fixed interval.

use std::{
    thread,
    time::{Duration, Instant},
};

/// Maximum time after the end for requests that were due before: a stall at the end counts as well.
const CATCH_UP_TIME: Duration = Duration::from_secs(5);

/// An iterator over the moments at which requests are due; it waits for each.
///
/// A request that is due while the previous one is in progress is sent after it, and its response
/// time includes the delay: a stall counts for each request that it delays. A thread that wakes up
/// late does not count, since that is a delay of the client.
pub(crate) struct Schedule {
    due: Instant,
    interval: Duration,
    end: Instant,
}

impl Schedule {
    /// A schedule from now until `end`, whose first moment is after `offset`.
    pub(crate) fn new(offset: Duration, interval: Duration, end: Instant) -> Self {
        Self { due: Instant::now() + offset, interval, end }
    }
}

impl Iterator for Schedule {
    /// The moment from which the response time counts.
    type Item = Instant;

    fn next(&mut self) -> Option<Instant> {
        if self.due >= self.end || Instant::now() >= self.end + CATCH_UP_TIME {
            return None;
        }
        let due = self.due;
        self.due += self.interval;
        let delay = due.saturating_duration_since(Instant::now());
        if delay.is_zero() {
            return Some(due);
        }
        thread::sleep(delay);
        Some(Instant::now())
    }
}
