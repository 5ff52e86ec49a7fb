//! The texts of a record in index order. Indexing and highlighting must use the same order, because
//! positions count words across texts.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;
use schema::{Body, Common, Record, SearchField, repetition::without_opening};

static HEADING: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?s)<h[1-6](?:\s[^>]*)?>(.*?)</h[1-6]>"));
static TAG: LazyLock<Regex> = LazyLock::new(|| pattern("<[^>]*>"));

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("patterns are constants, covered by tests")
}

/// The headings in sanitised HTML, as plain text.
pub(super) fn headings(html: &str) -> impl Iterator<Item = String> {
    let plain = |inner: &str| {
        let text: Cow<'_, str> = TAG.replace_all(inner, " ");
        html_escape::decode_html_entities(&text).into_owned()
    };
    HEADING.captures_iter(html).map(move |found| plain(&found[1]))
}

/// Kind of a name in the field for scoped names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameScope {
    Theme,
    Organisation,
    Person,
}

impl NameScope {
    /// The kind of name of a record; `None` if queries have no field for it.
    pub(super) fn for_record(record: &Record) -> Option<Self> {
        match record {
            Record::Theme(_) => Some(Self::Theme),
            Record::Organisation(_) => Some(Self::Organisation),
            Record::Person(_) => Some(Self::Person),
            _ => None,
        }
    }

    /// The scoped term of a stem.
    pub(super) fn term(self, stem: &str) -> String {
        let letter = match self {
            Self::Theme => 't',
            Self::Organisation => 'o',
            Self::Person => 'p',
        };
        format!("{letter}:{stem}")
    }
}

/// The term of a stem of the name of a kind or form in the field for scoped names.
pub(crate) fn kind_term(stem: &str) -> String {
    format!("k:{stem}")
}

/// The term of a whole name in the field for scoped names, from its folded words.
pub(crate) fn full_name_term<'a>(words: impl Iterator<Item = &'a str>) -> String {
    format!("n:{}", words.collect::<Vec<_>>().join(" "))
}

/// All texts of a record, starting with the title.
pub(crate) fn all_texts<'a>(
    record: &'a Record,
    body: Option<&'a Body>,
) -> impl Iterator<Item = &'a str> {
    let field_texts = field_texts(record).into_iter().map(|(_, text)| text);
    let body = body.map(|body| body_text(record, body));
    [record.name()].into_iter().chain(field_texts).chain(body)
}

/// The text of a body without the summary or lead that it begins with, which is a text of its own.
pub(super) fn body_text<'a>(record: &Record, body: &'a Body) -> &'a str {
    let summary = record.common().and_then(|common| common.summary.as_deref());
    let lead = match record {
        Record::Article(article) => article.lead.as_deref(),
        _ => None,
    };
    let texts = [lead, summary].into_iter().flatten();
    texts
        .map(|opening| without_opening(opening, &body.text))
        .min_by_key(|text| text.len())
        .unwrap_or(&body.text)
}

/// All texts of a record except the title and the body, which is last.
pub(super) fn field_texts(record: &Record) -> Vec<(SearchField, &str)> {
    let mut leads: Vec<&str> = Vec::new();
    if let Some(common) = record.common() {
        leads.extend(common.summary.as_deref());
    }
    let mut texts: Vec<&str> = Vec::new();
    match record {
        Record::Article(article) => {
            // A lead that is also the summary is one text.
            leads.extend(article.lead.as_deref().filter(|lead| {
                leads.first().is_none_or(|summary| !without_opening(summary, lead).is_empty())
            }));
            texts.extend(article.quotes.iter().map(|quote| quote.text.as_str()));
            texts.extend(article.references.iter().map(|reference| reference.title.as_str()));
            texts.extend(resource_texts(&article.resources));
        }
        Record::Toolkit(toolkit) => {
            for step in &toolkit.steps {
                texts.push(&step.title);
                texts.extend(step.intro.as_deref());
                texts.extend(step.methods.iter().map(|method| method.title.as_str()));
                texts.extend(step.tips.iter().map(|tip| tip.title.as_str()));
            }
            texts.extend(resource_texts(&toolkit.resources));
            for guideline in &toolkit.guidelines {
                texts.push(&guideline.title);
                texts.extend(guideline.body.as_deref());
            }
        }
        Record::Community(community) => {
            texts.extend(community.short_name.as_deref());
            texts.extend(community.question.as_deref());
            texts.extend(community.purpose.as_deref());
        }
        Record::Event(event) => {
            if let Some(place) = &event.place {
                texts.extend(place.name.as_deref());
                texts.extend(place.city.as_deref());
            }
            texts.extend(event.sessions.iter().map(|session| session.title.as_str()));
        }
        Record::Theme(_) | Record::Organisation(_) | Record::Person(_) | Record::Audience(_) => {}
    }
    let leads = leads.into_iter().map(|text| (SearchField::Lead, text));
    leads.chain(texts.into_iter().map(|text| (SearchField::Body, text))).collect()
}

fn resource_texts(resources: &[schema::Resource]) -> impl Iterator<Item = &str> {
    resources
        .iter()
        .flat_map(|resource| [Some(resource.title.as_str()), resource.description.as_deref()])
        .flatten()
}

/// The names of all linked records, and the hashtags.
pub(super) fn linked_names<'a>(
    common: &'a Common,
    linked_records: &'a [Record],
) -> impl Iterator<Item = &'a str> {
    linked_records.iter().flat_map(names_of).chain(common.hashtags.iter().map(String::as_str))
}

/// Every name of a record, the preferred one first.
pub(crate) fn names_of(record: &Record) -> Vec<&str> {
    let mut names = vec![record.name()];
    match record {
        Record::Theme(theme) => names.extend(theme.alt_labels.iter().map(String::as_str)),
        Record::Organisation(organisation) => {
            names.extend(organisation.abbreviations.iter().map(String::as_str));
            names.extend(organisation.aliases.iter().map(String::as_str));
        }
        _ => {}
    }
    names
}

/// Number of characters of a title, by which suggestions are sorted.
pub(crate) fn char_count(title: &str) -> u64 {
    title.chars().count() as u64
}
