//! Websites: one page as sent, as `sync::website` stores it, to the fields of a record.

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use serde_json::{Map, Value, json};
use url::Url;

use super::{
    FetchError, Items, ParseError, SkipOrError, SkipReason, SourceReader, page,
    template::PathCaptures,
};
use crate::{
    html_page::PageMetadata,
    sync::{NetworkSource, StateError, state::SyncState},
    with_causes,
};

/// The items of a site, from the state of its synchronisation.
pub(super) fn items<'a>(
    reader: SourceReader<'a>,
    network: &'a NetworkSource,
    state: &'a SyncState,
) -> Result<Items<'a>, FetchError> {
    let name = &reader.source.name;
    let state_error = |error: StateError| FetchError::State(with_causes(&error));
    let repeated = state.repeated_blocks(name).map_err(state_error)?;
    let repeated: HashSet<u64> = repeated.into_iter().map(|block| block.digest).collect();
    let pages = state.blocks_of_pages(name, &repeated).map_err(state_error)?;
    // A page is read again if it has a block that is now left out, or no longer.
    let digest = move |key: &str, hash: [u8; 32]| match pages.get(key) {
        Some(blocks) => {
            let blocks = blocks.iter().flat_map(|block| block.to_le_bytes());
            let bytes: Vec<u8> = hash.into_iter().chain(blocks).collect();
            *blake3::hash(&bytes).as_bytes()
        }
        None => hash,
    };
    reader.items_of_state(state, digest, move |reader, key, body| {
        let error = |reason| SkipOrError::Error(ParseError { line: 1, reason });
        let address = network.address.join(key).map_err(|cause| error(cause.to_string()))?;
        let raw_fields = fields(body, &address, &repeated)?;
        Ok(reader.map(&raw_fields, &PathCaptures::new()))
    })
}

/// The source fields of a page without the blocks that many pages of its site have.
pub(crate) fn fields(
    body: &[u8],
    address: &Url,
    repeated: &HashSet<u64>,
) -> Result<Map<String, Value>, SkipOrError> {
    let error = |reason| SkipOrError::Error(ParseError { line: 1, reason });
    let mut fields = page::raw_fields(body, address).map_err(error)?;
    let html = fields.get("body").and_then(Value::as_str).unwrap_or_default();
    let html = page::without_repeated(html, repeated);
    let text = page::text_lengths(&html, address);
    let is_event = fields.contains_key("start");
    // A list of nothing has the heading of a page that the host wrote.
    let is_empty_list = || text.total == 0 && PageMetadata::read(body).heading.is_some();
    if !is_event
        && (text.is_listing() || is_empty_list() || page::is_listing(body, address, repeated))
    {
        return Err(SkipOrError::Skip(SkipReason::Listing));
    }
    if !is_event && text.total == 0 {
        return Err(error(
            "page has no text without JavaScript or frames; use the API or the feed of the site"
                .to_owned(),
        ));
    }
    fields.insert("body".to_owned(), json!(html));
    let slug = address.path().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    fields.insert("slug".to_owned(), json!(slug));
    // Another page is assumed to be an article.
    if is_event {
        fields.insert("kind".to_owned(), json!("event"));
    }
    Ok(fields)
}
