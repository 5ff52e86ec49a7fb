//! Websites: one page as sent, as `sync::website` stores it, to the fields of a record.

#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};
use url::Url;

use super::{
    Candidate, FetchError, Items, ParseError, SkipOrError, SkipReason, SourceReader, page,
    template::PathCaptures,
};
use crate::{
    html_page::PageMetadata,
    sync::{NetworkSource, state::SyncState},
    with_causes,
};

/// The items of a site, from the state of its synchronisation.
pub(super) fn items<'a>(
    mut reader: SourceReader<'a>,
    network: &'a NetworkSource,
    state: &'a SyncState,
) -> Result<Items<'a>, FetchError> {
    let entries = state.entries(&reader.source.name);
    let entries = entries.map_err(|error| FetchError::State(with_causes(&error)))?;
    Ok(Box::new(entries.into_iter().map(move |(key, entry)| {
        let candidate =
            Candidate { location: key.clone(), key: key.clone(), content_hash: entry.hash };
        Ok(reader.item(candidate, |reader| {
            let error = |reason| SkipOrError::Error(ParseError { line: 1, reason });
            let body = state.body(&reader.source.name, &key).map_err(|e| error(with_causes(&e)))?;
            let address = network.address.join(&key).map_err(|e| error(e.to_string()))?;
            let raw_fields = fields(&body.unwrap_or_default(), &address)?;
            Ok(reader.map(&raw_fields, &PathCaptures::new()).into())
        }))
    })))
}

/// The source fields of a page.
fn fields(body: &[u8], address: &Url) -> Result<Map<String, Value>, SkipOrError> {
    let error = |reason| SkipOrError::Error(ParseError { line: 1, reason });
    let mut fields = page::raw_fields(body, address).map_err(error)?;
    let html = fields.get("body").and_then(Value::as_str).unwrap_or_default();
    let text = page::text_lengths(html);
    let is_event = fields.contains_key("start");
    // A list of nothing has the heading of a page that the host wrote.
    let is_empty_list = || text.total == 0 && PageMetadata::read(body).heading.is_some();
    if !is_event && (text.is_listing() || is_empty_list()) {
        return Err(SkipOrError::Skip(SkipReason::Listing));
    }
    if !is_event && text.total == 0 {
        return Err(error(
            "page has no text without JavaScript or frames; use the API or the feed of the site"
                .to_owned(),
        ));
    }
    let slug = address.path().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    fields.insert("slug".to_owned(), json!(slug));
    fields.insert("kind".to_owned(), json!(if is_event { "event" } else { "article" }));
    Ok(fields)
}
