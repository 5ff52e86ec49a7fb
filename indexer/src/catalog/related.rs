//! What is like a thing.

use schema::NodeId;

use super::{CatalogError, open_generation::OpenGeneration};

/// No more than so many are found for one thing.
pub const RELATED_MAX: usize = 100;

/// The content that is most like `id`, at most `first_index`; nothing where it is no content itself.
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
