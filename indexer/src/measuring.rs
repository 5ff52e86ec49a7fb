//! What benchmarks need of the inside. The program uses none of it.

use std::path::Path;

use schema::{Body, Record};

use crate::{
    index::{IndexError, IndexWriter, Indexed, Segments},
    language,
};

/// Who takes texts apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Analysis {
    /// We do.
    Ours,
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
    analysis: Analysis,
) -> Result<(), IndexError> {
    let index = match analysis {
        Analysis::Ours => IndexWriter::open(folder, Segments::One),
        Analysis::Default => {
            IndexWriter::open_with(folder, Segments::One, language::register_default)
        }
    }?;
    for (record, body) in content {
        let (body, about, sources) = (body.as_ref(), &[], &[]);
        index.put(&Indexed { record, body, about, sources, group: None })?;
    }
    index.finish()
}
