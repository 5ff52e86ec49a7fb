//! Where series are in time: their documents hold only the first of their times.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;
use schema::EventPhase;

/// The occurrences of every series, as seconds since 1970: begin and first instant after.
pub(crate) type SeriesTimes = HashMap<u64, Vec<(i64, i64)>>;

/// Where series are in time at one instant.
#[derive(Debug, Clone)]
pub(crate) struct SeriesPhases {
    pub(crate) times: Arc<SeriesTimes>,
    pub(crate) now: i64,
}

impl SeriesPhases {
    pub(crate) fn new(times: &Arc<SeriesTimes>, now: Timestamp) -> Self {
        Self { times: Arc::clone(times), now: now.as_second() }
    }

    /// The times of a series, in order; `None` where there is none of this id.
    pub(super) fn occurrences(&self, id: u64) -> Option<&[(i64, i64)]> {
        self.times.get(&id).map(Vec::as_slice)
    }

    /// The phase of a series; `None` where there is none of this id.
    pub(super) fn phase(&self, id: u64) -> Option<EventPhase> {
        let times = self.times.get(&id)?;
        Some(match times.iter().find(|(_, ends)| self.now < *ends) {
            Some((begins, _)) if self.now < *begins => EventPhase::Upcoming,
            Some(_) => EventPhase::Ongoing,
            None => EventPhase::Past,
        })
    }

    /// When a series takes place next, or is doing so.
    pub(super) fn next_start(&self, id: u64) -> Option<i64> {
        let times = self.times.get(&id)?;
        times.iter().find(|(_, ends)| self.now < *ends).map(|(begins, _)| *begins)
    }
}
