//! Which events two files have in common.

use std::collections::BTreeMap;

use xxhash_rust::xxh3::xxh3_64;

use crate::calendar_file::CalendarObject;

/// Digests of the events of a file by their UID, whatever their order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct EventDigests(BTreeMap<String, u64>);

impl EventDigests {
    pub(super) fn of(calendars: &[CalendarObject]) -> Self {
        let mut digests = BTreeMap::<String, u64>::new();
        for event in calendars.iter().flat_map(|calendar| &calendar.events) {
            let Some(uid) = event.uid() else { continue };
            let digest = xxh3_64(event.sorted_lines().join("\n").as_bytes());
            let total = digests.entry(uid).or_default();
            *total = total.wrapping_add(digest);
        }
        Self(digests)
    }

    pub(super) fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// Number of events that another file lacks or has with other lines.
    pub(super) fn changed_since(&self, other: &Self) -> u64 {
        let changed = self.0.iter().filter(|(uid, digest)| other.0.get(*uid) != Some(*digest));
        changed.count() as u64
    }

    /// Number of events that none of the other files has.
    pub(super) fn missing_in(&self, others: &[&Self]) -> u64 {
        let is_missing = |uid: &&String| !others.iter().any(|other| other.0.contains_key(*uid));
        self.0.keys().filter(is_missing).count() as u64
    }
}
