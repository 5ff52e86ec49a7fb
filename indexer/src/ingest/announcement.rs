//! Announcements: entries of an archive that contain only the lead of an article, without a URL. An
//! announcement belongs to the one full text whose opening has the same words before or after a name,
//! or the same title and person, and which contains most of its words.

use std::collections::{BTreeMap, BTreeSet};

use schema::NodeKind;

use super::{
    name_keys::{Aliases, is_identity_key, name_keys},
    opening::{is_announcement, is_full_text, is_opening_key, opening_keys, repeats},
};
use crate::{
    source_facts::Facts,
    store::{RecordKey, StoreError, StoreWriter},
};

/// Maximum number of records with a key; a phrase that more openings contain identifies none.
const RECORDS_MAX: usize = 16;
/// The records that an article is the announcement of, or that announce it; `names` has its name keys.
pub(super) fn announced_records(
    store: &StoreWriter<'_>,
    (key, facts): (&RecordKey, &Facts),
    names: &BTreeSet<String>,
    aliases: &Aliases,
) -> Result<BTreeSet<RecordKey>, StoreError> {
    if facts.kind() != NodeKind::Article {
        return Ok(BTreeSet::new());
    }
    let Some(text) = full_text(store, (key, facts), aliases)? else {
        let others = if is_full_text(facts) {
            records_with_keys(store, key, names.iter().filter(|name| is_opening_key(name)))?
        } else {
            BTreeSet::new()
        };
        return announcements(store, (key, facts), others, aliases);
    };
    let Some(stored) = store.facts(&text)? else { return Ok(BTreeSet::new()) };
    let others = records_with_openings(store, &text, &stored.facts)?;
    let announcements = announcements(store, (&text, &stored.facts), others, aliases)?;
    Ok(announcements.contains(key).then_some(text).into_iter().collect())
}

/// The announcements of a full text among other records: at most one per source.
fn announcements(
    store: &StoreWriter<'_>,
    (key, facts): (&RecordKey, &Facts),
    others: BTreeSet<RecordKey>,
    aliases: &Aliases,
) -> Result<BTreeSet<RecordKey>, StoreError> {
    let mut by_source: BTreeMap<String, Vec<RecordKey>> = BTreeMap::new();
    for other in others {
        let Some(stored) = store.facts(&other)? else { continue };
        // Few records are announcements; the comparison of the words takes long.
        let is_announcement =
            full_text(store, (&other, &stored.facts), aliases)?.as_ref() == Some(key);
        if is_announcement && repeats(&stored.facts, facts) {
            by_source.entry(other.source().to_owned()).or_default().push(other);
        }
    }
    let single = by_source.into_values().filter(|announcements| announcements.len() == 1);
    Ok(single.flatten().collect())
}

/// Whether a record is an announcement, which has no identity of its own unless the configuration gives
/// it one.
pub(super) fn lacks_identity(key: &RecordKey, facts: &Facts, aliases: &Aliases) -> bool {
    is_announcement(facts) && !aliases.contain(key)
}

/// The only full text that an announcement can belong to. Texts of several sources that are one
/// record by their URL count once. `None` for a record that is no announcement, or that the
/// configuration assigns.
fn full_text(
    store: &StoreWriter<'_>,
    (key, facts): (&RecordKey, &Facts),
    aliases: &Aliases,
) -> Result<Option<RecordKey>, StoreError> {
    if !lacks_identity(key, facts, aliases) {
        return Ok(None);
    }
    let mut found: Option<(RecordKey, BTreeSet<String>)> = None;
    for other in records_with_openings(store, key, facts)? {
        let Some(stored) = store.facts(&other)? else { continue };
        if !is_full_text(&stored.facts) {
            continue;
        }
        let identities: BTreeSet<String> = name_keys(&other, &stored.facts, aliases)
            .into_iter()
            .filter(|name| is_identity_key(name))
            .collect();
        match &found {
            None => found = Some((other, identities)),
            Some((first, first_identities))
                if first.source() != other.source()
                    && !first_identities.is_disjoint(&identities) => {}
            Some(_) => return Ok(None),
        }
    }
    Ok(found.map(|(key, _)| key))
}

/// The other records with an opening of this one.
pub(super) fn records_with_openings(
    store: &StoreWriter<'_>,
    key: &RecordKey,
    facts: &Facts,
) -> Result<BTreeSet<RecordKey>, StoreError> {
    records_with_keys(store, key, &opening_keys(facts))
}

/// The other records with one of these keys of openings.
fn records_with_keys<'a>(
    store: &StoreWriter<'_>,
    key: &RecordKey,
    names: impl IntoIterator<Item = &'a String>,
) -> Result<BTreeSet<RecordKey>, StoreError> {
    let mut others = BTreeSet::new();
    for name in names {
        let records = store.first_records_with_key(name, RECORDS_MAX + 1)?;
        if records.len() <= RECORDS_MAX {
            others.extend(records.into_iter().filter(|other| other != key));
        }
    }
    Ok(others)
}

/// The records of an opening that may now be merged with others, or no longer.
pub(super) fn records_affected_by_opening(
    store: &StoreWriter<'_>,
    name: &str,
) -> Result<Vec<RecordKey>, StoreError> {
    let records = store.records_with_key(name)?;
    if records.len() <= RECORDS_MAX {
        return Ok(records);
    }
    let mut merged = Vec::new();
    for key in records {
        if let Some(identity) = store.identity(&key)?
            && store.members(identity.id)?.len() > 1
        {
            merged.push(key);
        }
    }
    Ok(merged)
}
