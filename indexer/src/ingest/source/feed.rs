//! Feeds: one entry, as `sync::feed` stores it, to the fields of a record.
//!
//! Source fields have the names of canonical fields where the meaning is the same; `categories` are
//! those of the feed, which has no other word for themes and tags.

#[cfg(test)]
mod tests;

use feed_rs::model::{Entry, MediaObject, Person, Text};
use serde_json::{Map, Value, json};

use super::{
    Candidate, FetchError, Items, ParseError, SkipOrError, SourceItem, SourceReader, page,
    template::PathCaptures, wordpress,
};
use crate::{
    feed_document,
    sync::{
        feed::{StoredEntry, entry_id},
        state::SyncState,
    },
    with_causes,
};

/// Tolerance for the clock of a host, in seconds: a later time of publication is not one.
const FUTURE_MAX: i64 = 24 * 60 * 60;

/// The items of a feed, from the state of its synchronisation.
pub(super) fn items<'a>(
    mut reader: SourceReader<'a>,
    state: &'a SyncState,
) -> Result<Items<'a>, FetchError> {
    let state_error = |error: &dyn std::error::Error| FetchError::State(with_causes(error));
    let entries = state.entries(&reader.source.name).map_err(|error| state_error(&error))?;
    Ok(Box::new(entries.into_iter().filter_map(move |(key, entry)| {
        let id = entry_id(&key)?.to_owned();
        let body = match state.body(&reader.source.name, &key) {
            Ok(body) => body.unwrap_or_default(),
            Err(error) => return Some(Err(state_error(&error))),
        };
        let stored = serde_json::from_slice::<StoredEntry>(&body);
        if stored.as_ref().is_ok_and(|stored| stored.is_gone) {
            return Some(Ok(SourceItem::Deleted { key: id }));
        }
        let candidate = Candidate { location: id.clone(), key: id, content_hash: entry.hash };
        Some(Ok(reader.item(candidate, |reader| {
            let error = |reason| SkipOrError::Error(ParseError { line: 1, reason });
            let stored = stored.map_err(|cause| error(format!("not an entry: {cause}")))?;
            let raw_fields = fields(&stored, entry.fetched_at).map_err(error)?;
            Ok(reader.map(&raw_fields, &PathCaptures::new()).into())
        })))
    })))
}

/// The source fields of an entry that was fetched at a time in seconds since 1970. What its page says
/// counts where the entry is silent.
///
/// # Errors
/// Why the entry cannot be read.
pub(crate) fn fields(stored: &StoredEntry, fetched_at: i64) -> Result<Map<String, Value>, String> {
    let entry = &stored.entry;
    let page = stored.page.as_ref();
    let mut fields = match page.and_then(|page| Some((page, page.html.as_deref()?))) {
        Some((page, html)) => page::raw_fields(html.as_bytes(), &page.url)?,
        None => Map::new(),
    };
    let has_start = fields.contains_key("start");
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            fields.insert(name.to_owned(), value);
        }
    };
    let url = page.map(|page| page.url.as_str()).or_else(|| feed_document::link(entry));
    put("id", json!(entry.id));
    // What the entry does not state; otherwise, it is assumed to be an article.
    let is_event = page.is_some() && has_start;
    put("kind", json!(is_event.then_some("event")));
    put("url", json!(url));
    let title = entry.title.as_ref().map(|title| wordpress::plain(&title.content));
    put("title", json!(title.filter(|title| !title.is_empty())));
    let content = entry.content.as_ref().and_then(|content| content.body.as_deref());
    let content = content.filter(|text| !text.trim().is_empty());
    put("body", json!(content));
    let summary = entry.summary.as_ref().map(|Text { content, .. }| content.as_str());
    put(
        "summary",
        json!(wordpress::summary(summary.unwrap_or_default(), content.unwrap_or_default())),
    );
    let is_past = |seconds: i64| seconds <= fetched_at + FUTURE_MAX;
    let published = entry.published.filter(|time| is_past(time.timestamp()));
    let updated = entry.updated.filter(|time| is_past(time.timestamp()));
    let (published, updated) =
        (published.map(|time| time.to_rfc3339()), updated.map(|time| time.to_rfc3339()));
    put("published_at", json!(published.as_ref().or(updated.as_ref())));
    // Without a time of change, feed-rs repeats that of publication.
    put("modified_at", json!(updated.filter(|time| Some(time) != published.as_ref())));
    put("authors", json!(authors(entry)));
    let categories = entry.categories.iter();
    let categories: Vec<_> = categories
        .map(|category| wordpress::plain(category.label.as_deref().unwrap_or(&category.term)))
        .filter(|name| !name.is_empty())
        .collect();
    put("categories", json!((!categories.is_empty()).then_some(categories)));
    let language = entry.language.as_deref().or(stored.language.as_deref());
    put("language", json!(language.filter(|tag| !tag.is_empty()).map(page::language)));
    put("image", image(&entry.media));
    if entry.media.iter().any(|media| has_type(media, "audio")) {
        put("form", json!("PODCAST"));
    }
    Ok(fields)
}

/// The names of the authors. In RSS, an author is an e-mail address, often with the name in
/// parentheses.
fn authors(entry: &Entry) -> Option<Vec<String>> {
    let names = entry.authors.iter().map(|Person { name, .. }| {
        let name = wordpress::plain(name.as_deref().unwrap_or_default());
        let inner = name.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        inner.map_or_else(|| name.clone(), |inner| inner.trim().to_owned())
    });
    let names: Vec<_> = names.filter(|name| !name.is_empty() && !name.contains('@')).collect();
    (!names.is_empty()).then_some(names)
}

fn has_type(media: &MediaObject, name: &str) -> bool {
    let mut types = media.content.iter().filter_map(|content| content.content_type.as_ref());
    types.any(|media_type| media_type.ty().as_str() == name)
}

/// The first image of an entry.
fn image(media: &[MediaObject]) -> Value {
    let of_content = media.iter().filter(|media| has_type(media, "image")).find_map(|media| {
        let content = media.content.first()?;
        let (width, height) = (content.width, content.height);
        Some((content.url.as_ref()?.to_string(), width.zip(height)))
    });
    let of_thumbnail = || {
        media.iter().find_map(|media| {
            let image = &media.thumbnails.first()?.image;
            Some((image.uri.clone(), image.width.zip(image.height)))
        })
    };
    let Some((url, size)) = of_content.or_else(of_thumbnail) else { return Value::Null };
    let mut fields = Map::from_iter([("url".to_owned(), json!(url))]);
    if let Some((width, height)) = size.filter(|(width, height)| *width > 0 && *height > 0) {
        fields.insert("width".to_owned(), json!(width));
        fields.insert("height".to_owned(), json!(height));
    }
    Value::Object(fields)
}
