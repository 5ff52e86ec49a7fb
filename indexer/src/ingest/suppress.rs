//! Suppress: facts without the names of the suppression list, those that are read and those that the
//! store has. What is derived from facts then has none either.
//!
//! Invariant: the result depends on the facts and the list only, so that an incremental build finds what
//! a full build finds.

use std::{collections::BTreeSet, thread};

use schema::{Language, NodeKind, RemovalReason, SourceName};

use super::{
    change_set::{ChangeSet, KeyedFacts, replace_facts},
    context::BuildContext,
    parallel,
};
use crate::{
    source_facts::Facts,
    store::{RecordKey, StoreError, StoreWriter, StoredFacts},
    suppression::Suppression,
};

/// Number of records that are compared before they are written: each can be large.
const BATCH_RECORDS: usize = 64;

/// The key of a record. A key with a name is stored as a digest, as one with an e-mail address is.
pub(crate) fn record_key(
    suppression: &Suppression,
    source: &SourceName,
    remote_key: &str,
) -> RecordKey {
    without_name(suppression, RecordKey::new(source, remote_key))
}

fn without_name(suppression: &Suppression, key: RecordKey) -> RecordKey {
    if suppression.names(key.remote_key()) { key.digested() } else { key }
}

/// The facts of a record without names; `None` if it is suppressed as a whole: a person, or another
/// entity, of that name.
pub(crate) fn without_names(suppression: &Suppression, stored: StoredFacts) -> Option<StoredFacts> {
    if suppression.is_empty() {
        return Some(stored);
    }
    if is_suppressed(suppression, &stored.facts) {
        return None;
    }
    let key = record_key(suppression, &stored.record.source, &stored.record.remote_key);
    let language = stored.facts.language.unwrap_or(Language::Nl);
    // Facts that cannot exist without a name are suppressed.
    let facts = suppression.redacted(&stored.facts, language, &BTreeSet::new()).ok()?;
    let record = suppression.redacted(&stored.record, language, &BTreeSet::new()).ok()?;
    let mut visible = StoredFacts {
        facts: facts.unwrap_or(stored.facts),
        record: record.unwrap_or(stored.record),
    };
    key.remote_key().clone_into(&mut visible.record.remote_key);
    Some(visible)
}

fn is_suppressed(suppression: &Suppression, facts: &Facts) -> bool {
    facts.name().is_some_and(|name| match facts.kind() {
        NodeKind::Person => suppression.names(name),
        kind => !kind.is_content() && suppression.is_name(name),
    })
}

/// Applies the entries of the list that the base does not apply to the facts in the store. Returns the
/// keys of the entities that are suppressed.
pub(crate) fn suppress_stored(
    store: &mut StoreWriter<'_>,
    changes: &mut ChangeSet,
    context: &BuildContext<'_>,
) -> Result<BTreeSet<RecordKey>, StoreError> {
    let mut suppressed = BTreeSet::new();
    if !context.has_new_suppression() {
        return Ok(suppressed);
    }
    context.progress.note("removing the names of the suppression list from all records");
    let keys = store.all_keys()?;
    for keys in keys.chunks(BATCH_RECORDS) {
        let visible: Vec<_> = thread::scope(|scope| {
            let store = &*store;
            let read = move |key: &RecordKey| {
                let Some(stored) = store.facts(key)? else { return Ok::<_, StoreError>(None) };
                let visible = without_names(context.suppression, stored.clone());
                let is_unchanged = visible.as_ref() == Some(&stored);
                Ok((!is_unchanged).then_some(visible))
            };
            parallel::map(scope, keys, read).collect()
        });
        for (key, visible) in keys.iter().zip(visible) {
            let Some(visible) = visible? else { continue };
            if visible.is_none() {
                suppressed.insert(key.clone());
            }
            replace(store, changes, context, key, visible)?;
        }
    }
    Ok(suppressed)
}

/// Replaces the facts of a record, whose key may change.
fn replace(
    store: &mut StoreWriter<'_>,
    changes: &mut ChangeSet,
    context: &BuildContext<'_>,
    key: &RecordKey,
    visible: Option<StoredFacts>,
) -> Result<(), StoreError> {
    let aliases = &context.aliases;
    let Some(visible) = visible else {
        return replace_facts(store, changes, aliases, key, Err(RemovalReason::Deleted));
    };
    let new_key = without_name(context.suppression, key.clone());
    if new_key != *key {
        let (digest, identity) = (store.input_digest(key)?, store.identity(key)?);
        replace_facts(store, changes, aliases, key, Err(RemovalReason::Deleted))?;
        if let Some(digest) = digest {
            store.put_input_digest(&new_key, &digest)?;
        }
        if let Some(identity) = identity {
            store.put_identity(&new_key, identity)?;
        }
    }
    let keyed = KeyedFacts::new(&new_key, visible, aliases);
    replace_facts(store, changes, aliases, &new_key, Ok(keyed))
}

/// Removes the identities of suppressed entities, and those whose keys have a name: a known name could
/// be compared with them. Must run after the records are written, which needs them.
pub(crate) fn forget_identities(
    store: &mut StoreWriter<'_>,
    context: &BuildContext<'_>,
    suppressed: &BTreeSet<RecordKey>,
) -> Result<(), StoreError> {
    if !context.has_new_suppression() {
        return Ok(());
    }
    store.remove_identities(|key| {
        suppressed.contains(key) || context.suppression.names(key.remote_key())
    })
}
