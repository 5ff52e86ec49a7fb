//! Related content of a record.

use schema::NodeId;

use super::{CatalogError, open_generation::OpenGeneration};

/// Maximum number of related records.
pub const RELATED_MAX: usize = 100;

/// The content most similar to `id`, at most `first` records; empty if `id` is not content.
pub(super) fn related(
    generation: &OpenGeneration,
    id: NodeId,
    first: usize,
) -> Result<Vec<NodeId>, CatalogError> {
    let id = generation.store.resolve(id)?;
    let Some(record) = generation.store.record(id)?.filter(|record| record.common().is_some())
    else {
        return Ok(Vec::new());
    };
    let body = generation.store.body(id)?;
    let ids = generation.index.related(&record, body.as_ref(), first.min(RELATED_MAX))?;
    ids.into_iter().map(|bits| Ok(NodeId::from_bits(bits)?)).collect()
}
