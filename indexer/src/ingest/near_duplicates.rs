//! Near-duplicates: texts of the same source and kind that differ in only a few words. They form
//! groups, and each text has the id of its group.
//!
//! Similar texts share a band, which is a digest derived from the text; within a band, each text is
//! compared with its neighbours. Texts connected by similarity form one group, which is named after
//! its lowest id. Groups therefore depend on the texts and not on their order of arrival, and a
//! changed text is compared with its neighbours only.

use std::{
    collections::{BTreeMap, BTreeSet},
    thread,
};

use schema::{Body, NodeId, Provenance, Record, SourceName};

use super::parallel;
use crate::{
    analysis::WordHashes,
    index,
    store::{StoreError, StoreWriter},
};

/// Minimum share of common three-word sequences for two texts to be near-duplicates. In a text of a
/// hundred words, it allows one changed word.
const DUPLICATE_SIMILARITY: f64 = 0.9;
/// Number of texts before and after a text in a band with which it is compared.
const NEIGHBOURS_PER_SIDE: usize = 4;

/// The bands of a record. If it has several sources, the most trusted one counts, so that a group
/// never contains texts of more than one source. Events are near-duplicates only if their time and
/// venue are the same.
pub(crate) fn bands(
    record: &Record,
    body: Option<&Body>,
    provenance: &[Provenance],
) -> BTreeSet<u64> {
    let mut sources = provenance.iter().map(|entry| &entry.record.source);
    let source = sources.find(|source| **source != SourceName::inferred());
    let (Some(kind), Some(source)) = (record.kind(), source) else { return BTreeSet::new() };
    let time_and_venue = match record {
        Record::Event(event) => Some((&event.start, &event.series, &event.place)),
        _ => None,
    };
    let band_key = |band| {
        let key = (band, source, kind, &time_and_venue);
        let bytes = postcard::to_stdvec(&key).expect("serialising plain data cannot fail");
        let digest = blake3::hash(&bytes);
        u64::from_le_bytes(digest.as_bytes()[..8].try_into().expect("a digest has 32 bytes"))
    };
    WordHashes::of(index::all_texts(record, body)).bands().into_iter().map(band_key).collect()
}

/// Bands that texts entered or left.
#[derive(Debug, Default)]
pub(crate) struct BandChanges {
    /// Current bands of each changed text.
    current: BTreeMap<NodeId, BTreeSet<u64>>,
    /// Bands that each changed text left.
    left: BTreeMap<NodeId, BTreeSet<u64>>,
    /// Bands that texts entered; written in the order of their keys once all are known.
    entered: Vec<(u64, NodeId)>,
}

impl BandChanges {
    /// Moves a text from its previous bands to its current ones.
    pub(crate) fn update_bands(
        &mut self,
        store: &mut StoreWriter<'_>,
        id: NodeId,
        old: &BTreeSet<u64>,
        new: BTreeSet<u64>,
    ) -> Result<(), StoreError> {
        for band in old.difference(&new) {
            store.remove_from_band(*band, id)?;
            self.left.entry(id).or_default().insert(*band);
        }
        self.entered.extend(new.difference(old).map(|band| (*band, id)));
        self.current.insert(id, new);
        Ok(())
    }

    /// Recomputes the groups in all bands with texts that changed, entered or left. Returns the
    /// content whose group changed.
    pub(crate) fn recompute_groups(
        &mut self,
        store: &mut StoreWriter<'_>,
    ) -> Result<BTreeSet<NodeId>, StoreError> {
        self.entered.sort_unstable();
        for (band, id) in std::mem::take(&mut self.entered) {
            store.add_to_band(band, id)?;
        }
        let current_neighbours = self.current_neighbours(store)?;
        let mut affected: BTreeSet<NodeId> = self.current.keys().copied().collect();
        affected.extend(current_neighbours.values().flatten());
        for (id, bands) in &self.left {
            affected.insert(*id);
            affected.extend(neighbours(store, *id, bands)?);
        }
        for id in affected.clone() {
            if let Some(group) = store.group(id)? {
                affected.extend(store.group_members(group)?);
            }
        }
        let mut groups = BTreeMap::new();
        for id in affected {
            if groups.contains_key(&id) {
                continue;
            }
            let duplicates = self.duplicates_of(store, id, &current_neighbours)?;
            let group = duplicates.first().copied().filter(|_| duplicates.len() > 1);
            groups.extend(duplicates.into_iter().map(|id| (id, group)));
        }
        let mut changed = BTreeSet::new();
        for (id, group) in groups {
            if store.group(id)? != group {
                store.set_group(id, group)?;
                changed.insert(id);
            }
        }
        Ok(changed)
    }

    /// The neighbours of the changed texts that have any; most have none.
    fn current_neighbours(
        &self,
        store: &StoreWriter<'_>,
    ) -> Result<BTreeMap<NodeId, BTreeSet<NodeId>>, StoreError> {
        thread::scope(|scope| {
            let read = move |(id, bands): (&NodeId, &_)| Ok((*id, neighbours(store, *id, bands)?));
            let found = parallel::map(scope, &self.current, read);
            let has_any = |found: &Result<_, _>| !matches!(found, Ok((_, neighbours)) if BTreeSet::is_empty(neighbours));
            found.filter(has_any).collect()
        })
    }

    /// All content in the same group as `id`, including `id` itself. `current_neighbours` has the
    /// neighbours of changed texts, unless there are none.
    fn duplicates_of(
        &self,
        store: &StoreWriter<'_>,
        id: NodeId,
        current_neighbours: &BTreeMap<NodeId, BTreeSet<NodeId>>,
    ) -> Result<BTreeSet<NodeId>, StoreError> {
        let mut members = BTreeSet::from([id]);
        let mut pending = vec![id];
        while let Some(id) = pending.pop() {
            let mut neighbours = if self.current.contains_key(&id) {
                current_neighbours.get(&id).cloned().unwrap_or_default()
            } else {
                neighbours(store, id, &stored_bands(store, id)?)?
            };
            neighbours.retain(|other| !members.contains(other));
            if neighbours.is_empty() {
                continue;
            }
            let own_fingerprint = fingerprint(store, id)?;
            for other in neighbours {
                if own_fingerprint.jaccard(&fingerprint(store, other)?) >= DUPLICATE_SIMILARITY {
                    members.insert(other);
                    pending.push(other);
                }
            }
        }
        Ok(members)
    }
}

/// The neighbours of a text in these bands.
fn neighbours(
    store: &StoreWriter<'_>,
    id: NodeId,
    bands: &BTreeSet<u64>,
) -> Result<BTreeSet<NodeId>, StoreError> {
    let mut neighbours = BTreeSet::new();
    for band in bands {
        neighbours.extend(store.band_neighbours(*band, id, NEIGHBOURS_PER_SIDE)?);
    }
    Ok(neighbours)
}

fn stored_bands(store: &StoreWriter<'_>, id: NodeId) -> Result<BTreeSet<u64>, StoreError> {
    let Some(record) = store.record(id)? else { return Ok(BTreeSet::new()) };
    Ok(bands(&record, store.body(id)?.as_ref(), &store.provenance(id)?))
}

fn fingerprint(store: &StoreWriter<'_>, id: NodeId) -> Result<WordHashes, StoreError> {
    let Some(record) = store.record(id)? else { return Ok(WordHashes::of([])) };
    Ok(WordHashes::of(index::all_texts(&record, store.body(id)?.as_ref())))
}
