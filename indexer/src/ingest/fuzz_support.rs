//! What fuzz targets need of the inside: reading and normalising a source without a build. The program
//! uses none of it.

use schema::Body;

use super::{
    FetchError,
    config::ResolvedSource,
    normalise::{NormaliseContext, normalise},
    source::{SourceItem, records},
};

/// The body of each record of a source, or why it is rejected.
///
/// # Errors
/// [`FetchError`] if the source cannot be read.
pub fn bodies(source: &ResolvedSource) -> Result<Vec<Result<Option<Body>, String>>, FetchError> {
    let is_unchanged = |_: &_| false;
    let body = |item| match item {
        SourceItem::Record(record) => {
            let facts = normalise(&record, source, &NormaliseContext::default());
            Some(facts.map(|facts| facts.body))
        }
        SourceItem::Rejected(rejection) => Some(Err(rejection.reason)),
        SourceItem::Unchanged { .. } | SourceItem::Deleted { .. } | SourceItem::Skipped { .. } => {
            None
        }
    };
    let items = records(source, &is_unchanged)?;
    items.filter_map(|item| item.map(body).transpose()).collect()
}
