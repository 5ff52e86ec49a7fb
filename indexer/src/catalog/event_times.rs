//! Occurrences of events, and the times at which results can change.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use schema::{NodeId, Occurrence, Occurrences, Record, moment};

use crate::{
    index::{IndexReader, SeriesTimes},
    store::{StoreError, StoreReader},
};

/// Times of events, computed when the generation is opened.
pub(super) struct EventTimes {
    /// Expanded recurring events.
    series: HashMap<NodeId, Occurrences>,
    /// The same in seconds, as a search uses them.
    pub(super) seconds: Arc<SeriesTimes>,
    /// Start and end of every occurrence, in seconds since 1970, sorted.
    bounds: Vec<i64>,
    /// The interval of the last request in which no result changes. Every request needs it, and it
    /// lasts from minutes to a day.
    cached_interval: Mutex<(Timestamp, Timestamp)>,
}

impl EventTimes {
    pub(super) fn open(store: &StoreReader, index: &IndexReader) -> Result<Self, StoreError> {
        let mut series = HashMap::new();
        for id in store.series()? {
            if let Some(Record::Event(event)) = store.record(id)? {
                series.insert(id, event.occurrences());
            }
        }
        let pair =
            |occurrence: &Occurrence| (occurrence.begins.as_second(), occurrence.ends.as_second());
        let seconds: SeriesTimes = series
            .iter()
            .map(|(id, occurrences)| (id.to_bits(), occurrences.all().iter().map(pair).collect()))
            .collect();
        let mut bounds = index.event_bounds();
        bounds.extend(seconds.values().flatten().flat_map(|(begins, ends)| [*begins, *ends]));
        bounds.sort_unstable();
        bounds.dedup();
        let cached_interval = Mutex::new((Timestamp::MAX, Timestamp::MIN));
        Ok(Self { series, seconds: Arc::new(seconds), bounds, cached_interval })
    }

    /// The occurrences of a series; `None` for any other record.
    pub(super) fn occurrences(&self, id: NodeId) -> Option<&Occurrences> {
        self.series.get(&id)
    }

    /// Every series with its occurrences.
    pub(super) fn all(&self) -> impl Iterator<Item = (NodeId, &Occurrences)> {
        self.series.iter().map(|(id, occurrences)| (*id, occurrences))
    }

    /// Start of the first event and end of the last; `None` without events.
    pub(super) fn range(&self) -> Option<(Timestamp, Timestamp)> {
        let at = |bound: Option<&i64>| Timestamp::from_second(*bound?).ok();
        at(self.bounds.first()).zip(at(self.bounds.last()))
    }

    /// The next time after `now` at which an event starts or ends, or a day starts in Amsterdam.
    pub(super) fn valid_until(&self, now: Timestamp) -> Timestamp {
        let mut cached_interval =
            self.cached_interval.lock().unwrap_or_else(PoisonError::into_inner);
        if !(cached_interval.0..cached_interval.1).contains(&now) {
            *cached_interval = (now, self.next_change(now));
        }
        cached_interval.1
    }

    fn next_change(&self, now: Timestamp) -> Timestamp {
        let after = self.bounds.partition_point(|bound| *bound <= now.as_second());
        let bound = self.bounds.get(after).and_then(|bound| Timestamp::from_second(*bound).ok());
        let midnight = next_midnight(now);
        bound.map_or(midnight, |bound| bound.min(midnight))
    }
}

/// The start of the next day in Amsterdam.
fn next_midnight(now: Timestamp) -> Timestamp {
    let home = moment::zone(moment::HOME_ZONE).unwrap_or(TimeZone::UTC);
    let today = now.to_zoned(home.clone()).date();
    today
        .checked_add(1.day())
        .and_then(|tomorrow| home.to_zoned(tomorrow.to_datetime(jiff::civil::Time::midnight())))
        .map_or(Timestamp::MAX, |midnight| midnight.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_next_day_must_start_at_midnight_in_amsterdam_across_clock_changes() {
        for (now, expected) in [
            ("2026-03-28T12:00:00+01:00", "2026-03-29T00:00:00+01:00"),
            ("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"),
            ("2026-03-29T03:00:00+02:00", "2026-03-30T00:00:00+02:00"),
            ("2026-10-25T02:30:00+02:00", "2026-10-26T00:00:00+01:00"),
            ("2026-10-25T02:30:00+01:00", "2026-10-26T00:00:00+01:00"),
            ("2026-12-31T23:59:59.9+01:00", "2027-01-01T00:00:00+01:00"),
        ] {
            assert_eq!(next_midnight(at(now)), at(expected), "{now}");
        }
    }

    #[test]
    fn the_next_change_must_be_after_now_and_not_at_it() {
        let (ten, eleven) = (at("2026-06-01T10:00:00Z"), at("2026-06-01T11:00:00Z"));
        let event_times = EventTimes {
            series: HashMap::new(),
            seconds: Arc::default(),
            bounds: vec![ten.as_second(), eleven.as_second()],
            cached_interval: Mutex::new((Timestamp::MAX, Timestamp::MIN)),
        };
        assert_eq!(event_times.valid_until(at("2026-06-01T09:59:59.5Z")), ten);
        assert_eq!(event_times.valid_until(ten), eleven);
        assert_eq!(event_times.valid_until(at("2026-06-01T10:00:00.5Z")), eleven);
        assert_eq!(event_times.valid_until(eleven), at("2026-06-01T22:00:00Z"));
    }
}
