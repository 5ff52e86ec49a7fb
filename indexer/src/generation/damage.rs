//! Differences between a generation and its manifest.

use std::path::Path;

use super::{INDEX_FOLDER, MANIFEST_FILE};

/// A difference between a generation and its manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// A file listed in the manifest does not exist.
    #[error("missing file: `{0}`")]
    MissingFile(String),
    /// The content of a file does not match its digest.
    #[error("checksum mismatch: `{0}`")]
    ChecksumMismatch(String),
    /// A file is not listed in the manifest.
    #[error("unexpected file: `{0}`")]
    UnexpectedFile(String),
    /// The manifest cannot be parsed.
    #[error("malformed JSON: `{MANIFEST_FILE}`")]
    MalformedManifest,
    /// The manifest carries the number of another generation.
    #[error("belongs to another generation: `{MANIFEST_FILE}`")]
    ForeignManifest,
    /// The number of documents in the index differs from the number of content records in the
    /// store.
    #[error("the index has {documents} documents, the store has {records} records")]
    DocumentCount {
        /// Number of documents in the index.
        documents: u64,
        /// Number of records in the store that should be in the index.
        records: u64,
    },
}

impl Damage {
    /// Whether the damage is limited to the index, which can be rebuilt from the store.
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

/// Whether a path relative to a generation belongs to the index.
pub(super) fn is_index_file(name: &str) -> bool {
    Path::new(name).starts_with(INDEX_FOLDER)
}
