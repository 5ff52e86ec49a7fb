//! Removals: which records are removed from the store, and why. A source removes a record by
//! withdrawing it, by hiding it, or by no longer containing it when read to the end.

use std::collections::HashSet;

use schema::{RemovalReason, SourceName};

use super::{
    change_set::{ChangeSet, replace_facts},
    context::BuildContext,
    error::BuildError,
    publish_thresholds,
    report::SourceReport,
    source::SkipReason,
};
use crate::store::{InputDigest, RecordKey, StoreError, StoreWriter};

/// Why a record is removed that is still in its source but is not to be published.
pub(crate) fn reason_of_skip(reason: SkipReason) -> RemovalReason {
    match reason {
        SkipReason::Draft => RemovalReason::Unpublished,
        SkipReason::Listing => RemovalReason::Missing,
    }
}

/// The records of the previous build that a source no longer has. Empty if any of its rejections
/// lack a key: each record that seems to be missing may be one of those.
pub(crate) fn missing<'a>(
    previous: &'a [(RecordKey, InputDigest)],
    present: &'a HashSet<RecordKey>,
    rejections_without_key: u64,
) -> impl Iterator<Item = &'a RecordKey> {
    let keys = previous.iter().map(|(key, _)| key);
    keys.filter(move |key| rejections_without_key == 0 && !present.contains(*key))
}

/// Removes the facts of a record. Returns whether it had any.
pub(crate) fn remove(
    store: &mut StoreWriter<'_>,
    changes: &mut ChangeSet,
    context: &BuildContext<'_>,
    key: &RecordKey,
    reason: RemovalReason,
) -> Result<bool, StoreError> {
    let exists = store.facts(key)?.is_some();
    if exists {
        replace_facts(store, changes, &context.aliases, key, Err(reason))?;
    }
    Ok(exists)
}

/// Removes all records of sources that are no longer configured. Returns one report per source.
pub(crate) fn remove_unconfigured_sources(
    store: &mut StoreWriter<'_>,
    changes: &mut ChangeSet,
    context: &BuildContext<'_>,
) -> Result<Vec<SourceReport>, BuildError> {
    let mut reports = Vec::new();
    for name in store.source_names()? {
        let configured = context.config.sources.iter().any(|s| s.name.as_str() == name);
        if configured || name == SourceName::inferred().as_str() {
            continue;
        }
        let name = SourceName::new(&name).unwrap_or_else(|_| SourceName::inferred());
        let mut report = SourceReport::new(name);
        for (key, _) in store.input_digests(&report.name)? {
            let removal = Err(RemovalReason::Missing);
            replace_facts(store, changes, &context.aliases, &key, removal)?;
            report.removed += 1;
        }
        publish_thresholds::check(context, &report, &[])?;
        reports.push(report);
    }
    Ok(reports)
}
