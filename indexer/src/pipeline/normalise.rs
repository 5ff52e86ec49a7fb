//! Drafts to facts: every value is read, checked and cleaned, or the record is rejected with a
//! reason. Nothing downstream sees a raw value.
//!
//! Invariant: no text that leaves here holds an e-mail address or a telephone number. Texts are
//! read through [`object::Object`] and [`html`] only, and both redact.

mod detail;
mod html;
mod moment;
mod object;
mod part;
mod redact;
mod text;

use schema::{Body, Language, NodeKind, moment::HOME_ZONE};

use crate::{
    config::SourcePlan,
    facts::{Detail, Facts},
    source::{
        Draft,
        field::Field,
        prose::{DERIVED_TITLE_CHARS_MAX, cut, first_sentence},
    },
};
use object::{Object, Reader};

/// A title is never longer than this many characters; a longer one is cut.
pub(crate) const TITLE_CHARS_MAX: usize = 300;
/// A name of a person, organisation or theme is cut after this many characters.
pub(crate) const NAME_CHARS_MAX: usize = 200;
/// The most bytes that a body may have.
pub(crate) const BODY_BYTES_MAX: usize = 2 << 20;
/// The most entries that a list may have.
pub(crate) const LIST_MAX: usize = 200;

/// What normalising needs to know beyond the record and its source.
#[derive(Debug, Clone, Default)]
pub(crate) struct NormaliseContext {
    /// Days added to every date, so that a demo stays in the present.
    pub shift_days: i64,
}

/// The facts in a draft.
///
/// # Errors
/// What is wrong with it, as a sentence for the person who keeps the source.
pub(crate) fn normalise(
    draft: &Draft,
    plan: &SourcePlan,
    context: &NormaliseContext,
) -> Result<Facts, String> {
    let shift_days = context.shift_days;
    let usual = Reader {
        language: plan.language.unwrap_or(Language::Nl),
        zone: HOME_ZONE.to_owned(),
        base: None,
        shift_days,
    };
    // A few fields decide how the others are to be read.
    let record = Object::of_fields(&draft.fields, &usual);
    let kind = kind(&record)?;
    let language = language(&record)?.or(plan.language);
    let reader = Reader {
        language: language.unwrap_or(usual.language),
        zone: record.zone(Field::TimeZone.name())?.unwrap_or_else(|| usual.zone.clone()),
        base: record.url(Field::Url.name())?,
        shift_days,
    };
    facts(&Object::of_fields(&draft.fields, &reader), kind, language)
}

fn facts(record: &Object, kind: NodeKind, language: Option<Language>) -> Result<Facts, String> {
    let title = record.text(Field::Title.name())?.map(|title| cut(&title, TITLE_CHARS_MAX));
    let summary = record.text(Field::Summary.name())?;
    let lead = record.text(Field::Lead.name())?;
    let (body, heading) = body(record, title.is_none())?;
    let derived_title = if title.is_some() || !kind.is_content() {
        None
    } else {
        let text = body.as_ref().map(|body| body.text.as_str());
        let texts = [lead.as_deref(), text, summary.as_deref()];
        heading.or_else(|| texts.into_iter().flatten().find_map(titled))
    };
    if title.is_none() && derived_title.is_none() {
        return Err(missing_title(kind));
    }
    let name = title.as_deref().filter(|_| !kind.is_content());
    if name.is_some_and(|name| redact::is_redacted(name) || schema::fold::name(name).is_empty()) {
        return Err("`title`: must be a name, which contact data and signs are not".to_owned());
    }
    Ok(Facts {
        title,
        derived_title,
        summary,
        url: record.reader.base.clone(),
        slug: record.text(Field::Slug.name())?,
        language,
        published_at: record.timestamp(Field::PublishedAt.name())?,
        modified_at: record.timestamp(Field::ModifiedAt.name())?,
        image: part::image(record)?,
        themes: record.names(Field::Themes.name())?,
        audiences: record.names(Field::Audiences.name())?,
        communities: record.names(Field::Communities.name())?,
        organisations: record.names(Field::Organisations.name())?,
        people: record.names(Field::People.name())?,
        hashtags: hashtags(record)?,
        body,
        detail: detail(record, kind)?,
    })
}

fn missing_title(kind: NodeKind) -> String {
    if kind.is_content() {
        "no `title`, and no text to derive one from".to_owned()
    } else {
        format!("no `title`, which is the name of every `{}`", kind.word())
    }
}

fn kind(record: &Object) -> Result<NodeKind, String> {
    let known = || NodeKind::ALL.map(NodeKind::word).join(", ");
    let given = record.text(Field::Kind.name())?.ok_or_else(|| {
        format!(
            "`kind` is missing, give the source `[source.constants] kind = \"article\"`, or \
             another of {}",
            known()
        )
    })?;
    let word = given.to_lowercase();
    NodeKind::ALL
        .into_iter()
        .find(|kind| kind.word() == word)
        .ok_or_else(|| format!("`kind`: known are {}: `{given}`", known()))
}

/// The language from its tag, such as `nl` or `en-GB`.
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
        _ => Err(format!("`language`: not a language tag, such as `nl` or `en`: `{tag}`")),
    }
}

/// The body, and its first heading of the first level where that is to be the title.
fn body(record: &Object, wants_title: bool) -> Result<(Option<Body>, Option<String>), String> {
    let Some(raw) = record.string(Field::Body.name())? else { return Ok((None, None)) };
    if raw.len() > BODY_BYTES_MAX {
        let limit = BODY_BYTES_MAX;
        return Err(format!(
            "`body`: may have at most {limit} bytes, this one has `{}`",
            raw.len()
        ));
    }
    let reader = record.reader;
    let mut html = html::sanitise(raw, reader.base.as_ref(), reader.language);
    let heading = if wants_title { html::take_heading(&mut html) } else { None };
    let heading = heading.map(|heading| cut(&heading, TITLE_CHARS_MAX));
    let text = redact::redact(&html::plain(&html), reader.language);
    let body = (!text.is_empty()).then_some(Body { html, text });
    Ok((body, heading))
}

/// A title out of the first sentence of a text.
fn titled(text: &str) -> Option<String> {
    let paragraph = text.split("\n\n").map(str::trim).find(|text| !text.is_empty())?;
    let line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let title = cut(first_sentence(&line), DERIVED_TITLE_CHARS_MAX);
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

#[cfg(test)]
mod tests;
