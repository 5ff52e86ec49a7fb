//! Calendar: all occurrences of single and recurring events in a period.

use std::sync::Arc;

use jiff::Timestamp;
use schema::{NodeId, Occurrence, Record};

use super::{CatalogError, open_generation::OpenGeneration};
use crate::cancellation::Cancellation;

/// Maximum number of occurrences in a result.
pub const EVENTS_IN_RANGE_MAX: usize = 1_000;

/// Occurrences in a period.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EventsInRange {
    /// Occurrences by start.
    pub occurrences: Vec<(Arc<Record>, Occurrence)>,
    /// Whether there are more occurrences than the limit.
    pub has_more: bool,
}

/// The first `limit` occurrences that have not ended at `from` and start before `until`.
pub(super) fn events_in_range(
    generation: &OpenGeneration,
    (from, until): (Timestamp, Timestamp),
    limit: usize,
    cancellation: &Cancellation,
) -> Result<EventsInRange, CatalogError> {
    let single = generation.index.events_between(from.as_second(), until.as_second());
    let mut candidates: Vec<(i64, u64, Option<&Occurrence>)> =
        single.into_iter().map(|(begins, id)| (begins, id, None)).collect();
    for (id, occurrences) in generation.event_times.all() {
        if cancellation.is_cancelled() {
            break;
        }
        let occurrences = occurrences.all().iter();
        let in_range =
            occurrences.filter(|occurrence| occurrence.begins < until && occurrence.ends > from);
        candidates.extend(
            in_range
                .map(|occurrence| (occurrence.begins.as_second(), id.to_bits(), Some(occurrence))),
        );
    }
    candidates.sort_unstable_by_key(|(begins, id, _)| (*begins, *id));
    let limit = limit.min(EVENTS_IN_RANGE_MAX);
    let has_more = candidates.len() > limit;
    candidates.truncate(limit);
    let mut occurrences = Vec::with_capacity(candidates.len());
    for (_, id, series_occurrence) in candidates {
        let id = NodeId::from_bits(id)?;
        let record = generation.store.record(id)?.ok_or(CatalogError::MissingRecord(id))?;
        let Record::Event(event) = &record else { return Err(CatalogError::MissingRecord(id)) };
        let single = || Occurrence::new(event.start.clone(), event.end.clone());
        let occurrence = series_occurrence.cloned().unwrap_or_else(single);
        occurrences.push((Arc::new(record), occurrence));
    }
    Ok(EventsInRange { occurrences, has_more })
}
