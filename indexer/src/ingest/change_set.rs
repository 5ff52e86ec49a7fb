//! The changes of a build. Every stage processes only what changed and what depends on it, so that
//! its cost is proportional to the change. A full build is the same process with everything
//! changed.

use std::collections::{BTreeMap, BTreeSet};

use schema::RemovalReason;

use super::{
    context::BuildContext,
    name_keys::{Aliases, mentions, name_keys},
};
use crate::store::{RecordKey, StoreError, StoreWriter, StoredFacts};

/// What has changed so far and what may depend on it.
#[derive(Debug, Default)]
pub(crate) struct ChangeSet {
    /// Records that are new, changed or removed (with the reason).
    pub(crate) records: BTreeMap<RecordKey, Option<RemovalReason>>,
    /// Records that formerly shared an entity with a changed record.
    pub(crate) former_members: BTreeSet<RecordKey>,
    /// Names and URLs that may now resolve to another record; records that mention them are
    /// relinked.
    pub(crate) name_keys: BTreeSet<String>,
    /// Names with a mention that was added, removed or changed.
    pub(crate) mentioned_keys: BTreeSet<String>,
}

/// Replaces the facts of a record, or removes them for the reason in `Err`.
pub(crate) fn replace_facts(
    store: &mut StoreWriter<'_>,
    changes: &mut ChangeSet,
    aliases: &Aliases,
    key: &RecordKey,
    new: Result<&StoredFacts, RemovalReason>,
) -> Result<(), StoreError> {
    let old = store.facts(key)?;
    let (old_facts, new_facts) = (old.as_ref().map(|o| &o.facts), new.ok().map(|n| &n.facts));

    let keys_of = |facts| name_keys(key, facts, aliases);
    let (old_keys, new_keys) =
        (old_facts.map(keys_of).unwrap_or_default(), new_facts.map(keys_of).unwrap_or_default());
    for name in old_keys.difference(&new_keys) {
        store.remove_key(name, key)?;
    }
    for name in new_keys.difference(&old_keys) {
        store.add_key(name, key)?;
    }
    changes.name_keys.extend(old_keys.symmetric_difference(&new_keys).cloned());

    let old_mentions = old_facts.map(mentions).unwrap_or_default();
    let new_mentions = new_facts.map(mentions).unwrap_or_default();
    for (name, mention) in &old_mentions {
        if new_mentions.get(name) != Some(mention) {
            store.remove_mention(name, key)?;
            changes.mentioned_keys.insert(name.clone());
        }
    }
    for (name, mention) in &new_mentions {
        if old_mentions.get(name) != Some(mention) {
            store.add_mention(name, key, mention)?;
            changes.mentioned_keys.insert(name.clone());
        }
    }

    if let Some(identity) = store.identity(key)? {
        changes.former_members.extend(store.members(identity.id)?);
    }
    match new {
        Ok(facts) => store.put_facts(key, facts)?,
        Err(_) => store.remove_facts(key)?,
    }
    changes.records.insert(key.clone(), new.err());
    Ok(())
}

/// Marks all records as changed in a store that does not yet contain anything derived from their
/// facts.
pub(crate) fn rederive(
    store: &mut StoreWriter<'_>,
    changes: &mut ChangeSet,
    context: &BuildContext<'_>,
) -> Result<(), StoreError> {
    for key in store.all_keys()? {
        let Some(stored) = store.facts(&key)? else { continue };
        for name in name_keys(&key, &stored.facts, &context.aliases) {
            store.add_key(&name, &key)?;
            changes.name_keys.insert(name);
        }
        for (name, mention) in mentions(&stored.facts) {
            store.add_mention(&name, &key, &mention)?;
            changes.mentioned_keys.insert(name);
        }
        changes.records.entry(key).or_default();
    }
    Ok(())
}
