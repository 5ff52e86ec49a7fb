//! The texts of a record in index order. Indexing and highlighting must use the same order, because
//! positions count words across texts.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;
use schema::{
    Body, Common, PartPosition, Record, SearchField, Toolkit, repetition::without_opening,
};

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
    let field_texts = field_texts(record).into_iter().map(|one| one.text);
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

/// A text of a record other than its title and body.
pub(super) struct FieldText<'a> {
    pub(super) field: SearchField,
    pub(super) text: &'a str,
    /// The part of the record that it belongs to.
    pub(super) part: Option<PartPosition>,
}

/// All texts of a record except the title and the body, which is last.
pub(super) fn field_texts(record: &Record) -> Vec<FieldText<'_>> {
    let mut leads: Vec<&str> = Vec::new();
    if let Some(common) = record.common() {
        leads.extend(common.summary.as_deref());
    }
    let mut texts: Vec<(Option<PartPosition>, &str)> = Vec::new();
    let whole = |text| (None, text);
    match record {
        Record::Article(article) => {
            // A lead that is also the summary is one text.
            leads.extend(article.lead.as_deref().filter(|lead| {
                leads.first().is_none_or(|summary| !without_opening(summary, lead).is_empty())
            }));
            texts.extend(article.quotes.iter().map(|quote| whole(quote.text.as_str())));
            let references = article.references.iter();
            texts.extend(references.map(|reference| whole(reference.title.as_str())));
            texts.extend(resource_texts(&article.resources));
        }
        Record::Toolkit(toolkit) => texts.extend(toolkit_texts(toolkit)),
        Record::Community(community) => {
            let optional = [&community.short_name, &community.question, &community.purpose];
            texts.extend(optional.into_iter().flatten().map(|text| whole(text.as_str())));
        }
        Record::Event(event) => {
            if let Some(place) = &event.place {
                let names = [&place.name, &place.city].into_iter().flatten();
                texts.extend(names.map(|name| whole(name.as_str())));
            }
            let sessions = event.sessions.iter().enumerate();
            texts
                .extend(sessions.map(|(at, session)| {
                    (Some(PartPosition::Session(at)), session.title.as_str())
                }));
        }
        Record::Theme(_) | Record::Organisation(_) | Record::Person(_) | Record::Audience(_) => {}
    }
    let leads =
        leads.into_iter().map(|text| FieldText { field: SearchField::Lead, text, part: None });
    let texts =
        texts.into_iter().map(|(part, text)| FieldText { field: SearchField::Body, text, part });
    leads.chain(texts).collect()
}

/// The texts of the parts of a toolkit.
fn toolkit_texts(toolkit: &Toolkit) -> Vec<(Option<PartPosition>, &str)> {
    let mut texts = Vec::new();
    for (step, one) in toolkit.steps.iter().enumerate() {
        let own = [Some(one.title.as_str()), one.intro.as_deref()].into_iter().flatten();
        texts.extend(own.map(|text| (Some(PartPosition::Step(step)), text)));
        let methods = one.methods.iter().enumerate();
        texts.extend(methods.map(|(method, one)| {
            (Some(PartPosition::Method { step, method }), one.title.as_str())
        }));
        let tips = one.tips.iter().enumerate();
        texts.extend(
            tips.map(|(tip, one)| (Some(PartPosition::Tip { step, tip }), one.title.as_str())),
        );
    }
    texts.extend(resource_texts(&toolkit.resources));
    for (at, guideline) in toolkit.guidelines.iter().enumerate() {
        let own = [Some(guideline.title.as_str()), guideline.body.as_deref()];
        let own = own.into_iter().flatten();
        texts.extend(own.map(|text| (Some(PartPosition::Guideline(at)), text)));
    }
    texts
}

fn resource_texts(
    resources: &[schema::Resource],
) -> impl Iterator<Item = (Option<PartPosition>, &str)> {
    resources.iter().enumerate().flat_map(|(at, resource)| {
        let texts = [Some(resource.title.as_str()), resource.description.as_deref()];
        texts.into_iter().flatten().map(move |text| (Some(PartPosition::Resource(at)), text))
    })
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
