//! Phases of series. The index contains only the first occurrence of a series.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;
use schema::EventPhase;

/// Start and exclusive end of every occurrence, in seconds since 1970, by node id.
pub(crate) type SeriesTimes = HashMap<u64, Vec<(i64, i64)>>;

/// Occurrences and phases of series at one instant.
#[derive(Debug, Clone)]
pub(crate) struct SeriesPhases {
    pub(crate) times: Arc<SeriesTimes>,
    pub(crate) now: i64,
}

impl SeriesPhases {
    pub(crate) fn new(times: &Arc<SeriesTimes>, now: Timestamp) -> Self {
        Self { times: Arc::clone(times), now: now.as_second() }
    }

    /// The occurrences of a series, in order; `None` if the id is not that of a series.
    pub(super) fn occurrences(&self, id: u64) -> Option<&[(i64, i64)]> {
        self.times.get(&id).map(Vec::as_slice)
    }

    /// The phase of a series; `None` if the id is not that of a series.
    pub(super) fn phase(&self, id: u64) -> Option<EventPhase> {
        let times = self.times.get(&id)?;
        Some(match times.iter().find(|(_, ends)| self.now < *ends) {
            Some((begins, _)) if self.now < *begins => EventPhase::Upcoming,
            Some(_) => EventPhase::Ongoing,
            None => EventPhase::Past,
        })
    }

    /// Start of the current or next occurrence.
    pub(super) fn next_start(&self, id: u64) -> Option<i64> {
        let times = self.times.get(&id)?;
        times.iter().find(|(_, ends)| self.now < *ends).map(|(begins, _)| *begins)
    }
}
