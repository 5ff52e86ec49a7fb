//! Drafts to facts: every value is parsed, validated and cleaned, or the record is rejected with a
//! reason. No raw value passes this stage.
//!
//! Invariant: no text in the result contains an e-mail address or a telephone number. Texts are
//! read only through [`object::Object`] and [`html`], and both redact.

mod date_parser;
mod detail;
mod html;
mod interviews;
mod object;
mod redact;
mod series;
#[cfg(test)]
mod tests;
mod text;
mod value_objects;
mod whitespace;

use schema::{Body, Language, NodeKind, moment::HOME_ZONE};

use crate::{
    ingest::source::{
        RawRecord,
        config::ResolvedSource,
        field::Field,
        sentences::{DERIVED_TITLE_CHARS_MAX, first_sentence, is_same_sentence, truncate},
    },
    source_facts::{Detail, Facts},
};
use object::{Object, ParseContext};

/// Maximum length of a title in characters; a longer one is truncated.
pub(crate) const TITLE_CHARS_MAX: usize = 300;
/// Maximum length of the name of a person, organisation or theme in characters; a longer one is
/// truncated.
pub(crate) const NAME_CHARS_MAX: usize = 200;
/// Maximum size of a body in bytes.
pub(crate) const BODY_BYTES_MAX: usize = 2 << 20;
/// Maximum number of entries of a list.
pub(crate) const LIST_MAX: usize = 200;
/// Maximum number of days that a series excludes, and of occurrences that it adds.
pub(crate) const SERIES_DATES_MAX: usize = 1_000;

/// Options for normalising, apart from the record and its source.
#[derive(Debug, Clone, Default)]
pub(crate) struct NormaliseContext {
    /// Number of days added to every date, so that a demonstration stays current.
    pub shift_days: i64,
}

/// Converts a draft to facts.
///
/// # Errors
/// A message for the maintainer of the source that describes what is invalid.
pub(crate) fn normalise(
    raw: &RawRecord,
    source: &ResolvedSource,
    context: &NormaliseContext,
) -> Result<Facts, String> {
    let shift_days = context.shift_days;
    let default_context = ParseContext {
        language: source.language.unwrap_or(Language::Nl),
        zone: HOME_ZONE.to_owned(),
        base: None,
        shift_days,
    };
    // A few fields determine how the others are read.
    let record = Object::from_fields(&raw.fields, &default_context);
    let stated_kind = kind(&record)?;
    let kind = match stated_kind {
        Some(kind) => kind,
        None if source.kind.is_of_pages() => NodeKind::Article,
        None => return Err(missing_kind()),
    };
    let language = language(&record)?.or(source.language);
    let record_context = ParseContext {
        language: language.unwrap_or(default_context.language),
        zone: record.zone(Field::TimeZone.name())?.unwrap_or_else(|| default_context.zone.clone()),
        base: record.url(Field::Url.name())?,
        shift_days,
    };
    let facts = facts(&Object::from_fields(&raw.fields, &record_context), kind, language)?;
    Ok(Facts { is_kind_assumed: stated_kind.is_none(), ..facts })
}

fn facts(record: &Object, kind: NodeKind, language: Option<Language>) -> Result<Facts, String> {
    let title = record.text(Field::Title.name())?.map(|title| truncate(&title, TITLE_CHARS_MAX));
    let summary = record.text(Field::Summary.name())?;
    let lead = record.text(Field::Lead.name())?;
    let (body, heading) = body(record, title.is_none())?;
    let derived_title = if title.is_some() || !kind.is_content() {
        None
    } else {
        let text = body.as_ref().map(|body| body.text.as_str());
        let texts = [lead.as_deref(), text, summary.as_deref()];
        heading.or_else(|| texts.into_iter().flatten().find_map(title_from_text))
    };
    if title.is_none() && derived_title.is_none() {
        return Err(missing_title(kind));
    }
    let name = title.as_deref().filter(|_| !kind.is_content());
    if name.is_some_and(|name| {
        redact::is_redacted(name) || schema::normalisation::name(name).is_empty()
    }) {
        return Err("`title`: must be a name, not contact data or symbols".to_owned());
    }
    let mut detail = detail(record, kind)?;
    if let (Detail::Article(article), Some(body)) = (&mut detail, &body) {
        let title = title.as_deref().or(derived_title.as_deref());
        interviews::complete(article, title, &body.text);
    }
    Ok(without_repetition(Facts {
        title,
        derived_title,
        summary,
        url: record.context.base.clone(),
        slug: record.text(Field::Slug.name())?,
        language,
        published_at: record.content_date(Field::PublishedAt.name())?,
        modified_at: record.content_date(Field::ModifiedAt.name())?,
        image: self::value_objects::image(record)?,
        themes: record.names(Field::Themes.name())?,
        audiences: record.names(Field::Audiences.name())?,
        communities: record.names(Field::Communities.name())?,
        organisations: record.names(Field::Organisations.name())?,
        people: record.names(Field::People.name())?,
        hashtags: hashtags(record)?,
        body,
        predecessor: if kind.is_content() { record.name(Field::Predecessor.name())? } else { None },
        translation_of: if kind.is_content() {
            record.name(Field::TranslationOf.name())?
        } else {
            None
        },
        detail,
        is_kind_assumed: false,
    }))
}

/// Removes a summary or lead that only repeats the title.
fn without_repetition(mut facts: Facts) -> Facts {
    let title = facts.name().map(str::to_owned);
    let adds_to_title =
        |text: &String| !title.as_deref().is_some_and(|title| is_same_sentence(title, text));
    facts.summary = facts.summary.filter(adds_to_title);
    if let Detail::Article(article) = &mut facts.detail {
        article.lead = article.lead.take().filter(adds_to_title);
    }
    facts
}

fn missing_title(kind: NodeKind) -> String {
    if kind.is_content() {
        "missing `title`, and no text to derive it from".to_owned()
    } else {
        format!("missing `title`, required as the name of every `{}`", kind.as_str())
    }
}

/// The kind, if the record states it.
fn kind(record: &Object) -> Result<Option<NodeKind>, String> {
    let Some(raw_kind) = record.text(Field::Kind.name())? else { return Ok(None) };
    let lowercase = raw_kind.to_lowercase();
    let kind = NodeKind::ALL.into_iter().find(|kind| kind.as_str() == lowercase);
    kind.map(Some).ok_or_else(|| format!("`kind`: expected one of {}: `{raw_kind}`", valid_kinds()))
}

fn missing_kind() -> String {
    format!(
        "missing `kind`; set `[source.constants] kind = \"article\"` for the source, or another of {}",
        valid_kinds()
    )
}

fn valid_kinds() -> String {
    NodeKind::ALL.map(NodeKind::as_str).join(", ")
}

/// The language of a tag such as `nl` or `en-GB`.
fn language(record: &Object) -> Result<Option<Language>, String> {
    let Some(tag) = record.text(Field::Language.name())? else { return Ok(None) };
    let primary = tag.split(['-', '_']).next().unwrap_or_default().to_lowercase();
    match primary.as_str() {
        "nl" | "nld" | "dut" => Ok(Some(Language::Nl)),
        "en" | "eng" => Ok(Some(Language::En)),
        "other" => Ok(Some(Language::Other)),
        other if matches!(other.len(), 2 | 3) && other.bytes().all(|b| b.is_ascii_lowercase()) => {
            Ok(Some(Language::Other))
        }
        _ => {
            Err(format!("`language`: invalid language tag; use for example `nl` or `en`: `{tag}`"))
        }
    }
}

/// The body, and its first top-level heading if that is to become the title.
fn body(record: &Object, extract_title: bool) -> Result<(Option<Body>, Option<String>), String> {
    let Some(raw) = record.string(Field::Body.name())? else { return Ok((None, None)) };
    if raw.len() > BODY_BYTES_MAX {
        let limit = BODY_BYTES_MAX;
        return Err(format!("`body`: exceeds {limit} bytes: `{}`", raw.len()));
    }
    let context = record.context;
    let body = html::sanitise(raw, context.base.as_ref(), context.language);
    let mut body = body.map_err(|error| format!("`body`: {error}"))?;
    let mut heading = None;
    if extract_title {
        heading = html::extract_heading(&mut body.html);
        body.text = html::body_text(&body.html, context.language);
    }
    let heading = heading.map(|heading| truncate(&heading, TITLE_CHARS_MAX));
    Ok(((!body.text.is_empty()).then_some(body), heading))
}

/// A title derived from the first sentence of a text.
fn title_from_text(text: &str) -> Option<String> {
    let paragraph = text.split("\n\n").map(str::trim).find(|text| !text.is_empty())?;
    let line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let title = truncate(first_sentence(&line), DERIVED_TITLE_CHARS_MAX);
    let title = title.strip_suffix('.').unwrap_or(&title);
    (!title.is_empty()).then(|| title.to_owned())
}

fn hashtags(record: &Object) -> Result<Vec<String>, String> {
    let tags = record.names(Field::Hashtags.name())?.into_iter();
    let tags = tags.map(|tag| tag.trim_start_matches('#').trim().to_owned());
    Ok(tags.filter(|tag| !tag.is_empty()).collect())
}

fn detail(record: &Object, kind: NodeKind) -> Result<Detail, String> {
    Ok(match kind {
        NodeKind::Article => Detail::Article(detail::article(record)?),
        NodeKind::Toolkit => Detail::Toolkit(detail::toolkit(record)?),
        NodeKind::Community => Detail::Community(detail::community(record)?),
        NodeKind::Event => Detail::Event(detail::event(record)?),
        NodeKind::Theme => Detail::Theme(detail::theme(record)?),
        NodeKind::Organisation => Detail::Organisation(detail::organisation(record)?),
        NodeKind::Person => Detail::Person(detail::person(record)?),
        NodeKind::Audience => Detail::Audience(detail::audience(record)?),
    })
}
