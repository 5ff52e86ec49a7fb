//! Collect: read every source, normalise what changed, and put it into the store beside what the
//! other sources say.

use std::{cell::RefCell, collections::HashSet, ops::ControlFlow};

use schema::{RemovalReason, SourceName, SourceRecord};

use super::{
    Settings, Touched, change_facts,
    normalise::{NormaliseContext, normalise},
};
use crate::{
    config::SourcePlan,
    run::{BuildError, Progress, Rejection, SourceReport},
    source::{self, Draft, Item, SkipReason},
    store::{RecordKey, Seen, StoreError, StoreWriter, StoredFacts},
};

/// What reading one source brought.
pub(crate) struct Collected {
    /// Counts for people.
    pub(crate) report: SourceReport,
    /// What could not be used.
    pub(crate) rejections: Vec<Rejection>,
}

/// Reads one source from beginning to end. What it no longer has is removed.
pub(crate) fn collect(
    store: &mut StoreWriter<'_>,
    touched: &mut Touched,
    settings: &Settings,
    plan: &SourcePlan,
    (trust_digests, progress): (bool, &dyn Progress),
) -> Result<Collected, BuildError> {
    let before = store.keys_of_source(&plan.name)?;
    let mut reading = Reading {
        store,
        touched,
        settings,
        plan,
        collected: Collected {
            report: SourceReport::new(plan.name.clone()),
            rejections: Vec::new(),
        },
        present: HashSet::new(),
        keyless: 0,
        failure: None,
    };
    {
        let shared = RefCell::new(&mut reading);
        let known = |key: &str, hash: &[u8; 32]| trust_digests && shared.borrow().knows(key, hash);
        let mut each = |item: Item| {
            progress.advance(1);
            shared.borrow_mut().take(item)
        };
        source::read(plan, &known, &mut each)
            .map_err(|cause| BuildError::Source { name: plan.name.clone(), cause })?;
    }
    if let Some(failure) = reading.failure {
        return Err(failure.into());
    }
    if reading.keyless > 0 {
        // Any record that seems to be gone may be one of those whose key could not be read.
        return Ok(reading.collected);
    }
    for key in before {
        if !reading.present.contains(&key) {
            reading.remove(&key, RemovalReason::Missing)?;
        }
    }
    Ok(reading.collected)
}

/// Removes everything that a source said which is no longer configured.
pub(crate) fn forget(
    store: &mut StoreWriter<'_>,
    touched: &mut Touched,
    settings: &Settings,
    name: SourceName,
) -> Result<SourceReport, StoreError> {
    let mut report = SourceReport::new(name);
    for key in store.keys_of_source(&report.name)? {
        let gone = Err(RemovalReason::Missing);
        change_facts(store, touched, &settings.aliases, &key, gone)?;
        report.removed += 1;
    }
    Ok(report)
}

struct Reading<'r, 't> {
    store: &'r mut StoreWriter<'t>,
    touched: &'r mut Touched,
    settings: &'r Settings,
    plan: &'r SourcePlan,
    collected: Collected,
    /// Records that the source still has, broken ones included.
    present: HashSet<RecordKey>,
    /// Rejections of which nobody knows which record they are.
    keyless: u64,
    failure: Option<StoreError>,
}

impl Reading<'_, '_> {
    fn plan_digest(&self) -> u64 {
        self.plan.digest ^ self.settings.shift_days.cast_unsigned()
    }

    fn knows(&self, key: &str, content_hash: &[u8; 32]) -> bool {
        let seen = Seen { content_hash: *content_hash, plan: self.plan_digest() };
        let key = RecordKey::new(&self.plan.name, key);
        self.store.seen(&key).is_ok_and(|known| known == Some(seen))
    }

    fn take(&mut self, item: Item) -> ControlFlow<()> {
        match self.try_take(item) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failure = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn try_take(&mut self, item: Item) -> Result<(), StoreError> {
        match item {
            Item::Unchanged { key } => {
                self.collected.report.unchanged += 1;
                self.present.insert(RecordKey::new(&self.plan.name, &key));
            }
            Item::Deleted { key } => self.leave_out(&key, RemovalReason::Deleted)?,
            Item::Skipped { key, reason, .. } => {
                self.collected.report.skipped += 1;
                let reason = match reason {
                    SkipReason::Draft => RemovalReason::Unpublished,
                    SkipReason::Listing => RemovalReason::Missing,
                };
                self.leave_out(&key, reason)?;
            }
            Item::Rejected(rejection) => self.reject(rejection),
            Item::Draft(draft) => self.take_draft(&draft)?,
        }
        Ok(())
    }

    fn take_draft(&mut self, draft: &Draft) -> Result<(), StoreError> {
        let context = NormaliseContext { shift_days: self.settings.shift_days };
        let facts = match normalise(draft, self.plan, &context) {
            Ok(facts) => facts,
            Err(reason) => {
                self.reject(Rejection {
                    source: self.plan.name.clone(),
                    location: draft.location.clone(),
                    key: Some(draft.key.clone()),
                    reason,
                });
                return Ok(());
            }
        };
        let key = RecordKey::new(&self.plan.name, &draft.key);
        let known = self.store.facts(&key)?;
        let report = &mut self.collected.report;
        let first_time = self.present.insert(key.clone());
        match &known {
            None => report.new += 1,
            Some(known) if known.facts == facts => report.unchanged += 1,
            Some(_) if first_time => report.changed += 1,
            Some(_) => {}
        }
        if known.as_ref().is_none_or(|known| known.facts != facts) {
            let stored =
                StoredFacts { record: self.source_record(draft, facts.url.as_ref()), facts };
            change_facts(self.store, self.touched, &self.settings.aliases, &key, Ok(&stored))?;
        }
        let seen = Seen { content_hash: draft.content_hash, plan: self.plan_digest() };
        self.store.put_seen(&key, &seen)
    }

    fn source_record(&self, draft: &Draft, url: Option<&url::Url>) -> SourceRecord {
        SourceRecord {
            source: self.plan.name.clone(),
            remote_key: RecordKey::new(&self.plan.name, &draft.key).remote_key().to_owned(),
            location: draft.location.clone(),
            url: url.cloned(),
            fetched_at: self.settings.now,
            content_hash: blake3::Hash::from_bytes(draft.content_hash).to_hex().to_string(),
        }
    }

    /// A record that was good before stays as it was until it is good again.
    fn reject(&mut self, rejection: Rejection) {
        self.collected.report.rejected += 1;
        match &rejection.key {
            Some(key) => {
                self.present.insert(RecordKey::new(&self.plan.name, key));
            }
            None => self.keyless += 1,
        }
        self.collected.rejections.push(rejection);
    }

    /// The source says itself that the record is not to be found.
    fn leave_out(&mut self, key: &str, reason: RemovalReason) -> Result<(), StoreError> {
        let key = RecordKey::new(&self.plan.name, key);
        self.present.insert(key.clone());
        self.remove(&key, reason)
    }

    fn remove(&mut self, key: &RecordKey, reason: RemovalReason) -> Result<(), StoreError> {
        if self.store.facts(key)?.is_some() {
            let gone = Err(reason);
            change_facts(self.store, self.touched, &self.settings.aliases, key, gone)?;
            self.collected.report.removed += 1;
        }
        Ok(())
    }
}
