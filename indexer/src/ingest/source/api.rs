//! JSON and GraphQL endpoints: one item as sent, as `sync::api` stores it, to the fields of a record.

mod pleio;
mod rich_text;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use super::{
    FetchError, Items, ParseError, SkipOrError, SourceReader, jsonlines, template::PathCaptures,
};
use crate::sync::{ApiPreset, NetworkSource, Protocol, state::SyncState};

/// The items of an endpoint, from the state of its synchronisation.
pub(super) fn items<'a>(
    reader: SourceReader<'a>,
    network: &'a NetworkSource,
    state: &'a SyncState,
) -> Result<Items<'a>, FetchError> {
    reader.items_of_state(
        state,
        |_, hash| hash,
        move |reader, _, body| {
            let error = |reason| SkipOrError::Error(ParseError { line: 1, reason });
            let raw_fields = fields(body, network).map_err(error)?;
            reader.check_visibility(&raw_fields, |_| 1)?;
            Ok(reader.map(&raw_fields, &PathCaptures::new()))
        },
    )
}

/// The source fields of an item.
///
/// # Errors
/// Why it cannot be read.
pub(crate) fn fields(body: &[u8], network: &NetworkSource) -> Result<Map<String, Value>, String> {
    if body.len() as u64 > jsonlines::LINE_BYTES_MAX {
        let limit = jsonlines::LINE_BYTES_MAX;
        return Err(format!("item exceeds the maximum number of bytes: `{limit}`"));
    }
    let item = jsonlines::object_of(body)?;
    match &network.protocol {
        Protocol::Api(options) if options.preset == Some(ApiPreset::Pleio) => {
            pleio::fields(&item, &network.address)
        }
        _ => Ok(item),
    }
}
