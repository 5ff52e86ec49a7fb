//! What takes place in a stretch of time: single events and each time of a series.

use std::sync::Arc;

use jiff::Timestamp;
use schema::{NodeId, Occurrence, Record};

use super::{CatalogError, snapshot::Inside};

/// No more than so many times are given at once.
pub const AGENDA_MAX: usize = 1_000;

/// What takes place in a stretch of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Agenda {
    /// Every time, in the order in which they begin.
    pub times: Vec<(Arc<Record>, Occurrence)>,
    /// Whether there are more than were asked for.
    pub has_more: bool,
}

/// The first `most` times that have not ended at `from` and begin before `until`.
pub(super) fn agenda(
    inside: &Inside,
    (from, until): (Timestamp, Timestamp),
    most: usize,
) -> Result<Agenda, CatalogError> {
    let single = inside.index.events_between(from.as_second(), until.as_second());
    let mut found: Vec<(i64, u64, Option<&Occurrence>)> =
        single.into_iter().map(|(begins, id)| (begins, id, None)).collect();
    for (id, times) in inside.times.all() {
        let times = times.all().iter();
        let within = times.filter(|time| time.begins < until && time.ends > from);
        found.extend(within.map(|time| (time.begins.as_second(), id.to_bits(), Some(time))));
    }
    found.sort_unstable_by_key(|(begins, id, _)| (*begins, *id));
    let most = most.min(AGENDA_MAX);
    let has_more = found.len() > most;
    found.truncate(most);
    let mut times = Vec::with_capacity(found.len());
    for (_, id, of_series) in found {
        let id = NodeId::from_bits(id).map_err(|e| CatalogError::Engine(e.to_string()))?;
        let missing = || CatalogError::Engine(format!("no event for `{id}`"));
        let record = inside.store.record(id)?.ok_or_else(missing)?;
        let Record::Event(event) = &record else { return Err(missing()) };
        let time = of_series.cloned().unwrap_or_else(|| Occurrence {
            moment: event.start.clone(),
            begins: event.start.earliest(),
            ends: event.ends(),
        });
        times.push((Arc::new(record), time));
    }
    Ok(Agenda { times, has_more })
}
