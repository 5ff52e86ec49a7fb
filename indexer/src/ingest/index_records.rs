//! Index: replace the documents of records whose search results may have changed.

use schema::NodeId;

use super::{error::BuildError, write::WriteResult};
use crate::progress::Progress;
use crate::{
    index::{IndexDocument, IndexWriter},
    store::{StoreWriter, sources},
};

/// Replaces the index documents that a write affects.
pub(crate) fn index_changes(
    store: &StoreWriter<'_>,
    index: &IndexWriter,
    written: &WriteResult,
) -> Result<(), BuildError> {
    for id in written.removed.keys().chain(&written.reindex) {
        index_record(store, index, *id)?;
    }
    Ok(())
}

/// Adds all content to an empty index.
pub(crate) fn index_all(
    store: &StoreWriter<'_>,
    index: &IndexWriter,
    progress: &dyn Progress,
) -> Result<(), BuildError> {
    let ids: Vec<_> = store.ids()?.into_iter().filter(|id| id.kind().is_content()).collect();
    progress.begin("index", Some(ids.len() as u64));
    for id in ids {
        index_record(store, index, id)?;
        progress.advance(1);
    }
    progress.end();
    Ok(())
}

/// Replaces the document of a record with its current version, or removes it.
fn index_record(
    store: &StoreWriter<'_>,
    index: &IndexWriter,
    id: NodeId,
) -> Result<(), BuildError> {
    let Some(record) = store.record(id)? else {
        index.remove(id);
        return Ok(());
    };
    let body = store.body(id)?;
    let mut linked = Vec::new();
    for other in record.linked_ids() {
        linked.extend(store.record(other)?);
    }
    let sources = sources(&store.provenance(id)?);
    index.put(&IndexDocument {
        record: &record,
        body: body.as_ref(),
        linked_records: &linked,
        sources: &sources,
        group: store.group(id)?,
    })?;
    Ok(())
}
