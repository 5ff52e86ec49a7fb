//! Entity mentions: the declared communities, toolkits, organisations and people that the text of
//! content names, each with the sentence of its first mention.
//!
//! Texts that changed are searched for all names, and all texts for the names that changed.

mod recogniser;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use schema::{EntityMention, MentionText, NodeId, NodeKind, Origin, Record};

use self::recogniser::{DeclaredName, Recogniser, ambiguous_names};
use super::{report::AmbiguousName, source::sentences::sentence_range, write::WriteResult};
use crate::store::{EntityName, Relation, StoreError, StoreWriter};

/// Maximum number of entities per text.
const MENTIONS_MAX: usize = 100;
/// Kinds of entities whose names are looked for.
const NAMED_KINDS: [NodeKind; 4] =
    [NodeKind::Organisation, NodeKind::Community, NodeKind::Toolkit, NodeKind::Person];

/// Finds the mentions in all texts that changed, and those of all names that changed. Returns the
/// names that are not looked for, since several entities have them.
pub(crate) fn update(
    store: &mut StoreWriter<'_>,
    result: &mut WriteResult,
) -> Result<Vec<AmbiguousName>, StoreError> {
    let names = declared_names(store)?;
    let ambiguous = ambiguous_names(&names);
    let is_unique =
        |name: &&DeclaredName| !ambiguous.contains_key(&schema::normalisation::name(&name.name));
    let searched: Vec<DeclaredName> = names.iter().filter(is_unique).cloned().collect();
    let current: Vec<EntityName> =
        searched.iter().map(|name| (name.name.clone(), name.entity)).collect();
    let previous = store.mention_names()?;
    let recogniser = Recogniser::new(&searched);
    let mut texts: BTreeSet<NodeId> =
        result.upserted.iter().filter(|id| id.kind().is_content()).copied().collect();
    let renamed = texts_with_changed_names(store, &texts, &searched, (&current, &previous))?;
    texts.extend(renamed);
    for id in texts {
        let Some(record) = store.record(id)? else { continue };
        let mentions = mentions(store, &recogniser, &record)?;
        if mentions != store.entity_mentions(id)? {
            store.put_entity_mentions(id, &mentions)?;
            result.upserted.insert(id);
        }
    }
    if current != previous {
        store.put_mention_names(&current)?;
    }
    report(store, &ambiguous)
}

/// The names of all declared entities.
fn declared_names(store: &StoreWriter<'_>) -> Result<BTreeSet<DeclaredName>, StoreError> {
    let mut names = BTreeSet::new();
    for kind in NAMED_KINDS {
        for id in store.ids_of(kind)? {
            let Some(record) = store.record(id)? else { continue };
            let mut add = |name: &str, is_short| {
                names.insert(DeclaredName { name: name.to_owned(), entity: id, is_short });
            };
            match &record {
                Record::Organisation(organisation) if organisation.origin == Origin::Declared => {
                    add(&organisation.name, false);
                    for name in organisation.abbreviations.iter().chain(&organisation.aliases) {
                        add(name, false);
                    }
                }
                Record::Community(community) => {
                    add(&community.common.title, false);
                    for name in &community.aliases {
                        add(name, false);
                    }
                    if let Some(name) = &community.short_name {
                        add(name, !name.contains(' '));
                    }
                }
                Record::Toolkit(toolkit) => {
                    add(&toolkit.common.title, false);
                    for name in &toolkit.aliases {
                        add(name, false);
                    }
                }
                // The first name of a person denotes others too.
                Record::Person(person)
                    if person.origin == Origin::Declared && person.name.contains(' ') =>
                {
                    add(&person.name, false);
                }
                _ => {}
            }
        }
    }
    Ok(names)
}

/// The texts besides `changed` that contain a name that is new, or contained one that is no longer
/// looked for.
fn texts_with_changed_names(
    store: &StoreWriter<'_>,
    changed: &BTreeSet<NodeId>,
    searched: &[DeclaredName],
    (current, previous): (&[EntityName], &[EntityName]),
) -> Result<BTreeSet<NodeId>, StoreError> {
    let (now, before): (BTreeSet<_>, BTreeSet<_>) =
        (current.iter().collect(), previous.iter().collect());
    let mut texts = BTreeSet::new();
    for (_, entity) in before.difference(&now) {
        texts.extend(store.linked(*entity, Relation::NamedIn)?);
    }
    let is_new = |name: &&DeclaredName| !before.contains(&(name.name.clone(), name.entity));
    let new: Vec<&DeclaredName> = searched.iter().filter(is_new).collect();
    if new.is_empty() {
        return Ok(texts);
    }
    let recogniser = Recogniser::new(new);
    for kind in NodeKind::ALL.into_iter().filter(|kind| kind.is_content()) {
        for id in store.ids_of(kind)?.into_iter().filter(|id| !changed.contains(id)) {
            let Some(record) = store.record(id)? else { continue };
            if !mentions(store, &recogniser, &record)?.is_empty() {
                texts.insert(id);
            }
        }
    }
    Ok(texts)
}

/// The entities that the text of a record names, other than itself.
fn mentions(
    store: &StoreWriter<'_>,
    recogniser: &Recogniser,
    record: &Record,
) -> Result<Vec<EntityMention>, StoreError> {
    let Some(common) = record.common() else { return Ok(Vec::new()) };
    let lead = match record {
        Record::Article(article) => article.lead.as_deref(),
        _ => None,
    };
    let body = store.body(common.id)?;
    let mut mentions: Vec<EntityMention> = Vec::new();
    let mut add = |found: Vec<(NodeId, Range<usize>)>,
                   text: &dyn Fn(Range<usize>) -> MentionText| {
        for (entity, range) in found {
            let is_known = mentions.iter().any(|mention| mention.entity == entity);
            if entity != common.id && !is_known && mentions.len() < MENTIONS_MAX {
                mentions.push(EntityMention { entity, text: text(range) });
            }
        }
    };
    // A sentence of the body shows more than the title does.
    if let Some(body) = &body {
        add(recogniser.find(&body.text), &|range| {
            let sentence = sentence_range(&body.text, range);
            let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            MentionText::Body { start: offset(sentence.start), end: offset(sentence.end) }
        });
    }
    for text in [lead, common.summary.as_deref()].into_iter().flatten() {
        add(recogniser.find(text), &|_| MentionText::Summary);
    }
    add(recogniser.find(&common.title), &|_| MentionText::Title);
    Ok(mentions)
}

fn report(
    store: &StoreWriter<'_>,
    ambiguous: &BTreeMap<String, Vec<NodeId>>,
) -> Result<Vec<AmbiguousName>, StoreError> {
    let mut reported = Vec::new();
    for (name, ids) in ambiguous {
        let mut entities = Vec::new();
        for id in ids {
            entities.extend(store.record(*id)?.map(|record| record.name().to_owned()));
        }
        reported.push(AmbiguousName { name: name.clone(), entities });
    }
    Ok(reported)
}
