//! Differences between a generation and its manifest.

use std::path::Path;

use super::{INDEX_FOLDER, MANIFEST_FILE};

/// A difference between a generation and its manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// A file of the manifest does not exist.
    #[error("missing file: `{0}`")]
    MissingFile(String),
    /// The bytes of a file differ from its digest.
    #[error("checksum mismatch: `{0}`")]
    ChecksumMismatch(String),
    /// A file is not in the manifest.
    #[error("unexpected file: `{0}`")]
    UnexpectedFile(String),
    /// The manifest cannot be parsed.
    #[error("malformed JSON: `{MANIFEST_FILE}`")]
    MalformedManifest,
    /// The manifest has the number of another generation.
    #[error("belongs to another generation: `{MANIFEST_FILE}`")]
    ForeignManifest,
    /// The index has more or fewer documents than the store has content.
    #[error("the index has {documents} documents, the store has {records} records")]
    DocumentCount {
        /// Number of documents in the index.
        documents: u64,
        /// Number of records in the store that the index must have.
        records: u64,
    },
}

impl Damage {
    /// Whether only the index is damaged, which can be rebuilt from the store.
    pub(crate) fn is_in_index(&self) -> bool {
        match self {
            Self::MissingFile(name) | Self::ChecksumMismatch(name) | Self::UnexpectedFile(name) => {
                is_index_file(name)
            }
            Self::DocumentCount { .. } => true,
            Self::MalformedManifest | Self::ForeignManifest => false,
        }
    }
}

/// Whether a file, by its path inside a generation, is part of the index.
pub(super) fn is_index_file(name: &str) -> bool {
    Path::new(name).starts_with(INDEX_FOLDER)
}
