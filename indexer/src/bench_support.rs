//! What benchmarks need of the inside. The program uses none of it.

use std::path::Path;

use schema::{Body, Record};

use crate::{
    analysis,
    index::{IndexDocument, IndexError, IndexWriter, Segments},
};

/// Who takes texts apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextAnalysis {
    /// We do.
    Dutch,
    /// The engine's default: words in lower case.
    Default,
}

/// Writes an index of content into an empty folder.
///
/// # Errors
/// Where the engine refuses.
pub fn write_index(
    folder: &Path,
    content: &[(Record, Option<Body>)],
    analysis: TextAnalysis,
) -> Result<(), IndexError> {
    let index = match analysis {
        TextAnalysis::Dutch => IndexWriter::open(folder, Segments::One),
        TextAnalysis::Default => {
            IndexWriter::open_with(folder, Segments::One, analysis::register_default)
        }
    }?;
    for (record, body) in content {
        let (body, about, sources) = (body.as_ref(), &[], &[]);
        index.put(&IndexDocument { record, body, linked_records: about, sources, group: None })?;
    }
    index.finish()
}
