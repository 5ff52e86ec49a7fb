//! Interface for fuzz targets: reads and normalises a source without a build.

use schema::Body;

use super::{
    FetchError,
    config::ResolvedSource,
    normalise::{NormaliseContext, normalise},
    source::{SourceItem, records, survey::Survey},
};

/// The body of each record of a source, or the reason for its rejection.
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
    let survey = Survey::default();
    let items = records(source, &is_unchanged, &survey)?;
    items.filter_map(|item| item.map(body).transpose()).collect()
}
