//! Near-duplicates: texts of the same source and kind that differ in only a few words. They form
//! groups, and each text has the id of its group.
//!
//! Similar texts share a band, which is a digest derived from the text; within a band, each text is
//! compared with its neighbours. Texts connected by similarity form one group, which is named after
//! its lowest id. Groups therefore depend on the texts and not on their order of arrival, and a
//! changed text is compared with its neighbours only.

use std::collections::{BTreeMap, BTreeSet};

use schema::{Body, NodeId, Provenance, Record, SourceName};

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
        for band in new.difference(old) {
            store.add_to_band(*band, id)?;
        }
        self.current.insert(id, new);
        Ok(())
    }

    /// Recomputes the groups in all bands with texts that changed, entered or left. Returns the
    /// content whose group changed.
    pub(crate) fn recompute_groups(
        &self,
        store: &mut StoreWriter<'_>,
    ) -> Result<BTreeSet<NodeId>, StoreError> {
        let mut affected = BTreeSet::new();
        for (id, bands) in self.current.iter().chain(&self.left) {
            affected.insert(*id);
            for band in bands {
                affected.extend(store.band_neighbours(*band, *id, NEIGHBOURS_PER_SIDE)?);
            }
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
            let duplicates = self.duplicates_of(store, id)?;
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

    /// All content in the same group as `id`, including `id` itself.
    fn duplicates_of(
        &self,
        store: &StoreWriter<'_>,
        id: NodeId,
    ) -> Result<BTreeSet<NodeId>, StoreError> {
        let mut members = BTreeSet::from([id]);
        let mut pending = vec![id];
        while let Some(id) = pending.pop() {
            let mut neighbours = BTreeSet::new();
            for band in self.bands(store, id)? {
                neighbours.extend(store.band_neighbours(band, id, NEIGHBOURS_PER_SIDE)?);
            }
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

    fn bands(&self, store: &StoreWriter<'_>, id: NodeId) -> Result<BTreeSet<u64>, StoreError> {
        if let Some(bands) = self.current.get(&id) {
            return Ok(bands.clone());
        }
        let Some(record) = store.record(id)? else { return Ok(BTreeSet::new()) };
        Ok(bands(&record, store.body(id)?.as_ref(), &store.provenance(id)?))
    }
}

fn fingerprint(store: &StoreWriter<'_>, id: NodeId) -> Result<WordHashes, StoreError> {
    let Some(record) = store.record(id)? else { return Ok(WordHashes::of([])) };
    Ok(WordHashes::of(index::all_texts(&record, store.body(id)?.as_ref())))
}
