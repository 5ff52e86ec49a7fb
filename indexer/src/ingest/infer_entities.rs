//! Names: by what a thing can be found or merged, which names a thing mentions, and the things that
//! are known by name alone.
//!
//! A name is a text with a prefix that says what it is good for:
//! `url:` and `alias:` join records to one thing; `name:kind/…` joins records of entities by their
//! full name; `also:kind/…` is another name of an entity, under which mentions find it; `title:kind/…`
//! leads to content by its title; `slug:kind/…` guards our own addresses.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use schema::{NodeKind, SourceName, SourceRecord, normalisation};
use url::Url;

use super::change_set::{BuildContext, ChangeSet, replace_facts};
use crate::{
    facts::{
        ArticleFacts, AudienceFacts, Detail, Facts, OrganisationFacts, PersonFacts, ThemeFacts,
    },
    store::{Mention, RecordKey, StoreError, StoreWriter, StoredFacts},
};

/// Groups of references (`source:key` or an address) that an operator says are one thing each.
#[derive(Debug, Default)]
pub(crate) struct Aliases(HashMap<String, usize>);

impl Aliases {
    pub(crate) fn new(groups: &[Vec<String>]) -> Self {
        let references_of = |(index, group): (usize, &Vec<String>)| {
            group
                .iter()
                .map(move |reference| (normalise_reference(reference), index))
                .collect::<Vec<_>>()
        };
        Self(groups.iter().enumerate().flat_map(references_of).collect())
    }
}

fn normalise_reference(reference: &str) -> String {
    match Url::parse(reference) {
        Ok(url) if url.has_host() => normalisation::url(&url),
        _ => reference.to_owned(),
    }
}

/// Everything by which a record can be found or merged.
pub(crate) fn name_keys(key: &RecordKey, facts: &Facts, aliases: &Aliases) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    let kind = facts.kind();
    let by_reference = aliases.0.get(&key.to_string());
    let by_url = facts.url.as_ref().and_then(|url| aliases.0.get(&normalisation::url(url)));
    keys.extend(by_reference.into_iter().chain(by_url).map(|group| format!("alias:{group}")));
    if kind.is_content() {
        keys.extend(facts.url.as_ref().map(url_key));
        keys.insert(slug_key(kind, &base_slug(facts)));
        keys.extend(facts.name().map(|title| title_key(kind, title)));
        if let Detail::Community(community) = &facts.detail {
            keys.extend(community.short_name.iter().map(|name| title_key(kind, name)));
        }
        return keys;
    }
    keys.extend(facts.name().map(|name| entity_key(kind, name)));
    let alternative_names: Vec<&String> = match &facts.detail {
        Detail::Theme(theme) => theme.alt_labels.iter().collect(),
        Detail::Organisation(organisation) => {
            organisation.abbreviations.iter().chain(&organisation.aliases).collect()
        }
        _ => Vec::new(),
    };
    keys.extend(
        alternative_names
            .into_iter()
            .map(|name| alternative_name_key(kind, &normalisation::name(name))),
    );
    keys
}

/// Whether records that share this name are one thing.
pub(crate) fn is_identity_key(name: &str) -> bool {
    ["url:", "alias:", "name:"].iter().any(|prefix| name.starts_with(prefix))
}

/// Everything a record mentions, and how.
pub(crate) fn mentions(facts: &Facts) -> BTreeMap<String, Mention> {
    let mut mentions = MentionCollector(BTreeMap::new());
    mentions.entities(NodeKind::Theme, &facts.themes);
    mentions.entities(NodeKind::Audience, &facts.audiences);
    mentions.entities(NodeKind::Organisation, &facts.organisations);
    mentions.entities(NodeKind::Person, &facts.people);
    mentions.content(NodeKind::Community, &facts.communities);
    match &facts.detail {
        Detail::Article(article) => mentions.article(article),
        Detail::Toolkit(toolkit) => {
            mentions.content(NodeKind::Community, toolkit.origin_community.as_slice());
            mentions.entities(NodeKind::Organisation, &toolkit.maintainers);
        }
        Detail::Community(community) => {
            mentions.entities(NodeKind::Organisation, &community.origin_organisations);
            mentions.entities(NodeKind::Person, &community.coordinators);
            mentions.content(NodeKind::Community, &community.related);
        }
        Detail::Event(event) => {
            mentions.entities(NodeKind::Person, &event.speakers);
            for session in &event.sessions {
                mentions.entities(NodeKind::Person, &session.speakers);
            }
            for organiser in &event.organisers {
                mentions.add(content_key(NodeKind::Community, organiser), organiser, false);
                if parse_web_url(organiser).is_none() {
                    mentions.add(entity_key(NodeKind::Organisation, organiser), organiser, false);
                }
            }
        }
        Detail::Theme(theme) => mentions.entities(NodeKind::Theme, theme.broader.as_slice()),
        Detail::Organisation(organisation) => {
            mentions.entities(NodeKind::Organisation, organisation.parent.as_slice());
        }
        Detail::Person(_) | Detail::Audience(_) => {}
    }
    mentions.0
}

struct MentionCollector(BTreeMap<String, Mention>);

impl MentionCollector {
    fn add(&mut self, name: String, label: &str, certain: bool) {
        let mention = Mention { label: label.trim().to_owned(), certain };
        let entry = self.0.entry(name).or_insert_with(|| mention.clone());
        if certain && !entry.certain {
            *entry = mention;
        }
    }

    fn entities(&mut self, kind: NodeKind, names: &[String]) {
        for name in names.iter().filter(|name| !normalisation::name(name).is_empty()) {
            self.add(entity_key(kind, name), name, true);
        }
    }

    fn content(&mut self, kind: NodeKind, references: &[String]) {
        for reference in references {
            self.add(content_key(kind, reference), reference, true);
        }
    }

    fn article(&mut self, article: &ArticleFacts) {
        self.entities(NodeKind::Person, &article.authors);
        self.entities(NodeKind::Person, &article.interviewees);
        for quote in &article.quotes {
            self.entities(NodeKind::Person, quote.person.as_slice());
            self.entities(NodeKind::Organisation, quote.organisation.as_slice());
        }
        self.content(NodeKind::Event, article.reports_on.as_slice());
    }
}

/// The name under which content is looked for: its address, or its title.
pub(crate) fn content_key(kind: NodeKind, reference: &str) -> String {
    parse_web_url(reference).map_or_else(|| title_key(kind, reference), |url| url_key(&url))
}

pub(crate) fn url_key(url: &Url) -> String {
    format!("url:{}", normalisation::url(url))
}

pub(crate) fn entity_key(kind: NodeKind, name: &str) -> String {
    format!("name:{}/{}", kind.as_str(), normalisation::name(name))
}

pub(crate) fn slug_key(kind: NodeKind, slug: &str) -> String {
    format!("slug:{}/{slug}", kind.as_str())
}

fn alternative_name_key(kind: NodeKind, folded: &str) -> String {
    format!("also:{}/{folded}", kind.as_str())
}

fn title_key(kind: NodeKind, title: &str) -> String {
    format!("title:{}/{}", kind.as_str(), normalisation::name(title))
}

fn parse_web_url(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// The last part of our own address, before it is made unique.
pub(crate) fn base_slug(facts: &Facts) -> String {
    let name = facts.slug.as_deref().or(facts.name()).unwrap_or_default();
    let slug = normalisation::slug(name);
    if slug.is_empty() { facts.kind().as_str().to_owned() } else { slug }
}

/// Kind and folded name of an entity, from its `name:` or `also:` key.
pub(crate) fn parse_entity_key(name: &str) -> Option<(NodeKind, &str)> {
    let rest = name.strip_prefix("name:").or_else(|| name.strip_prefix("also:"))?;
    let (kind_name, folded) = rest.split_once('/')?;
    let kind = NodeKind::ALL.into_iter().find(|kind| kind.as_str() == kind_name)?;
    Some((kind, folded))
}

/// Records that are one thing with the record of `key`, as far as its own names tell.
pub(crate) fn connected_records(
    store: &StoreWriter<'_>,
    key: &RecordKey,
    facts: &Facts,
    aliases: &Aliases,
) -> Result<Vec<RecordKey>, StoreError> {
    let mut connected = Vec::new();
    for name in name_keys(key, facts, aliases) {
        if is_identity_key(&name) {
            connected.extend(store.records_with_key(&name)?);
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

/// The record for which `folded` is another name, where no described thing has it as its full name.
/// Of several, the first by key.
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

/// Brings things into being that are only mentioned, and lets go of those that no longer are.
pub(crate) fn infer_entities(
    store: &mut StoreWriter<'_>,
    changes: &mut ChangeSet,
    context: &BuildContext,
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
            let since = stored.map_or(context.now, |stored| stored.record.fetched_at);
            let facts = inferred_facts(kind, &key, label, since);
            replace_facts(store, changes, &context.aliases, &key, Ok(&facts))?;
        } else {
            let removal = Err(schema::RemovalReason::Missing);
            replace_facts(store, changes, &context.aliases, &key, removal)?;
        }
    }
    Ok(())
}

/// The way in which a name is written most often; of equals the first. `None` where no mention of
/// it means such a thing.
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
