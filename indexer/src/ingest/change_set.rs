//! The changes of a build. Every stage processes only what changed and what depends on it, so that
//! its cost is proportional to the change. A full build is the same process with everything
//! changed.

use std::collections::{BTreeMap, BTreeSet};

use schema::RemovalReason;

use super::{
    context::{BuildContext, Extent},
    name_keys::{Aliases, mentions, name_keys},
};
use crate::store::{Compressed, Mention, RecordKey, StoreError, StoreWriter, StoredFacts};

/// What has changed so far and what may depend on it.
#[derive(Debug)]
pub(crate) struct ChangeSet {
    /// Which records of the store are changed ones.
    pub(crate) extent: Extent,
    /// Records that are new, changed or removed (with the reason).
    pub(crate) records: BTreeMap<RecordKey, Option<RemovalReason>>,
    /// Records that formerly shared an entity with a changed record.
    pub(crate) former_members: BTreeSet<RecordKey>,
    /// Names and URLs that may now resolve to another record; records that mention them are
    /// relinked. Empty if all records are changed, since no name leads to a further one then.
    pub(crate) name_keys: BTreeSet<String>,
    /// Names with a mention that was added, removed or changed.
    pub(crate) mentioned_keys: BTreeSet<String>,
}

impl ChangeSet {
    pub(crate) fn new(extent: Extent) -> Self {
        Self {
            extent,
            records: BTreeMap::new(),
            former_members: BTreeSet::new(),
            name_keys: BTreeSet::new(),
            mentioned_keys: BTreeSet::new(),
        }
    }

    /// Adds names that may now resolve to another record.
    pub(crate) fn add_name_keys(&mut self, names: impl IntoIterator<Item = String>) {
        if self.extent == Extent::Partial {
            self.name_keys.extend(names);
        }
    }
}

/// The facts of a record, with everything that is derived from them alone.
#[derive(Debug)]
pub(crate) struct KeyedFacts {
    pub(crate) stored: StoredFacts,
    bytes: Compressed<StoredFacts>,
    names: BTreeSet<String>,
    mentions: BTreeMap<String, Mention>,
}

impl KeyedFacts {
    pub(crate) fn new(key: &RecordKey, stored: StoredFacts, aliases: &Aliases) -> Self {
        Self {
            bytes: Compressed::new(&stored),
            names: name_keys(key, &stored.facts, aliases),
            mentions: mentions(&stored.facts),
            stored,
        }
    }
}

/// Replaces the facts of a record, or removes them for the reason in `Err`.
pub(crate) fn replace_facts(
    store: &mut StoreWriter<'_>,
    changes: &mut ChangeSet,
    aliases: &Aliases,
    key: &RecordKey,
    new: Result<KeyedFacts, RemovalReason>,
) -> Result<(), StoreError> {
    let old = store.facts(key)?;
    let old_facts = old.as_ref().map(|old| &old.facts);
    let removal = new.as_ref().err().copied();
    let (bytes, new_keys, new_mentions) = match new {
        Ok(new) => (Some(new.bytes), new.names, new.mentions),
        Err(_) => (None, BTreeSet::new(), BTreeMap::new()),
    };

    let old_keys = old_facts.map(|facts| name_keys(key, facts, aliases)).unwrap_or_default();
    for name in old_keys.difference(&new_keys) {
        store.remove_key(name, key)?;
    }
    for name in new_keys.difference(&old_keys) {
        store.add_key(name, key)?;
    }
    changes.add_name_keys(old_keys.symmetric_difference(&new_keys).cloned());

    let old_mentions = old_facts.map(mentions).unwrap_or_default();
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
    match bytes {
        Some(bytes) => store.put_facts(key, &bytes)?,
        None => store.remove_facts(key)?,
    }
    changes.records.insert(key.clone(), removal);
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
        }
        for (name, mention) in mentions(&stored.facts) {
            store.add_mention(&name, &key, &mention)?;
            changes.mentioned_keys.insert(name);
        }
        changes.records.entry(key).or_default();
    }
    Ok(())
}
