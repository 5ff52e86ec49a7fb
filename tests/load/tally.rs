//! What clients observe in a phase of the run.

use std::{collections::BTreeMap, time::Duration};

use crate::operations::Class;

/// Maximum number of mismatches to describe per client; the rest is only counted.
const REPORTED_MAX: usize = 3;

/// Observations of one client.
#[derive(Default)]
pub(crate) struct Tally {
    /// Response times by class; without rejections for lack of capacity (503).
    pub(crate) times: BTreeMap<Class, Vec<Duration>>,
    /// Number of responses by class, status and code.
    pub(crate) responses: BTreeMap<(Class, u16, String), u64>,
    /// Number of requests that were sent only partially.
    pub(crate) partial_requests: u64,
    /// Number of unexpected responses.
    pub(crate) mismatches: u64,
    /// Descriptions of the first of them.
    pub(crate) reports: Vec<String>,
}

impl Tally {
    /// Counts an unexpected response, and describes it if it is one of the first.
    pub(crate) fn report(&mut self, what: String) {
        self.mismatches += 1;
        if self.reports.len() < REPORTED_MAX {
            self.reports.push(what);
        }
    }
}

/// Observations of all clients in a phase of the run.
pub(crate) struct Phase {
    pub(crate) time: Duration,
    pub(crate) tallies: Vec<Tally>,
}

impl Phase {
    /// The response times of a class, sorted.
    pub(crate) fn times(&self, class: Class) -> Vec<Duration> {
        let times = self.tallies.iter().filter_map(|tally| tally.times.get(&class));
        let mut times: Vec<Duration> = times.flatten().copied().collect();
        times.sort_unstable();
        times
    }

    /// The 99th percentile of the response times of a class; `None` without responses.
    pub(crate) fn p99(&self, class: Class) -> Option<Duration> {
        percentile(&self.times(class), 99)
    }

    /// Number of responses by class, status and code.
    pub(crate) fn responses(&self) -> BTreeMap<&(Class, u16, String), u64> {
        let mut responses = BTreeMap::new();
        for (key, count) in self.tallies.iter().flat_map(|tally| &tally.responses) {
            *responses.entry(key).or_default() += count;
        }
        responses
    }

    /// Number of responses whose class and status meet a condition.
    pub(crate) fn count(&self, is_counted: impl Fn(Class, u16) -> bool) -> u64 {
        let responses = self.tallies.iter().flat_map(|tally| &tally.responses);
        responses
            .filter(|((class, status, _), _)| is_counted(*class, *status))
            .map(|(_, count)| *count)
            .sum()
    }
}

/// The time that a percentage of sorted times does not exceed; `None` without times.
pub(crate) fn percentile(times: &[Duration], percent: usize) -> Option<Duration> {
    times.get(times.len() * percent / 100).copied()
}
