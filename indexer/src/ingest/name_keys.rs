//! Name keys: the names by which a record can be found or merged, and the names that it mentions.
//!
//! The prefix of a key is its purpose: `url:kind/…`, `uid:` and `alias:` merge records into one
//! entity; `name:kind/…` merges records of entities by their full name; `also:kind/…` is an alternative
//! name of an entity, by which mentions can find it; `assumed:` finds records of a page whose kind is
//! only assumed; `title:kind/…` finds content by its title;
//! `slug:kind/…` keeps our own URLs unique; `opening:…` finds the article that an entry announces.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use schema::{NodeKind, normalisation};
use url::Url;

use super::opening::opening_keys;
use crate::{
    source_facts::{ArticleFacts, Detail, Facts},
    store::{Mention, RecordKey},
};

/// Groups of references (`source:key` or a URL), each of which the operator declared to be one
/// entity.
#[derive(Debug, Default)]
pub(crate) struct Aliases(HashMap<String, usize>);

impl Aliases {
    /// Whether a group contains a record.
    pub(crate) fn contain(&self, key: &RecordKey) -> bool {
        self.0.contains_key(&key.to_string())
    }

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

/// All keys by which a record can be found or merged.
pub(crate) fn name_keys(key: &RecordKey, facts: &Facts, aliases: &Aliases) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    let kind = facts.kind();
    let by_reference = aliases.0.get(&key.to_string());
    let by_url = facts.url.as_ref().and_then(|url| aliases.0.get(&normalisation::url(url)));
    keys.extend(by_reference.into_iter().chain(by_url).map(|group| format!("alias:{group}")));
    if kind.is_content() {
        keys.extend(facts.url.as_ref().map(|url| url_key(kind, url)));
        if facts.is_kind_assumed {
            keys.extend(facts.url.as_ref().map(|url| assumed_kind_key(&normalisation::url(url))));
        }
        keys.insert(slug_key(kind, &base_slug(facts)));
        keys.extend(facts.name().map(|title| title_key(kind, title)));
        keys.extend(opening_keys(facts));
        match &facts.detail {
            Detail::Community(community) => {
                let names = community.short_name.iter().chain(&community.aliases);
                keys.extend(names.map(|name| title_key(kind, name)));
            }
            Detail::Toolkit(toolkit) => {
                keys.extend(toolkit.aliases.iter().map(|name| title_key(kind, name)));
            }
            Detail::Event(event) => keys.extend(event.uid.iter().map(|uid| format!("uid:{uid}"))),
            _ => {}
        }
        return keys;
    }
    keys.insert(slug_key(kind, &base_slug(facts)));
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

/// Whether records that share this name key are the same entity.
pub(crate) fn is_identity_key(name: &str) -> bool {
    is_key_between_sources(name)
        || ["alias:", "name:"].iter().any(|prefix| name.starts_with(prefix))
}

/// Whether the key is the URL or the calendar UID of content, by which only records of different
/// sources are merged.
pub(crate) fn is_key_between_sources(name: &str) -> bool {
    ["url:", "uid:", "assumed:"].iter().any(|prefix| name.starts_with(prefix))
}

/// The key of the records of a page whose kind is assumed.
pub(crate) fn assumed_kind_key(url: &str) -> String {
    format!("assumed:{url}")
}

/// The URL in a `url:` key.
pub(crate) fn url_of_key(name: &str) -> Option<&str> {
    let (_, url) = name.strip_prefix("url:")?.split_once('/')?;
    Some(url)
}

/// Everything that a record mentions, with the kind of mention.
pub(crate) fn mentions(facts: &Facts) -> BTreeMap<String, Mention> {
    let mut mentions = MentionCollector(BTreeMap::new());
    mentions.entities(NodeKind::Theme, &facts.themes);
    mentions.entities(NodeKind::Audience, &facts.audiences);
    mentions.entities(NodeKind::Organisation, &facts.organisations);
    mentions.entities(NodeKind::Person, &facts.people);
    mentions.content(NodeKind::Community, &facts.communities);
    if facts.kind().is_content() {
        mentions.content(facts.kind(), facts.predecessor.as_slice());
        mentions.content(facts.kind(), facts.translation_of.as_slice());
    }
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
            if let Some(original) = &community.variant_of {
                mentions.community_or_organisation(original);
            }
        }
        Detail::Event(event) => {
            mentions.entities(NodeKind::Person, &event.speakers);
            for session in &event.sessions {
                mentions.entities(NodeKind::Person, &session.speakers);
            }
            for organiser in &event.organisers {
                mentions.community_or_organisation(organiser);
            }
        }
        Detail::Theme(theme) => mentions.entities(NodeKind::Theme, theme.broader.as_slice()),
        Detail::Organisation(organisation) => {
            mentions.entities(NodeKind::Organisation, organisation.parent.as_slice());
            mentions.entities(NodeKind::Organisation, &organisation.alliances);
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
            if let Some(page) = page_key(kind, reference) {
                self.add(page, reference, false);
            }
        }
    }

    /// A name that denotes an organisation only if no community has it.
    fn community_or_organisation(&mut self, name: &str) {
        self.add(content_key(NodeKind::Community, name), name, false);
        if parse_web_url(name).is_none() {
            self.add(entity_key(NodeKind::Organisation, name), name, false);
        }
    }

    fn article(&mut self, article: &ArticleFacts) {
        self.entities(NodeKind::Person, &article.authors);
        self.entities(NodeKind::Person, &article.interviewees);
        for quote in &article.quotes {
            self.entities(NodeKind::Person, quote.person.as_slice());
            self.entities(NodeKind::Organisation, quote.organisation.as_slice());
        }
        let quoted = article.quotes.iter().filter_map(|quote| quote.reference.as_ref());
        for reference in article.references.iter().chain(quoted) {
            self.entities(NodeKind::Organisation, reference.publisher.as_slice());
        }
        self.content(NodeKind::Event, article.reports_on.as_slice());
    }
}

/// The key by which content is looked up: its URL or its title.
pub(crate) fn content_key(kind: NodeKind, reference: &str) -> String {
    let url = parse_web_url(reference);
    url.map_or_else(|| title_key(kind, reference), |url| url_key(kind, &url))
}

/// The key of the page that a URL with a fragment refers to.
pub(crate) fn page_key(kind: NodeKind, reference: &str) -> Option<String> {
    let url = parse_web_url(reference).filter(|url| url.fragment().is_some())?;
    Some(url_key(kind, &normalisation::without_fragment(&url)))
}

fn url_key(kind: NodeKind, url: &Url) -> String {
    normalised_url_key(kind, &normalisation::url(url))
}

pub(crate) fn normalised_url_key(kind: NodeKind, url: &str) -> String {
    format!("url:{}/{url}", kind.as_str())
}

pub(crate) fn entity_key(kind: NodeKind, name: &str) -> String {
    format!("name:{}/{}", kind.as_str(), normalisation::name(name))
}

pub(crate) fn slug_key(kind: NodeKind, slug: &str) -> String {
    format!("slug:{}/{slug}", kind.as_str())
}

pub(crate) fn alternative_name_key(kind: NodeKind, folded: &str) -> String {
    format!("also:{}/{folded}", kind.as_str())
}

fn title_key(kind: NodeKind, title: &str) -> String {
    format!("title:{}/{}", kind.as_str(), normalisation::name(title))
}

fn parse_web_url(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// The last segment of the URL of the page, before it is made unique.
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
