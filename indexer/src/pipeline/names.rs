//! Names: by what a thing can be found or merged, which names a thing mentions, and the things that
//! are known by name alone.
//!
//! A name is a text with a prefix that says what it is good for:
//! `url:` and `alias:` join records to one thing; `name:kind/…` joins records of entities by their
//! full name; `also:kind/…` is another name of an entity, under which mentions find it; `title:kind/…`
//! leads to content by its title; `slug:kind/…` guards our own addresses.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use schema::{NodeKind, SourceName, SourceRecord, fold};
use url::Url;

use super::{Settings, Touched, change_facts};
use crate::{
    facts::{
        ArticleFacts, AudienceFacts, Detail, Facts, OrganisationFacts, PersonFacts, ThemeFacts,
    },
    store::{Mentioned, RecordKey, StoreError, StoreWriter, StoredFacts},
};

/// Groups of references (`source:key` or an address) that an operator says are one thing each.
#[derive(Debug, Default)]
pub(crate) struct Aliases(HashMap<String, usize>);

impl Aliases {
    pub(crate) fn new(groups: &[Vec<String>]) -> Self {
        let each = |(place, group): (usize, &Vec<String>)| {
            group.iter().map(move |reference| (alias(reference), place)).collect::<Vec<_>>()
        };
        Self(groups.iter().enumerate().flat_map(each).collect())
    }
}

fn alias(reference: &str) -> String {
    match Url::parse(reference) {
        Ok(url) if url.has_host() => fold::url(&url),
        _ => reference.to_owned(),
    }
}

/// Everything by which a record can be found or merged.
pub(crate) fn keys(key: &RecordKey, facts: &Facts, aliases: &Aliases) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    let kind = facts.kind();
    let by_reference = aliases.0.get(&key.to_string());
    let by_url = facts.url.as_ref().and_then(|url| aliases.0.get(&fold::url(url)));
    keys.extend(by_reference.into_iter().chain(by_url).map(|group| format!("alias:{group}")));
    if kind.is_content() {
        keys.extend(facts.url.as_ref().map(url_name));
        keys.insert(slug_name(kind, &base_slug(facts)));
        keys.extend(facts.name().map(|title| title_name(kind, title)));
        if let Detail::Community(community) = &facts.detail {
            keys.extend(community.short_name.iter().map(|name| title_name(kind, name)));
        }
        return keys;
    }
    keys.extend(facts.name().map(|name| entity_name(kind, name)));
    let others: Vec<&String> = match &facts.detail {
        Detail::Theme(theme) => theme.alt_labels.iter().collect(),
        Detail::Organisation(organisation) => {
            organisation.abbreviations.iter().chain(&organisation.aliases).collect()
        }
        _ => Vec::new(),
    };
    keys.extend(others.into_iter().map(|name| also_name(kind, &fold::name(name))));
    keys
}

/// Whether records that share this name are one thing.
pub(crate) fn joins(name: &str) -> bool {
    ["url:", "alias:", "name:"].iter().any(|prefix| name.starts_with(prefix))
}

/// Everything a record mentions, and how.
pub(crate) fn mentions(facts: &Facts) -> BTreeMap<String, Mentioned> {
    let mut found = Mentions(BTreeMap::new());
    found.entities(NodeKind::Theme, &facts.themes);
    found.entities(NodeKind::Audience, &facts.audiences);
    found.entities(NodeKind::Organisation, &facts.organisations);
    found.entities(NodeKind::Person, &facts.people);
    found.content(NodeKind::Community, &facts.communities);
    match &facts.detail {
        Detail::Article(article) => found.article(article),
        Detail::Toolkit(toolkit) => {
            found.content(NodeKind::Community, toolkit.origin_community.as_slice());
            found.entities(NodeKind::Organisation, &toolkit.maintainers);
        }
        Detail::Community(community) => {
            found.entities(NodeKind::Organisation, &community.origin_organisations);
            found.entities(NodeKind::Person, &community.coordinators);
            found.content(NodeKind::Community, &community.related);
        }
        Detail::Event(event) => {
            found.entities(NodeKind::Person, &event.speakers);
            for session in &event.sessions {
                found.entities(NodeKind::Person, &session.speakers);
            }
            for organiser in &event.organisers {
                found.add(content_name(NodeKind::Community, organiser), organiser, false);
                if as_url(organiser).is_none() {
                    found.add(entity_name(NodeKind::Organisation, organiser), organiser, false);
                }
            }
        }
        Detail::Theme(theme) => found.entities(NodeKind::Theme, theme.broader.as_slice()),
        Detail::Organisation(organisation) => {
            found.entities(NodeKind::Organisation, organisation.parent.as_slice());
        }
        Detail::Person(_) | Detail::Audience(_) => {}
    }
    found.0
}

struct Mentions(BTreeMap<String, Mentioned>);

impl Mentions {
    fn add(&mut self, name: String, label: &str, certain: bool) {
        let mentioned = Mentioned { label: label.trim().to_owned(), certain };
        let known = self.0.entry(name).or_insert_with(|| mentioned.clone());
        if certain && !known.certain {
            *known = mentioned;
        }
    }

    fn entities(&mut self, kind: NodeKind, names: &[String]) {
        for name in names.iter().filter(|name| !fold::name(name).is_empty()) {
            self.add(entity_name(kind, name), name, true);
        }
    }

    fn content(&mut self, kind: NodeKind, references: &[String]) {
        for reference in references {
            self.add(content_name(kind, reference), reference, true);
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
pub(crate) fn content_name(kind: NodeKind, reference: &str) -> String {
    as_url(reference).map_or_else(|| title_name(kind, reference), |url| url_name(&url))
}

pub(crate) fn url_name(url: &Url) -> String {
    format!("url:{}", fold::url(url))
}

pub(crate) fn entity_name(kind: NodeKind, name: &str) -> String {
    format!("name:{}/{}", kind.word(), fold::name(name))
}

pub(crate) fn slug_name(kind: NodeKind, slug: &str) -> String {
    format!("slug:{}/{slug}", kind.word())
}

fn also_name(kind: NodeKind, folded: &str) -> String {
    format!("also:{}/{folded}", kind.word())
}

fn title_name(kind: NodeKind, title: &str) -> String {
    format!("title:{}/{}", kind.word(), fold::name(title))
}

fn as_url(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// The last part of our own address, before it is made unique.
pub(crate) fn base_slug(facts: &Facts) -> String {
    let from = facts.slug.as_deref().or(facts.name()).unwrap_or_default();
    let slug = fold::slug(from);
    if slug.is_empty() { facts.kind().word().to_owned() } else { slug }
}

/// Kind and folded name of an entity, from its `name:` or `also:` key.
pub(crate) fn entity(name: &str) -> Option<(NodeKind, &str)> {
    let rest = name.strip_prefix("name:").or_else(|| name.strip_prefix("also:"))?;
    let (word, folded) = rest.split_once('/')?;
    let kind = NodeKind::ALL.into_iter().find(|kind| kind.word() == word)?;
    Some((kind, folded))
}

/// Records that are one thing with the record of `key`, as far as its own names tell.
pub(crate) fn neighbours(
    store: &StoreWriter<'_>,
    key: &RecordKey,
    facts: &Facts,
    aliases: &Aliases,
) -> Result<Vec<RecordKey>, StoreError> {
    let mut found = Vec::new();
    for name in keys(key, facts, aliases) {
        if joins(&name) {
            found.extend(store.holders(&name)?);
        }
        if let Some((kind, folded)) = entity(&name)
            && let Some(bearer) = bearer_of_other_name(store, kind, folded)?
        {
            let inferred = RecordKey::inferred(kind, folded);
            if bearer == *key {
                found.push(inferred);
            } else if inferred == *key {
                found.push(bearer);
            }
        }
    }
    Ok(found)
}

/// The record for which `folded` is another name, where no described thing has it as its full name.
/// Of several, the first by key.
fn bearer_of_other_name(
    store: &StoreWriter<'_>,
    kind: NodeKind,
    folded: &str,
) -> Result<Option<RecordKey>, StoreError> {
    let full = store.holders(&format!("name:{}/{folded}", kind.word()))?;
    if full.iter().any(|key| key.source() != SourceName::inferred().as_str()) {
        return Ok(None);
    }
    Ok(store.holders(&also_name(kind, folded))?.into_iter().next())
}

/// Brings things into being that are only mentioned, and lets go of those that no longer are.
pub(crate) fn infer(
    store: &mut StoreWriter<'_>,
    touched: &mut Touched,
    settings: &Settings,
) -> Result<(), StoreError> {
    let mut names = BTreeSet::new();
    for name in touched.names.union(&touched.mentioned) {
        if name.starts_with("name:") {
            names.insert(name.clone());
        } else if let Some(folded) = name.strip_prefix("title:community/") {
            names.insert(format!("name:{}/{folded}", NodeKind::Organisation.word()));
        }
    }
    for name in names {
        let Some((kind, folded)) = entity(&name) else { continue };
        let key = RecordKey::inferred(kind, folded);
        let known = store.facts(&key)?;
        let label = label(store, &name, folded)?;
        let known_label = known.as_ref().and_then(|known| known.facts.title.as_deref());
        if known_label == label.as_deref() {
            continue;
        }
        if let Some(label) = label {
            let since = known.map_or(settings.now, |known| known.record.fetched_at);
            let facts = inferred(kind, &key, label, since);
            change_facts(store, touched, &settings.aliases, &key, Ok(&facts))?;
        } else {
            let gone = Err(schema::RemovalReason::Missing);
            change_facts(store, touched, &settings.aliases, &key, gone)?;
        }
    }
    Ok(())
}

/// The way in which a name is written most often; of equals the first. `None` where no mention of
/// it means such a thing.
fn label(store: &StoreWriter<'_>, name: &str, folded: &str) -> Result<Option<String>, StoreError> {
    let mut mentions = store.mentions(name)?;
    if mentions.iter().any(|(_, how)| !how.certain)
        && !store.holders(&format!("title:community/{folded}"))?.is_empty()
    {
        mentions.retain(|(_, how)| how.certain);
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (_, how) in mentions {
        *counts.entry(how.label).or_default() += 1;
    }
    let most = counts.iter().max_by(|l, r| l.1.cmp(r.1).then(r.0.cmp(l.0)));
    Ok(most.map(|(label, _)| label.clone()))
}

fn inferred(kind: NodeKind, key: &RecordKey, label: String, since: Timestamp) -> StoredFacts {
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
