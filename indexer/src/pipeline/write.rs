//! Write: merged and linked records go into the store where they differ from what is there, and
//! into the index where they look different to a search.

use std::collections::{BTreeMap, BTreeSet};

use schema::{Change, ChangeOp, NodeId, NodeKind, Provenance, Record, RemovalReason, fold};

use super::{
    Settings, Touched,
    alike::{self, Moves},
    link::{LinkError, Linker, links},
    merge::{Identified, Merged, merge},
};
use crate::{
    index::{IndexError, IndexWriter, Indexed, shows_in_dependents},
    run::{Progress, Rejection, Unresolved},
    store::{Relation, StoreError, StoreReader, StoreWriter, sources},
};

/// What writing brought.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// Things that are new or different.
    pub(crate) upserted: BTreeSet<NodeId>,
    /// Things that are gone, and why.
    pub(crate) removed: BTreeMap<NodeId, RemovalReason>,
    /// Content that a search sees differently.
    pub(crate) reindex: BTreeSet<NodeId>,
    /// Whether anything at all was derived anew: addresses or provenance, too.
    pub(crate) rederived: bool,
    /// Facts that make no record.
    pub(crate) rejections: Vec<Rejection>,
    /// Names that lead nowhere.
    pub(crate) unresolved: Vec<Unresolved>,
    /// What may have other near-duplicates now.
    moves: Moves,
    /// Why ids vanished, also those whose records were cleared before.
    vanished: BTreeMap<NodeId, RemovalReason>,
}

/// Makes every stale record anew and writes what differs.
pub(crate) fn write(
    store: &mut StoreWriter<'_>,
    touched: &Touched,
    mut identified: Identified,
    settings: &Settings,
) -> Result<Written, StoreError> {
    let mut written = Written::default();
    for name in &touched.names {
        let mentioning = store.mentions(name)?.into_iter().map(|(key, _)| key);
        let holders = store.holders(name)?;
        let guarded = name.starts_with("slug:").then_some(holders).into_iter().flatten();
        for key in mentioning.chain(guarded) {
            identified.stale.extend(store.identity(&key)?.map(|identity| identity.id));
        }
    }
    for name in touched.names.union(&touched.mentioned) {
        let mentions = store.mentions(name)?;
        let certain = mentions.iter().filter(|(_, how)| how.certain).count();
        if certain > 0 && store.holders(name)?.is_empty() {
            written.unresolved.extend(unresolved(name, certain));
        }
    }
    let reasons = reasons(store, touched)?;
    for (id, now) in identified.vanished {
        let reason = match now {
            Some(now) => RemovalReason::DuplicateOf(now),
            None => reasons.get(&id).copied().unwrap_or(RemovalReason::Missing),
        };
        written.vanished.insert(id, reason);
        remove(store, settings, id, reason, &mut written)?;
    }
    for id in identified.stale {
        let mut records = Vec::new();
        let mut members = store.members(id)?;
        members.sort_by(|l, r| settings.precedence(l).cmp(&settings.precedence(r)));
        for key in members {
            records.extend(store.facts(&key)?);
        }
        let Some(merged) = merge(records) else { continue };
        match (Linker { store, settings }).record(id, &merged) {
            Ok(record) => put(store, settings, &record, &merged, &mut written)?,
            Err(LinkError::Store(error)) => return Err(error),
            Err(LinkError::Incomplete(reason)) => {
                written.rejections.extend(incomplete(&merged, reason));
                remove(store, settings, id, RemovalReason::Missing, &mut written)?;
            }
        }
    }
    let regrouped = written.moves.regroup(store)?;
    written.reindex.extend(regrouped);
    Ok(written)
}

fn unresolved(name: &str, mentions: usize) -> Option<Unresolved> {
    let rest = name.strip_prefix("title:")?;
    let (word, title) = rest.split_once('/')?;
    let kind = NodeKind::ALL.into_iter().find(|kind| kind.word() == word)?;
    Some(Unresolved { kind: kind.word(), name: title.to_owned(), mentions: mentions as u64 })
}

fn reasons(
    store: &StoreWriter<'_>,
    touched: &Touched,
) -> Result<BTreeMap<NodeId, RemovalReason>, StoreError> {
    let mut reasons = BTreeMap::new();
    for (key, reason) in &touched.records {
        if let (Some(reason), Some(identity)) = (reason, store.identity(key)?) {
            reasons.insert(identity.id, *reason);
        }
    }
    Ok(reasons)
}

fn incomplete(merged: &Merged, reason: &'static str) -> Option<Rejection> {
    let record = &merged.provenance.first()?.record;
    Some(Rejection {
        source: record.source.clone(),
        location: record.location.clone(),
        key: Some(record.remote_key.clone()),
        reason: reason.to_owned(),
    })
}

fn put(
    store: &mut StoreWriter<'_>,
    settings: &Settings,
    record: &Record,
    merged: &Merged,
    written: &mut Written,
) -> Result<(), StoreError> {
    let id = record.id();
    let old = store.record(id)?;
    let body = merged.facts.body.as_ref();
    let old_body = store.body(id)?;
    let same_body = old_body.as_ref() == body;
    let provenance_before = store.provenance(id)?;
    let addresses_before = addresses(settings, old.as_ref(), &provenance_before);
    let addresses_now = addresses(settings, Some(record), &merged.provenance);
    written.rederived |= provenance_before != merged.provenance;
    store.put_provenance(id, &merged.provenance)?;
    for gone in addresses_before.difference(&addresses_now) {
        store.remove_url(gone, id)?;
    }
    for address in &addresses_now {
        store.put_url(address, id)?;
    }
    let changed_sources = sources(&provenance_before) != merged.sources;
    if old.as_ref() == Some(record) && same_body && !changed_sources {
        return Ok(());
    }
    relink(store, id, old.as_ref(), Some(record))?;
    store.put_record(record)?;
    store.put_body(id, body)?;
    let bands_of = |old| alike::bands(old, old_body.as_ref(), &provenance_before);
    let bands = old.as_ref().map(bands_of).unwrap_or_default();
    let bands = (bands, alike::bands(record, body, &merged.provenance));
    written.moves.enter(store, id, bands)?;
    written.upserted.insert(id);
    if id.kind().is_content() {
        written.reindex.insert(id);
    }
    reindex_dependents(store, id, old.as_ref(), Some(record), written)
}

fn remove(
    store: &mut StoreWriter<'_>,
    settings: &Settings,
    id: NodeId,
    reason: RemovalReason,
    written: &mut Written,
) -> Result<(), StoreError> {
    let Some(old) = store.record(id)? else { return Ok(()) };
    let provenance = store.provenance(id)?;
    for address in addresses(settings, Some(&old), &provenance) {
        store.remove_url(&address, id)?;
    }
    let bands = alike::bands(&old, store.body(id)?.as_ref(), &provenance);
    written.moves.enter(store, id, (bands, BTreeSet::new()))?;
    relink(store, id, Some(&old), None)?;
    reindex_dependents(store, id, Some(&old), None, written)?;
    store.remove_record(id)?;
    written.upserted.remove(&id);
    written.reindex.remove(&id);
    written.removed.insert(id, reason);
    Ok(())
}

/// Every address that leads to a record: its own, its sources', and our page about it.
fn addresses(
    settings: &Settings,
    record: Option<&Record>,
    provenance: &[Provenance],
) -> BTreeSet<String> {
    let Some(common) = record.and_then(Record::common) else { return BTreeSet::new() };
    let page = settings.item_url.join(&format!("{}/{}", common.id.kind().word(), common.slug));
    let theirs = provenance.iter().filter_map(|p| p.record.url.as_ref());
    let mut addresses: BTreeSet<_> = theirs.map(fold::url).collect();
    addresses.insert(fold::url(&common.url));
    addresses.extend(page.iter().map(fold::url));
    addresses
}

fn relink(
    store: &mut StoreWriter<'_>,
    id: NodeId,
    old: Option<&Record>,
    new: Option<&Record>,
) -> Result<(), StoreError> {
    let before = old.map(links).unwrap_or_default();
    let now = new.map(links).unwrap_or_default();
    for (target, relation) in before.difference(&now) {
        store.remove_link(*target, *relation, id)?;
    }
    for (target, relation) in now.difference(&before) {
        store.add_link(*target, *relation, id)?;
    }
    Ok(())
}

fn reindex_dependents(
    store: &StoreWriter<'_>,
    id: NodeId,
    old: Option<&Record>,
    new: Option<&Record>,
    written: &mut Written,
) -> Result<(), StoreError> {
    if shows_in_dependents(old, new) {
        let dependents = store.linked(id, Relation::Mentions)?;
        written.reindex.extend(dependents.into_iter().filter(|d| d.kind().is_content()));
    }
    Ok(())
}

/// What is different from the generation before: only that is a change. Writes the changes down.
pub(crate) fn record_changes(
    store: &mut StoreWriter<'_>,
    previous: Option<&StoreReader>,
    settings: &Settings,
    written: &mut Written,
) -> Result<(), StoreError> {
    if let Some(previous) = previous {
        for id in std::mem::take(&mut written.upserted) {
            if !store.same_as(previous, id)? {
                written.upserted.insert(id);
            }
        }
    }
    let removed = written.removed.iter().map(|(id, reason)| (*id, Some(*reason)));
    let upserted = written.upserted.iter().map(|id| (*id, None));
    for (position, (id, reason)) in removed.chain(upserted).enumerate() {
        store.put_change(&Change {
            id,
            generation: settings.generation,
            position: u32::try_from(position).unwrap_or(u32::MAX),
            at: settings.now,
            op: if reason.is_some() { ChangeOp::Removed } else { ChangeOp::Upserted },
            reason,
        })?;
    }
    Ok(())
}

/// Adds to `written` what a build from nothing did not make again.
pub(crate) fn note_missing(
    store: &StoreWriter<'_>,
    previous: &StoreReader,
    written: &mut Written,
) -> Result<(), StoreError> {
    for id in previous.ids()? {
        if store.record(id)?.is_none() {
            let reason = written.vanished.get(&id).copied().unwrap_or(RemovalReason::Missing);
            written.removed.insert(id, reason);
        }
    }
    Ok(())
}

/// Puts all content into an empty index.
pub(crate) fn index_all(
    store: &StoreWriter<'_>,
    index: &IndexWriter,
    progress: &dyn Progress,
) -> Result<(), IndexingError> {
    let ids: Vec<_> = store.ids()?.into_iter().filter(|id| id.kind().is_content()).collect();
    progress.begin("index", Some(ids.len() as u64));
    for id in ids {
        index_one(store, index, id)?;
        progress.advance(1);
    }
    progress.end();
    Ok(())
}

/// Why the index cannot be brought up to date.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IndexingError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Index(#[from] IndexError),
}

/// Puts one piece of content into the index as the store has it now, or takes it out.
pub(crate) fn index_one(
    store: &StoreWriter<'_>,
    index: &IndexWriter,
    id: NodeId,
) -> Result<(), IndexingError> {
    let Some(record) = store.record(id)? else {
        index.remove(id);
        return Ok(());
    };
    let body = store.body(id)?;
    let mut linked = Vec::new();
    for other in record.about() {
        linked.extend(store.record(other)?);
    }
    let sources = sources(&store.provenance(id)?);
    index.put(&Indexed {
        record: &record,
        body: body.as_ref(),
        about: &linked,
        sources: &sources,
        group: store.group(id)?,
    })?;
    Ok(())
}
