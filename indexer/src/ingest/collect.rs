//! Collect: fetch every source, normalise what changed and write its facts to the store.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
    thread,
};

use schema::{Language, RemovalReason, SourceRecord};

use super::{
    change_set::{ChangeSet, KeyedFacts, replace_facts},
    config::{BuildInput, Mode, ResolvedSource},
    context::BuildContext,
    error::BuildError,
    normalise::{NormaliseContext, normalise},
    parallel, publish_thresholds,
    removals::{self, remove_unconfigured_sources},
    report::{REJECTIONS_MAX, SourceReport},
    source::{
        self, KnownInputs, RawRecord, Rejection, SourceItem, config::SourceKind, input_digest,
        survey::Survey,
    },
    suppress::{record_key, without_names},
};
use crate::{
    store::{InputDigest, RecordKey, StoreError, StoreWriter, StoredFacts},
    sync::{self, SyncState, feed},
};

/// Counts and rejections of all sources.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    pub(crate) reports: Vec<SourceReport>,
    pub(crate) rejections: Vec<Rejection>,
}

/// Reads all selected sources and removes the records of sources that are no longer configured.
pub(crate) fn collect(
    store: &mut StoreWriter<'_>,
    changes: &mut ChangeSet,
    context: &BuildContext<'_>,
) -> Result<Collected, BuildError> {
    let mut collected = Collected::default();
    let is_networked = |source: &ResolvedSource| source.network.is_some();
    let state = match &context.options.sync_state {
        _ if !context.selected_sources().any(is_networked) => None,
        Some(state) => Some(Arc::clone(state)),
        None => Some(Arc::new(SyncState::open(&sync::state_path(&context.config.data))?)),
    };
    let state = state.as_deref();
    for source in context.selected_sources() {
        let count = source::count(source, state).ok();
        context.progress.begin(&format!("read {}", source.name), count);
        let mut collector = SourceCollector {
            store,
            changes,
            context,
            source,
            state,
            report: SourceReport::new(source.name.clone()),
            rejections: Vec::new(),
            present: HashSet::new(),
            rejections_without_key: 0,
        };
        let survey = Survey::default();
        collector.collect(&survey)?;
        let SourceCollector { mut report, mut rejections, .. } = collector;
        report.unread = survey.unread(source);
        if report.unchanged == 0 {
            let (placeholders, fields) = survey.absent(source);
            report.unused = [placeholders, fields].concat();
        }
        context.progress.end();
        publish_thresholds::check(context, &report, &rejections)?;
        collected.reports.push(report);
        collected.rejections.append(&mut rejections);
    }
    if context.options.only.is_empty() && context.options.input == BuildInput::Sources {
        collected.reports.extend(remove_unconfigured_sources(store, changes, context)?);
    }
    Ok(collected)
}

struct SourceCollector<'r, 't> {
    store: &'r mut StoreWriter<'t>,
    changes: &'r mut ChangeSet,
    context: &'r BuildContext<'r>,
    source: &'r ResolvedSource,
    /// The state of synchronisation, if any source is over the network.
    state: Option<&'r SyncState>,
    report: SourceReport,
    /// At most [`REJECTIONS_MAX`].
    rejections: Vec<Rejection>,
    /// Records that are still in the source, including rejected ones.
    present: HashSet<RecordKey>,
    /// Number of rejections for which the record is unknown.
    rejections_without_key: u64,
}

impl SourceCollector<'_, '_> {
    /// Reads the whole source and removes the records that are no longer in it.
    fn collect(&mut self, survey: &Survey) -> Result<(), BuildError> {
        let source = self.source;
        let normaliser = Normaliser { context: self.context, source };
        let previous = self.store.input_digests(&source.name)?;
        let known = match self.context.mode {
            Mode::Full => KnownInputs::default(),
            Mode::Incremental => KnownInputs::new(normaliser.config_digest(), &previous),
        };
        let fetch_error = |cause| BuildError::Source { name: source.name.clone(), cause };
        let items = source::records(source, self.state, known, survey).map_err(fetch_error)?;
        let progress = self.context.progress;
        let mut unchanged = Vec::new();
        // Unchanged items, often nearly all, need no thread, and their order has no effect.
        let items = items.filter_map(|item| match item {
            Ok(SourceItem::Unchanged { key }) => {
                progress.advance(1);
                unchanged.push(key);
                None
            }
            item => Some(item),
        });
        thread::scope(|scope| {
            let normalise = move |item: Result<_, _>| item.map(|item| normaliser.normalised(item));
            for item in parallel::map(scope, items, normalise) {
                progress.advance(1);
                match item.map_err(fetch_error)? {
                    Ok(record) => self.store_record(record)?,
                    Err(item) => self.handle_item(*item)?,
                }
            }
            Ok::<_, BuildError>(())
        })?;
        self.report.unchanged += unchanged.len() as u64;
        for key in &unchanged {
            self.present.insert(self.record_key(key));
        }
        self.retract_removed()?;
        if self.proves_absence()? {
            let present = std::mem::take(&mut self.present);
            for key in removals::missing(&previous, &present, self.rejections_without_key) {
                self.remove(key, RemovalReason::Missing)?;
            }
        }
        let report = &mut self.report;
        report.records = previous.len() as u64 + report.new - report.removed;
        Ok(())
    }

    /// Retracts the records of resources that synchronisation removed by explicit evidence.
    fn retract_removed(&mut self) -> Result<(), BuildError> {
        let (Some(state), Some(network)) = (self.state, &self.source.network) else {
            return Ok(());
        };
        let mut retracted = Vec::new();
        for resource in state.removed_keys(&network.name)? {
            let key = match self.source.kind {
                SourceKind::Feed => feed::entry_id(&resource).unwrap_or(&resource),
                _ => &resource,
            };
            if self.store.facts(&self.record_key(key))?.is_some() {
                self.retract(key, RemovalReason::Deleted)?;
            } else {
                // An earlier build removed its record, and was published.
                retracted.push(resource);
            }
        }
        state.forget_removed(&network.name, &retracted)?;
        Ok(())
    }

    /// Whether a record that was not read is no longer in the source.
    fn proves_absence(&self) -> Result<bool, BuildError> {
        let (Some(state), Some(network)) = (self.state, &self.source.network) else {
            return Ok(true);
        };
        // A feed has its newest entries only, and marks those that are gone.
        let is_feed = self.source.kind == SourceKind::Feed;
        Ok(!is_feed && state.progress(&network.name, network.digest)?.proves_absence())
    }

    fn handle_item(&mut self, item: SourceItem) -> Result<(), StoreError> {
        match item {
            SourceItem::Deleted { key } => self.retract(&key, RemovalReason::Deleted)?,
            SourceItem::Skipped { key, reason, .. } => {
                self.report.skipped += 1;
                self.retract(&key, removals::reason_of_skip(reason))?;
            }
            SourceItem::Rejected(rejection) => self.reject(rejection),
            SourceItem::Record(_) => unreachable!("a record is normalised or rejected"),
            SourceItem::Unchanged { .. } => unreachable!("an unchanged item is only counted"),
        }
        Ok(())
    }

    fn store_record(&mut self, record: NormalisedRecord) -> Result<(), StoreError> {
        let NormalisedRecord { key, mut keyed, digest } = record;
        let previous = self.store.facts(&key)?;
        let is_first_occurrence = self.present.insert(key.clone());
        match &previous {
            None => self.report.new += 1,
            Some(previous) if previous.facts == keyed.stored.facts => {
                self.report.unchanged += 1;
                keyed.stored.record.fetched_at = previous.record.fetched_at;
            }
            Some(_) if is_first_occurrence => self.report.changed += 1,
            Some(_) => {}
        }
        // The same facts from different bytes or another location: only the provenance changes.
        if previous.as_ref() != Some(&keyed.stored) {
            let aliases = &self.context.aliases;
            if keyed.stored.record.fetched_at != self.context.config.now {
                keyed = KeyedFacts::new(&key, keyed.stored, aliases);
            }
            replace_facts(self.store, self.changes, aliases, &key, Ok(keyed))?;
        }
        self.store.put_input_digest(&key, &digest)
    }

    /// Adds a rejection; the previous version of the record remains until it is valid again.
    fn reject(&mut self, rejection: Rejection) {
        self.report.rejected += 1;
        match &rejection.key {
            Some(key) => {
                self.present.insert(self.record_key(key));
            }
            None => self.rejections_without_key += 1,
        }
        if self.rejections.len() < REJECTIONS_MAX {
            let suppression = self.context.suppression;
            let redacted = suppression.redacted(&rejection, Language::Nl, &BTreeSet::new());
            self.rejections.extend(redacted.map(|redacted| redacted.unwrap_or(rejection)));
        }
    }

    /// Removes a record that the source itself withdraws.
    fn retract(&mut self, key: &str, reason: RemovalReason) -> Result<(), StoreError> {
        let key = self.record_key(key);
        self.present.insert(key.clone());
        self.remove(&key, reason)
    }

    fn record_key(&self, key: &str) -> RecordKey {
        record_key(self.context.suppression, &self.source.name, key)
    }

    fn remove(&mut self, key: &RecordKey, reason: RemovalReason) -> Result<(), StoreError> {
        if removals::remove(self.store, self.changes, self.context, key, reason)? {
            self.report.removed += 1;
        }
        Ok(())
    }
}

/// A record with valid facts, as it is written.
struct NormalisedRecord {
    key: RecordKey,
    keyed: KeyedFacts,
    digest: InputDigest,
}

/// Turns the raw records of a source into facts. Needs no store, so that several threads can.
#[derive(Clone, Copy)]
struct Normaliser<'a> {
    context: &'a BuildContext<'a>,
    source: &'a ResolvedSource,
}

impl Normaliser<'_> {
    /// The facts of a record; in `Err`, an item of another kind, such as the rejection of a record
    /// that is not valid.
    fn normalised(self, item: SourceItem) -> Result<NormalisedRecord, Box<SourceItem>> {
        let SourceItem::Record(raw) = item else { return Err(Box::new(item)) };
        let context = NormaliseContext { shift_days: self.context.shift_days };
        let facts = normalise(&raw, self.source, &context).map_err(|reason| {
            let location = raw.location_of(&reason, &self.source.mapping);
            let key = Some(raw.key.clone());
            let rejection = Rejection::new(&self.source.name, location, key, reason);
            Box::new(SourceItem::Rejected(rejection))
        })?;
        let suppression = self.context.suppression;
        let key = record_key(suppression, &self.source.name, &raw.key);
        let stored = StoredFacts { record: self.source_record(&raw, facts.url.as_ref()), facts };
        let stored = without_names(suppression, stored)
            .ok_or_else(|| Box::new(SourceItem::Deleted { key: raw.key.clone() }))?;
        let keyed = KeyedFacts::new(&key, stored, &self.context.aliases);
        let digest = input_digest(self.config_digest(), raw.content_hash, &raw.location);
        Ok(NormalisedRecord { key, keyed, digest })
    }

    /// Digest of everything other than the bytes that affects the facts of a record.
    fn config_digest(&self) -> u64 {
        self.source.digest ^ self.context.shift_days.cast_unsigned()
    }

    fn source_record(&self, raw: &RawRecord, url: Option<&url::Url>) -> SourceRecord {
        SourceRecord {
            source: self.source.name.clone(),
            remote_key: RecordKey::new(&self.source.name, &raw.key).remote_key().to_owned(),
            location: self.public_location(&raw.location),
            url: url.cloned(),
            fetched_at: self.context.config.now,
            content_hash: blake3::Hash::from_bytes(raw.content_hash).to_hex().to_string(),
        }
    }

    /// The location of a record that the catalog shows: of an address only the host, since calendars
    /// that are shared by their address can have a secret in it.
    fn public_location(&self, location: &str) -> String {
        match &self.source.network {
            Some(network) if location.starts_with(network.address.as_str()) => {
                network.address.origin().ascii_serialization()
            }
            _ => location.to_owned(),
        }
    }
}
