//! Write: replace stored records with merged and linked records that differ from them.

use std::{
    collections::{BTreeMap, BTreeSet},
    thread,
};

use schema::{
    Change, ChangeOp, NodeId, NodeKind, Provenance, Record, RemovalReason, normalisation,
};

use super::{
    announcement::lacks_identity,
    change_set::ChangeSet,
    context::BuildContext,
    link::{LinkError, Linker, links},
    merge::{Merged, Resolution, merge},
    name_keys::normalised_url_key,
    near_duplicates,
    near_duplicates::BandChanges,
    parallel,
    report::Unresolved,
    source::Rejection,
};
use crate::{
    index::affects_linked_documents,
    store::{
        BodySource, RecordKey, Relation, StoreError, StoreReader, StoreWriter, StoredFacts, sources,
    },
};

/// Number of records that are derived before they are written: each can be large.
const BATCH_RECORDS: usize = 64;

/// Changes made by a write.
#[derive(Debug, Default)]
pub(crate) struct WriteResult {
    /// New or changed records.
    pub(crate) upserted: BTreeSet<NodeId>,
    /// Removed records, with the reason.
    pub(crate) removed: BTreeMap<NodeId, RemovalReason>,
    /// Content whose index document changed.
    pub(crate) reindex: BTreeSet<NodeId>,
    /// Whether any provenance changed.
    pub(crate) rederived: bool,
    /// Facts from which no record can be derived.
    pub(crate) rejections: Vec<Rejection>,
    /// Mentioned names for which there is no record.
    pub(crate) unresolved: Vec<Unresolved>,
    /// Bands that texts entered or left.
    band_changes: BandChanges,
    /// Why ids were retired, including ids without a record.
    retired: BTreeMap<NodeId, RemovalReason>,
}

impl WriteResult {
    /// Whether anything in the store changed.
    pub(crate) fn is_changed(&self) -> bool {
        self.rederived || !(self.upserted.is_empty() && self.removed.is_empty())
    }

    /// Recomputes the groups of near-duplicates for texts that changed, entered or left a band.
    pub(crate) fn regroup_duplicates(
        &mut self,
        store: &mut StoreWriter<'_>,
    ) -> Result<(), StoreError> {
        self.reindex.extend(self.band_changes.recompute_groups(store)?);
        Ok(())
    }
}

/// Merges, links and writes all records that the changes affect.
pub(crate) fn write(
    store: &mut StoreWriter<'_>,
    changes: &ChangeSet,
    resolution: Resolution,
    context: &BuildContext<'_>,
) -> Result<WriteResult, StoreError> {
    let mut result = WriteResult::default();
    let mut to_rebuild = resolution.to_rebuild;
    for name in &changes.name_keys {
        let mentioning = store.mentions(name)?.into_iter().map(|(key, _)| key);
        let slug_owners = store.records_with_key(name)?;
        let changed_slug_owners =
            name.starts_with("slug:").then_some(slug_owners).into_iter().flatten();
        for key in mentioning.chain(changed_slug_owners) {
            to_rebuild.extend(store.identity(&key)?.map(|identity| identity.id));
        }
    }
    for name in changes.name_keys.union(&changes.mentioned_keys) {
        let mentions = store.mentions(name)?;
        let certain = mentions.iter().filter(|(_, mention)| mention.certain).count();
        if certain > 0 && store.records_with_key(name)?.is_empty() {
            result.unresolved.extend(unresolved_name(name, certain));
        }
    }
    let reasons = removal_reasons(store, changes)?;
    for (id, replacement) in resolution.retired {
        let reason = match replacement {
            Some(replacement) => RemovalReason::DuplicateOf(replacement),
            None => reasons.get(&id).copied().unwrap_or(RemovalReason::Missing),
        };
        result.retired.insert(id, reason);
        remove_record(store, context, id, reason, &mut result)?;
    }
    let to_rebuild: Vec<NodeId> = to_rebuild.into_iter().collect();
    for ids in to_rebuild.chunks(BATCH_RECORDS) {
        let derived: Vec<_> = thread::scope(|scope| {
            let store = &*store;
            parallel::map(scope, ids, move |id| derive(store, context, *id)).collect()
        });
        for derived in derived {
            let Some(derived) = derived? else { continue };
            match &derived.record {
                Ok(record) => write_record(store, context, record, &derived, &mut result)?,
                Err(reason) => {
                    result.rejections.extend(incomplete_rejection(&derived.merged, reason));
                    let reason = RemovalReason::Missing;
                    remove_record(store, context, derived.id, reason, &mut result)?;
                }
            }
        }
    }
    Ok(result)
}

/// A merged and linked record, with all that can be derived without writing to the store.
struct DerivedRecord {
    id: NodeId,
    merged: Merged,
    /// In `Err`, why there is none.
    record: Result<Record, &'static str>,
    bands: BTreeSet<u64>,
    body: Option<BodySource>,
}

/// Derives a record from the facts of its sources. `None` if it has no sources.
fn derive(
    store: &StoreWriter<'_>,
    context: &BuildContext<'_>,
    id: NodeId,
) -> Result<Option<DerivedRecord>, StoreError> {
    let mut records = Vec::new();
    let mut members = store.members(id)?;
    members.sort_by(|l, r| context.precedence(l).cmp(&context.precedence(r)));
    let mut body_sources = Vec::new();
    for key in members {
        let Some(stored) = store.facts(&key)? else { continue };
        body_sources.extend(stored.facts.body.as_ref().map(|body| BodySource::new(&key, body)));
        records.push(stored);
    }
    let is_inferred = |stored: &StoredFacts| {
        let key = RecordKey::new(&stored.record.source, &stored.record.remote_key);
        lacks_identity(&key, &stored.facts, &context.aliases)
    };
    let Some(merged) = merge(records, |source| context.trust(source), is_inferred) else {
        return Ok(None);
    };
    let record = match (Linker { store, context }).record(id, &merged) {
        Ok(record) => Ok(record),
        Err(LinkError::Store(error)) => return Err(error),
        Err(LinkError::Incomplete(reason)) => Err(reason),
    };
    let body = merged.facts.body.as_ref();
    let bands_of = |record| near_duplicates::bands(record, body, &merged.provenance);
    let bands = record.as_ref().map(bands_of).unwrap_or_default();
    let body = body.map(|body| {
        let mut sources = body_sources.into_iter();
        sources.find(|source| source.is_of(body)).expect("the body is that of one of the records")
    });
    Ok(Some(DerivedRecord { id, merged, record, bands, body }))
}

fn unresolved_name(name: &str, mentions: usize) -> Option<Unresolved> {
    let rest = name.strip_prefix("title:")?;
    let (kind_name, title) = rest.split_once('/')?;
    let kind = NodeKind::ALL.into_iter().find(|kind| kind.as_str() == kind_name)?;
    Some(Unresolved { kind: kind.as_str(), name: title.to_owned(), mentions: mentions as u64 })
}

fn removal_reasons(
    store: &StoreWriter<'_>,
    changes: &ChangeSet,
) -> Result<BTreeMap<NodeId, RemovalReason>, StoreError> {
    let mut reasons = BTreeMap::new();
    for (key, reason) in &changes.records {
        if let (Some(reason), Some(identity)) = (reason, store.identity(key)?) {
            reasons.insert(identity.id, *reason);
        }
    }
    Ok(reasons)
}

fn incomplete_rejection(merged: &Merged, reason: &'static str) -> Option<Rejection> {
    let record = &merged.provenance.first()?.record;
    Some(Rejection {
        source: record.source.clone(),
        location: record.location.clone(),
        key: Some(record.remote_key.clone()),
        reason: reason.to_owned(),
    })
}

fn write_record(
    store: &mut StoreWriter<'_>,
    context: &BuildContext<'_>,
    record: &Record,
    derived: &DerivedRecord,
    result: &mut WriteResult,
) -> Result<(), StoreError> {
    let (id, merged) = (record.id(), &derived.merged);
    let old = store.record(id)?;
    let old_body = store.body_source(id)?;
    let is_same_body =
        old_body.as_ref().map(BodySource::digest) == derived.body.as_ref().map(BodySource::digest);
    if old_body != derived.body {
        store.put_body_source(id, derived.body.as_ref())?;
    }
    let provenance_before = store.provenance(id)?;
    let urls_before = urls(context, old.as_ref(), &provenance_before);
    let urls_now = urls(context, Some(record), &merged.provenance);
    result.rederived |= provenance_before != merged.provenance;
    store.put_provenance(id, &merged.provenance)?;
    for url in urls_before.difference(&urls_now) {
        release_url(store, context, url, id)?;
    }
    for url in &urls_now {
        match store.by_url(url)? {
            Some(owner) if owner == id => {}
            None => store.put_url(url, id)?,
            Some(_) => {
                let owner = url_owner(store, context, url)?.unwrap_or(id);
                store.put_url(url, owner)?;
            }
        }
    }
    let sources_changed = sources(&provenance_before) != merged.sources;
    if old.as_ref() == Some(record) && is_same_body && !sources_changed {
        return Ok(());
    }
    update_links(store, id, old.as_ref(), Some(record))?;
    store.put_record(record)?;
    let old_bands = bands_before(context, old.as_ref(), &provenance_before)?;
    let new_bands = derived.bands.clone();
    result.band_changes.update_bands(store, id, &old_bands, new_bands)?;
    result.upserted.insert(id);
    if id.kind().is_content() {
        result.reindex.insert(id);
    }
    reindex_dependents(store, id, old.as_ref(), Some(record), result)
}

fn remove_record(
    store: &mut StoreWriter<'_>,
    context: &BuildContext<'_>,
    id: NodeId,
    reason: RemovalReason,
    result: &mut WriteResult,
) -> Result<(), StoreError> {
    let Some(old) = store.record(id)? else { return Ok(()) };
    let provenance = store.provenance(id)?;
    for url in urls(context, Some(&old), &provenance) {
        release_url(store, context, &url, id)?;
    }
    let bands = bands_before(context, Some(&old), &provenance)?;
    result.band_changes.update_bands(store, id, &bands, BTreeSet::new())?;
    update_links(store, id, Some(&old), None)?;
    store.put_entity_mentions(id, &[])?;
    reindex_dependents(store, id, Some(&old), None, result)?;
    store.remove_record(id)?;
    result.upserted.remove(&id);
    result.reindex.remove(&id);
    result.removed.insert(id, reason);
    Ok(())
}

/// The bands of a record before this build: the facts with its body may have been replaced since.
fn bands_before(
    context: &BuildContext<'_>,
    old: Option<&Record>,
    provenance: &[Provenance],
) -> Result<BTreeSet<u64>, StoreError> {
    let (Some(old), Some(base)) = (old, context.base) else { return Ok(BTreeSet::new()) };
    Ok(near_duplicates::bands(old, base.store.body(old.id())?.as_ref(), provenance))
}

/// The record that a URL resolves to: of several, the one of highest precedence.
fn url_owner(
    store: &StoreWriter<'_>,
    context: &BuildContext<'_>,
    url: &str,
) -> Result<Option<NodeId>, StoreError> {
    let mut records = Vec::new();
    for kind in NodeKind::ALL.into_iter().filter(|kind| kind.is_content()) {
        records.extend(store.records_with_key(&normalised_url_key(kind, url))?);
    }
    let first = records.iter().min_by(|l, r| context.precedence(l).cmp(&context.precedence(r)));
    let identity = first.map(|key| store.identity(key)).transpose()?.flatten();
    Ok(identity.map(|identity| identity.id))
}

/// Removes a URL from a record that no longer has it and assigns it to the next record that does.
fn release_url(
    store: &mut StoreWriter<'_>,
    context: &BuildContext<'_>,
    url: &str,
    id: NodeId,
) -> Result<(), StoreError> {
    match url_owner(store, context, url)? {
        Some(owner) if owner != id => store.put_url(url, owner),
        _ => store.remove_url(url, id),
    }
}

/// All URLs of a record: its own, those of its sources, and that of its page, with and without our
/// base URL; for an entity, only the path of its page.
fn urls(
    context: &BuildContext<'_>,
    record: Option<&Record>,
    provenance: &[Provenance],
) -> BTreeSet<String> {
    let Some(record) = record else { return BTreeSet::new() };
    let (kind, slug) = (record.id().kind(), record.slug());
    let mut urls = BTreeSet::from([normalisation::page(kind, slug)]);
    // The URL of an entity is that of its website, which is also the URL of content.
    let Some(common) = record.common() else { return urls };
    let page = context.config.item_url.join(&format!("{}/{slug}", kind.as_str()));
    let source_urls = provenance.iter().filter_map(|p| p.record.url.as_ref());
    urls.extend(source_urls.map(normalisation::url));
    urls.insert(normalisation::url(&common.url));
    urls.extend(page.iter().map(normalisation::url));
    urls
}

fn update_links(
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
    result: &mut WriteResult,
) -> Result<(), StoreError> {
    if affects_linked_documents(old, new) {
        let dependents = store.linked(id, Relation::Mentions)?;
        result.reindex.extend(dependents.into_iter().filter(|d| d.kind().is_content()));
    }
    Ok(())
}

/// Writes a change for every record that differs from the previous generation.
pub(crate) fn write_changes(
    store: &mut StoreWriter<'_>,
    context: &BuildContext<'_>,
    result: &mut WriteResult,
) -> Result<(), StoreError> {
    if let Some(base) = context.base {
        for id in std::mem::take(&mut result.upserted) {
            if !store.is_unchanged_since(&base.store, id)? {
                result.upserted.insert(id);
            }
        }
    }
    let removed = result.removed.iter().map(|(id, reason)| (*id, Some(*reason)));
    let upserted = result.upserted.iter().map(|id| (*id, None));
    for (position, (id, reason)) in removed.chain(upserted).enumerate() {
        store.put_change(&Change {
            id,
            generation: context.generation,
            position: u32::try_from(position).unwrap_or(u32::MAX),
            at: context.config.now,
            op: if reason.is_some() { ChangeOp::Removed } else { ChangeOp::Upserted },
            reason,
        })?;
    }
    Ok(())
}

/// Adds the records of the previous generation that a full build did not derive again.
pub(crate) fn add_missing_as_removed(
    store: &StoreWriter<'_>,
    previous: &StoreReader,
    result: &mut WriteResult,
) -> Result<(), StoreError> {
    for id in previous.ids()? {
        if store.record(id)?.is_none() {
            let reason = result.retired.get(&id).copied().unwrap_or(RemovalReason::Missing);
            result.removed.insert(id, reason);
        }
    }
    Ok(())
}
