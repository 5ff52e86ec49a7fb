//! Internals that the benchmarks need. The program does not use them.

use std::path::Path;

use schema::{Body, Record};

use crate::{
    analysis,
    index::{IndexDocument, IndexError, IndexWriter, Segments},
};

/// The text analysis of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextAnalysis {
    /// Our own analysis.
    Dutch,
    /// The default of tantivy: words in lower case.
    Default,
}

/// Writes an index of content into an empty folder.
///
/// # Errors
/// `IndexError` if the index cannot be written.
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
