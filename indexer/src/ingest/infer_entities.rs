//! Inferred entities: themes, people, organisations and audiences that sources only mention.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schema::{NodeKind, RemovalReason, SourceName, SourceRecord, normalisation};

use super::{
    announcement::announced_records,
    change_set::{ChangeSet, KeyedFacts, replace_facts},
    context::BuildContext,
    name_keys::{
        Aliases, alternative_name_key, assumed_kind_key, is_identity_key, is_key_between_sources,
        name_keys, normalised_url_key, parse_entity_key,
    },
};
use crate::{
    source_facts::{AudienceFacts, Detail, Facts, OrganisationFacts, PersonFacts, ThemeFacts},
    store::{RecordKey, StoreError, StoreWriter, StoredFacts},
};

/// Records that share a name with the record of `key` and are therefore the same entity.
pub(crate) fn connected_records(
    store: &StoreWriter<'_>,
    key: &RecordKey,
    facts: &Facts,
    aliases: &Aliases,
) -> Result<Vec<RecordKey>, StoreError> {
    let names = name_keys(key, facts, aliases);
    let mut connected: Vec<_> =
        announced_records(store, (key, facts), &names, aliases)?.into_iter().collect();
    connected.extend(records_of_page(store, facts)?);
    for name in names {
        if is_identity_key(&name) {
            let records = store.records_with_key(&name)?;
            if !is_key_between_sources(&name) || is_one_per_source(&records) {
                connected.extend(records);
            }
        }
        if let Some((kind, folded)) = parse_entity_key(&name)
            && let Some(owner) = alternative_name_owner(store, kind, folded)?
        {
            let inferred_key = RecordKey::inferred(kind, folded);
            if owner == *key {
                connected.push(inferred_key);
            } else if inferred_key == *key {
                connected.push(owner);
            }
        }
    }
    Ok(connected)
}

/// The records of the page of a record, if the kind of some is assumed and the others have one kind.
/// Empty if that kind is the assumed one: they share a key then.
fn records_of_page(store: &StoreWriter<'_>, facts: &Facts) -> Result<Vec<RecordKey>, StoreError> {
    let url = facts.url.as_ref().filter(|_| facts.kind().is_content());
    let Some(url) = url.map(normalisation::url) else { return Ok(Vec::new()) };
    let assumed = store.records_with_key(&assumed_kind_key(&url))?;
    if assumed.is_empty() {
        return Ok(Vec::new());
    }
    let mut stated = Vec::new();
    for kind in NodeKind::ALL.into_iter().filter(|kind| kind.is_content()) {
        let mut records = store.records_with_key(&normalised_url_key(kind, &url))?;
        records.retain(|key| !assumed.contains(key));
        if !records.is_empty() {
            stated.push((kind, records));
        }
    }
    let [(kind, stated)] = stated.as_slice() else { return Ok(Vec::new()) };
    let all = [assumed.as_slice(), stated].concat();
    let is_identified = *kind != NodeKind::Article && is_one_per_source(&all);
    Ok(if is_identified { all } else { Vec::new() })
}

/// Whether each source has at most one of these records. If a source gives several records the same
/// URL or UID, it does not identify any of them.
fn is_one_per_source(records: &[RecordKey]) -> bool {
    let mut sources = BTreeSet::new();
    records.iter().all(|key| sources.insert(key.source()))
}

/// The record that has `folded` as an alternative name, unless a described entity has it as its
/// full name. If there are several, the first by key.
fn alternative_name_owner(
    store: &StoreWriter<'_>,
    kind: NodeKind,
    folded: &str,
) -> Result<Option<RecordKey>, StoreError> {
    let full_name_records = store.records_with_key(&format!("name:{}/{folded}", kind.as_str()))?;
    if full_name_records.iter().any(|key| key.source() != SourceName::inferred().as_str()) {
        return Ok(None);
    }
    Ok(store.records_with_key(&alternative_name_key(kind, folded))?.into_iter().next())
}

/// Adds entities that are only mentioned, and removes those that are no longer mentioned.
pub(crate) fn infer_entities(
    store: &mut StoreWriter<'_>,
    changes: &mut ChangeSet,
    context: &BuildContext<'_>,
) -> Result<(), StoreError> {
    let mut names = BTreeSet::new();
    for name in changes.name_keys.union(&changes.mentioned_keys) {
        if name.starts_with("name:") {
            names.insert(name.clone());
        } else if let Some(folded) = name.strip_prefix("title:community/") {
            names.insert(format!("name:{}/{folded}", NodeKind::Organisation.as_str()));
        }
    }
    for name in names {
        let Some((kind, folded)) = parse_entity_key(&name) else { continue };
        let key = RecordKey::inferred(kind, folded);
        let stored = store.facts(&key)?;
        let label = most_frequent_label(store, &name, folded)?;
        let stored_label = stored.as_ref().and_then(|stored| stored.facts.title.as_deref());
        if stored_label == label.as_deref() {
            continue;
        }
        if let Some(label) = label {
            let since = stored.map_or(context.config.now, |stored| stored.record.fetched_at);
            let facts = inferred_facts(kind, &key, label, since);
            let facts = KeyedFacts::new(&key, facts, &context.aliases);
            replace_facts(store, changes, &context.aliases, &key, Ok(facts))?;
        } else {
            let removal = Err(RemovalReason::Missing);
            replace_facts(store, changes, &context.aliases, &key, removal)?;
        }
    }
    Ok(())
}

/// The most frequent spelling of a name; for a tie, the first. `None` if no mention refers to an
/// entity of this kind.
fn most_frequent_label(
    store: &StoreWriter<'_>,
    name: &str,
    folded: &str,
) -> Result<Option<String>, StoreError> {
    let mut mentions = store.mentions(name)?;
    if mentions.iter().any(|(_, mention)| !mention.certain)
        && !store.records_with_key(&format!("title:community/{folded}"))?.is_empty()
    {
        mentions.retain(|(_, mention)| mention.certain);
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (_, mention) in mentions {
        *counts.entry(mention.label).or_default() += 1;
    }
    let most_frequent = counts.iter().max_by(|l, r| l.1.cmp(r.1).then(r.0.cmp(l.0)));
    Ok(most_frequent.map(|(label, _)| label.clone()))
}

fn inferred_facts(kind: NodeKind, key: &RecordKey, label: String, since: Timestamp) -> StoredFacts {
    let detail = match kind {
        NodeKind::Theme => Detail::Theme(ThemeFacts::default()),
        NodeKind::Organisation => Detail::Organisation(OrganisationFacts::default()),
        NodeKind::Person => Detail::Person(PersonFacts::default()),
        _ => Detail::Audience(AudienceFacts::default()),
    };
    StoredFacts {
        record: SourceRecord {
            source: SourceName::inferred(),
            remote_key: key.remote_key().to_owned(),
            location: String::new(),
            url: None,
            fetched_at: since,
            content_hash: blake3::hash(label.as_bytes()).to_hex().to_string(),
        },
        facts: Facts { title: Some(label), ..Facts::empty(detail) },
    }
}
