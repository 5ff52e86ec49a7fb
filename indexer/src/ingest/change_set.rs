//! The way of the data, one file a stage: (fetch, parse: `source`) ► normalise ► collect ► merge ►
//! link ► write.
//!
//! Every stage works on what changed and on what that touches, so that its cost grows with the
//! change. A full build is the same work with everything changed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use schema::{GenerationNumber, RemovalReason, SourceName};
use url::Url;

use crate::{
    ingest::{config::ResolvedSource, infer_entities::Aliases},
    store::{RecordKey, StoreError, StoreWriter, StoredFacts},
};

/// What all stages are told.
pub(crate) struct BuildContext {
    /// The generation under construction.
    pub(crate) generation: GenerationNumber,
    /// When it is built.
    pub(crate) now: Timestamp,
    /// Base of the addresses of our own item pages.
    pub(crate) item_url: Url,
    /// What an operator says is one thing.
    pub(crate) aliases: Aliases,
    /// Days added to every date of every source.
    pub(crate) shift_days: i64,
    precedence: HashMap<String, (i32, usize)>,
}

impl BuildContext {
    pub(crate) fn new(
        (generation, now): (GenerationNumber, Timestamp),
        item_url: &Url,
        aliases: &[Vec<String>],
        shift_days: i64,
        sources: &[ResolvedSource],
    ) -> Self {
        let precedence =
            sources.iter().map(|s| (s.name.to_string(), (-s.trust, s.order))).collect();
        let aliases = Aliases::new(aliases);
        Self { generation, now, item_url: item_url.clone(), aliases, shift_days, precedence }
    }

    /// Orders records by whom to believe: trust, place in the configuration, key; what is only
    /// inferred comes last.
    pub(crate) fn precedence<'a>(&self, key: &'a RecordKey) -> (bool, i32, usize, &'a str) {
        let inferred = key.source() == SourceName::inferred().as_str();
        let (trust, order) =
            self.precedence.get(key.source()).copied().unwrap_or((i32::MAX, usize::MAX));
        (inferred, trust, order, key.as_str())
    }
}

/// What has changed so far, and what that may touch.
#[derive(Debug, Default)]
pub(crate) struct ChangeSet {
    /// Records that are new, changed, or gone (and why).
    pub(crate) records: BTreeMap<RecordKey, Option<RemovalReason>>,
    /// Records that were one thing with a changed one.
    pub(crate) former_members: BTreeSet<RecordKey>,
    /// Names and addresses that may lead elsewhere now: whoever mentions them is linked anew.
    pub(crate) name_keys: BTreeSet<String>,
    /// Names that are newly mentioned, or not any more, or written in another way.
    pub(crate) mentioned_keys: BTreeSet<String>,
}

/// Puts what a record says in place of what it said; `Err` reason where it is gone.
pub(crate) fn replace_facts(
    store: &mut StoreWriter<'_>,
    changes: &mut ChangeSet,
    aliases: &Aliases,
    key: &RecordKey,
    new: Result<&StoredFacts, RemovalReason>,
) -> Result<(), StoreError> {
    let old = store.facts(key)?;
    let (old_facts, new_facts) = (old.as_ref().map(|o| &o.facts), new.ok().map(|n| &n.facts));

    let keys_of = |facts| crate::ingest::infer_entities::name_keys(key, facts, aliases);
    let (old_keys, new_keys) =
        (old_facts.map(keys_of).unwrap_or_default(), new_facts.map(keys_of).unwrap_or_default());
    for name in old_keys.difference(&new_keys) {
        store.remove_key(name, key)?;
    }
    for name in new_keys.difference(&old_keys) {
        store.add_key(name, key)?;
    }
    changes.name_keys.extend(old_keys.symmetric_difference(&new_keys).cloned());

    let old_mentions = old_facts.map(crate::ingest::infer_entities::mentions).unwrap_or_default();
    let new_mentions = new_facts.map(crate::ingest::infer_entities::mentions).unwrap_or_default();
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

/// Derives everything anew from what sources say, in a store that holds nothing derived yet.
pub(crate) fn rederive(
    store: &mut StoreWriter<'_>,
    changes: &mut ChangeSet,
    context: &BuildContext,
) -> Result<(), StoreError> {
    for key in store.all_keys()? {
        let Some(stored) = store.facts(&key)? else { continue };
        for name in crate::ingest::infer_entities::name_keys(&key, &stored.facts, &context.aliases)
        {
            store.add_key(&name, &key)?;
            changes.name_keys.insert(name);
        }
        for (name, mention) in crate::ingest::infer_entities::mentions(&stored.facts) {
            store.add_mention(&name, &key, &mention)?;
            changes.mentioned_keys.insert(name);
        }
        changes.records.entry(key).or_default();
    }
    Ok(())
}
