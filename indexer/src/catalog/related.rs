//! What is like a thing.

use schema::NodeId;

use super::{CatalogError, context::Inner};

/// No more than so many are found for one thing.
pub const RELATED_MAX: usize = 100;

/// The content that is most like `id`, at most `first`; nothing where it is no content itself.
pub(super) fn related(
    inner: &Inner,
    id: NodeId,
    first: usize,
) -> Result<Vec<NodeId>, CatalogError> {
    let id = inner.store.resolve(id)?;
    let Some(record) = inner.store.record(id)?.filter(|record| record.common().is_some()) else {
        return Ok(Vec::new());
    };
    let body = inner.store.body(id)?;
    let ids = inner.index.related(&record, body.as_ref(), first.min(RELATED_MAX))?;
    let id = |bits| NodeId::from_bits(bits).map_err(|e| CatalogError::Engine(e.to_string()));
    ids.into_iter().map(id).collect()
}
