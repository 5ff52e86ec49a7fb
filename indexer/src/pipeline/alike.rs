//! Near-duplicates: texts of one source and one kind that are the same but for a few words. They
//! form groups, and each knows its group.
//!
//! What may be alike meets in a band, which is a digest of its text; there, each is compared with
//! those beside it. Whoever is like another, and like one that is like it, is of one group, which
//! is named by its least id. So groups are decided by what is there, not by the order in which it
//! came; and a change is compared with what it meets, not with all there is.

use std::collections::{BTreeMap, BTreeSet};

use schema::{Body, NodeId, Provenance, Record, SourceName};

use crate::{
    index,
    language::Fingerprint,
    store::{StoreError, StoreWriter},
};

/// Texts of which so large a share of all rows of three words is in both are the same. In a text of
/// a hundred words, that is one word changed.
const SAME: f64 = 0.9;
/// In a band, a text is compared with so many before it and after it.
const BESIDE: usize = 4;

/// The bands of a record. Where several sources tell of it, it is of the most trusted one, so that
/// no group has texts of more than one. Events are the same only at the same time and place.
pub(super) fn bands(
    record: &Record,
    body: Option<&Body>,
    provenance: &[Provenance],
) -> BTreeSet<u64> {
    let mut sources = provenance.iter().map(|one| &one.record.source);
    let source = sources.find(|source| **source != SourceName::inferred());
    let (Some(kind), Some(source)) = (record.kind(), source) else { return BTreeSet::new() };
    let when_and_where = match record {
        Record::Event(event) => Some((&event.start, &event.series, &event.place)),
        _ => None,
    };
    let band = |band| {
        let of = (band, source, kind, &when_and_where);
        let bytes = postcard::to_stdvec(&of).expect("plain data always has an encoding");
        let digest = blake3::hash(&bytes);
        u64::from_le_bytes(digest.as_bytes()[..8].try_into().expect("a digest has 32 bytes"))
    };
    Fingerprint::of(index::all_texts(record, body)).bands().into_iter().map(band).collect()
}

/// Which bands texts entered and left.
#[derive(Debug, Default)]
pub(crate) struct Moves {
    /// The bands that what changed is in now.
    now: BTreeMap<NodeId, BTreeSet<u64>>,
    /// The bands that it is in no longer.
    left: BTreeMap<NodeId, BTreeSet<u64>>,
}

impl Moves {
    /// Puts a text into the bands that it is in now, where those are others.
    pub(super) fn enter(
        &mut self,
        store: &mut StoreWriter<'_>,
        id: NodeId,
        (old, new): (BTreeSet<u64>, BTreeSet<u64>),
    ) -> Result<(), StoreError> {
        for band in old.difference(&new) {
            store.leave_band(*band, id)?;
            self.left.entry(id).or_default().insert(*band);
        }
        for band in new.difference(&old) {
            store.enter_band(*band, id)?;
        }
        self.now.insert(id, new);
        Ok(())
    }

    /// Forms the groups anew of all that stands where texts changed, entered or left. Gives the
    /// content whose group is another now.
    pub(super) fn regroup(
        &self,
        store: &mut StoreWriter<'_>,
    ) -> Result<BTreeSet<NodeId>, StoreError> {
        let mut open = BTreeSet::new();
        for (id, bands) in self.now.iter().chain(&self.left) {
            open.insert(*id);
            for band in bands {
                open.extend(store.beside((*band, *id), BESIDE)?);
            }
        }
        for id in open.clone() {
            if let Some(group) = store.group(id)? {
                open.extend(store.grouped(group)?);
            }
        }
        let mut now = BTreeMap::new();
        for id in open {
            if now.contains_key(&id) {
                continue;
            }
            let alike = self.alike(store, id)?;
            let group = alike.first().copied().filter(|_| alike.len() > 1);
            now.extend(alike.into_iter().map(|id| (id, group)));
        }
        let mut moved = BTreeSet::new();
        for (id, group) in now {
            if store.group(id)? != group {
                store.set_group(id, group)?;
                moved.insert(id);
            }
        }
        Ok(moved)
    }

    /// Everything that is of one group with `id`, itself included.
    fn alike(&self, store: &StoreWriter<'_>, id: NodeId) -> Result<BTreeSet<NodeId>, StoreError> {
        let mut found = BTreeSet::from([id]);
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            let mut beside = BTreeSet::new();
            for band in self.bands(store, id)? {
                beside.extend(store.beside((band, id), BESIDE)?);
            }
            beside.retain(|other| !found.contains(other));
            if beside.is_empty() {
                continue;
            }
            let ours = fingerprint(store, id)?;
            for other in beside {
                if ours.likeness(&fingerprint(store, other)?) >= SAME {
                    found.insert(other);
                    open.push(other);
                }
            }
        }
        Ok(found)
    }

    fn bands(&self, store: &StoreWriter<'_>, id: NodeId) -> Result<BTreeSet<u64>, StoreError> {
        if let Some(bands) = self.now.get(&id) {
            return Ok(bands.clone());
        }
        let Some(record) = store.record(id)? else { return Ok(BTreeSet::new()) };
        Ok(bands(&record, store.body(id)?.as_ref(), &store.provenance(id)?))
    }
}

fn fingerprint(store: &StoreWriter<'_>, id: NodeId) -> Result<Fingerprint, StoreError> {
    let Some(record) = store.record(id)? else { return Ok(Fingerprint::of([])) };
    Ok(Fingerprint::of(index::all_texts(&record, store.body(id)?.as_ref())))
}
