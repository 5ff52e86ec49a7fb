//! Announcements: entries of an archive that contain only the lead of an article, without a URL. An
//! announcement belongs to the one full text whose opening has the same words around a name, or the
//! same title and person.

use std::collections::BTreeSet;

use schema::NodeKind;

use super::{
    name_keys::{Aliases, name_keys},
    opening::{is_announcement, is_full_text, opening_keys},
};
use crate::{
    source_facts::Facts,
    store::{RecordKey, StoreError, StoreWriter},
};

/// Maximum number of records with a key; a phrase that more openings contain identifies none.
const RECORDS_MAX: usize = 16;
/// The records that an article is the announcement of, or that announce it.
pub(super) fn announced_records(
    store: &StoreWriter<'_>,
    (key, facts): (&RecordKey, &Facts),
    aliases: &Aliases,
) -> Result<BTreeSet<RecordKey>, StoreError> {
    if facts.kind() != NodeKind::Article {
        return Ok(BTreeSet::new());
    }
    if is_announcement(facts) {
        return Ok(full_text(store, (key, facts), aliases)?.into_iter().collect());
    }
    let mut announcements = BTreeSet::new();
    if is_full_text(facts) {
        for other in records_with_openings(store, key, facts)? {
            let Some(stored) = store.facts(&other)? else { continue };
            if is_announcement(&stored.facts)
                && full_text(store, (&other, &stored.facts), aliases)?.as_ref() == Some(key)
            {
                announcements.insert(other);
            }
        }
    }
    Ok(announcements)
}

/// The only full text that an announcement belongs to. Texts that are one record by their URL or by
/// an alias count once.
fn full_text(
    store: &StoreWriter<'_>,
    (key, facts): (&RecordKey, &Facts),
    aliases: &Aliases,
) -> Result<Option<RecordKey>, StoreError> {
    let mut found: Option<(RecordKey, BTreeSet<String>)> = None;
    for other in records_with_openings(store, key, facts)? {
        let Some(stored) = store.facts(&other)? else { continue };
        if !is_full_text(&stored.facts) {
            continue;
        }
        let identities: BTreeSet<String> = name_keys(&other, &stored.facts, aliases)
            .into_iter()
            .filter(|name| name.starts_with("url:") || name.starts_with("alias:"))
            .collect();
        match &found {
            None => found = Some((other, identities)),
            Some((_, first)) if !first.is_disjoint(&identities) => {}
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
    let mut others = BTreeSet::new();
    for name in opening_keys(facts) {
        let records = store.records_with_key(&name)?;
        if records.len() <= RECORDS_MAX {
            others.extend(records.into_iter().filter(|other| other != key));
        }
    }
    Ok(others)
}
