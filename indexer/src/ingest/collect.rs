//! Collect: read every source, normalise what changed, and put it into the store beside what the
//! other sources say.

use std::{cell::RefCell, collections::HashSet, ops::ControlFlow};

use schema::{RemovalReason, SourceName, SourceRecord};

use super::{
    change_set::{BuildContext, ChangeSet, replace_facts},
    normalise::{NormaliseContext, normalise},
};
use crate::{
    ingest::{
        BuildError, Progress, Rejection, SourceReport,
        config::ResolvedSource,
        source,
        source::{RawRecord, SkipReason, SourceItem},
    },
    store::{InputDigest, RecordKey, StoreError, StoreWriter, StoredFacts},
};

/// What reading one source brought.
pub(crate) struct SourceOutcome {
    /// Counts for people.
    pub(crate) report: SourceReport,
    /// What could not be used.
    pub(crate) rejections: Vec<Rejection>,
}

/// Reads one source from beginning to end. What it no longer has is removed.
pub(crate) fn collect(
    store: &mut StoreWriter<'_>,
    changes: &mut ChangeSet,
    context: &BuildContext,
    source: &ResolvedSource,
    (trust_digests, progress): (bool, &dyn Progress),
) -> Result<SourceOutcome, BuildError> {
    let previous_keys = store.keys_of_source(&source.name)?;
    let mut collector = SourceCollector {
        store,
        changes,
        context,
        source,
        outcome: SourceOutcome {
            report: SourceReport::new(source.name.clone()),
            rejections: Vec::new(),
        },
        present: HashSet::new(),
        rejections_without_key: 0,
        store_error: None,
    };
    {
        let shared_collector = RefCell::new(&mut collector);
        let is_unchanged = |key: &str, hash: &[u8; 32]| {
            trust_digests && shared_collector.borrow().is_unchanged(key, hash)
        };
        let mut sink = |item: SourceItem| {
            progress.advance(1);
            shared_collector.borrow_mut().handle_item(item)
        };
        source::read(source, &is_unchanged, &mut sink)
            .map_err(|cause| BuildError::Source { name: source.name.clone(), cause })?;
    }
    if let Some(store_error) = collector.store_error {
        return Err(store_error.into());
    }
    if collector.rejections_without_key > 0 {
        // Any record that seems to be gone may be one of those whose key could not be read.
        return Ok(collector.outcome);
    }
    for key in previous_keys {
        if !collector.present.contains(&key) {
            collector.remove(&key, RemovalReason::Missing)?;
        }
    }
    Ok(collector.outcome)
}

/// Removes everything that a source said which is no longer configured.
pub(crate) fn remove_source(
    store: &mut StoreWriter<'_>,
    changes: &mut ChangeSet,
    context: &BuildContext,
    name: SourceName,
) -> Result<SourceReport, StoreError> {
    let mut report = SourceReport::new(name);
    for key in store.keys_of_source(&report.name)? {
        let removal = Err(RemovalReason::Missing);
        replace_facts(store, changes, &context.aliases, &key, removal)?;
        report.removed += 1;
    }
    Ok(report)
}

struct SourceCollector<'r, 't> {
    store: &'r mut StoreWriter<'t>,
    changes: &'r mut ChangeSet,
    context: &'r BuildContext,
    source: &'r ResolvedSource,
    outcome: SourceOutcome,
    /// Records that the source still has, broken ones included.
    present: HashSet<RecordKey>,
    /// Rejections of which nobody knows which record they are.
    rejections_without_key: u64,
    store_error: Option<StoreError>,
}

impl SourceCollector<'_, '_> {
    fn config_digest(&self) -> u64 {
        self.source.digest ^ self.context.shift_days.cast_unsigned()
    }

    fn is_unchanged(&self, key: &str, content_hash: &[u8; 32]) -> bool {
        let input_digest =
            InputDigest { content_hash: *content_hash, source_digest: self.config_digest() };
        let key = RecordKey::new(&self.source.name, key);
        self.store.input_digest(&key).is_ok_and(|stored| stored == Some(input_digest))
    }

    fn handle_item(&mut self, item: SourceItem) -> ControlFlow<()> {
        match self.try_handle_item(item) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.store_error = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn try_handle_item(&mut self, item: SourceItem) -> Result<(), StoreError> {
        match item {
            SourceItem::Unchanged { key } => {
                self.outcome.report.unchanged += 1;
                self.present.insert(RecordKey::new(&self.source.name, &key));
            }
            SourceItem::Deleted { key } => self.retract(&key, RemovalReason::Deleted)?,
            SourceItem::Skipped { key, reason, .. } => {
                self.outcome.report.skipped += 1;
                let reason = match reason {
                    SkipReason::Draft => RemovalReason::Unpublished,
                    SkipReason::Listing => RemovalReason::Missing,
                };
                self.retract(&key, reason)?;
            }
            SourceItem::Rejected(rejection) => self.reject(rejection),
            SourceItem::Record(raw) => self.store_record(&raw)?,
        }
        Ok(())
    }

    fn store_record(&mut self, raw: &RawRecord) -> Result<(), StoreError> {
        let context = NormaliseContext { shift_days: self.context.shift_days };
        let facts = match normalise(raw, self.source, &context) {
            Ok(facts) => facts,
            Err(reason) => {
                self.reject(Rejection {
                    source: self.source.name.clone(),
                    location: raw.location.clone(),
                    key: Some(raw.key.clone()),
                    reason,
                });
                return Ok(());
            }
        };
        let key = RecordKey::new(&self.source.name, &raw.key);
        let previous = self.store.facts(&key)?;
        let report = &mut self.outcome.report;
        let is_first_occurrence = self.present.insert(key.clone());
        match &previous {
            None => report.new += 1,
            Some(previous) if previous.facts == facts => report.unchanged += 1,
            Some(_) if is_first_occurrence => report.changed += 1,
            Some(_) => {}
        }
        if previous.as_ref().is_none_or(|previous| previous.facts != facts) {
            let stored = StoredFacts { record: self.source_record(raw, facts.url.as_ref()), facts };
            replace_facts(self.store, self.changes, &self.context.aliases, &key, Ok(&stored))?;
        }
        let input_digest =
            InputDigest { content_hash: raw.content_hash, source_digest: self.config_digest() };
        self.store.put_input_digest(&key, &input_digest)
    }

    fn source_record(&self, raw: &RawRecord, url: Option<&url::Url>) -> SourceRecord {
        SourceRecord {
            source: self.source.name.clone(),
            remote_key: RecordKey::new(&self.source.name, &raw.key).remote_key().to_owned(),
            location: raw.location.clone(),
            url: url.cloned(),
            fetched_at: self.context.now,
            content_hash: blake3::Hash::from_bytes(raw.content_hash).to_hex().to_string(),
        }
    }

    /// A record that was good before stays as it was until it is good again.
    fn reject(&mut self, rejection: Rejection) {
        self.outcome.report.rejected += 1;
        match &rejection.key {
            Some(key) => {
                self.present.insert(RecordKey::new(&self.source.name, key));
            }
            None => self.rejections_without_key += 1,
        }
        self.outcome.rejections.push(rejection);
    }

    /// The source says itself that the record is not to be found.
    fn retract(&mut self, key: &str, reason: RemovalReason) -> Result<(), StoreError> {
        let key = RecordKey::new(&self.source.name, key);
        self.present.insert(key.clone());
        self.remove(&key, reason)
    }

    fn remove(&mut self, key: &RecordKey, reason: RemovalReason) -> Result<(), StoreError> {
        if self.store.facts(key)?.is_some() {
            let removal = Err(reason);
            replace_facts(self.store, self.changes, &self.context.aliases, key, removal)?;
            self.outcome.report.removed += 1;
        }
        Ok(())
    }
}
