//! The configured synonym file, reloaded when it changes.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use federation::bounded_file::{self, ReadFileError};
use indexer::{
    catalog::{Catalog, Synonyms, SynonymsError},
    with_causes,
};

/// Maximum size of a synonym file in bytes.
const SYNONYMS_BYTES_MAX: u64 = 2 << 20;

/// Error of reading a synonym file.
#[derive(Debug, thiserror::Error)]
pub enum SynonymFileError {
    /// The file cannot be read.
    #[error("cannot read synonyms: `{}`", path.display())]
    Io {
        /// Path of the file.
        path: PathBuf,
        /// The error of the file system, or the limit.
        #[source]
        cause: ReadFileError,
    },
    /// The file contains invalid lines.
    #[error("invalid synonyms: `{}`", path.display())]
    Lines {
        /// Path of the file.
        path: PathBuf,
        /// The invalid lines, with reasons.
        #[source]
        cause: SynonymsError,
    },
}

/// Reads a synonym file, or the built-in synonyms without a path.
///
/// # Errors
/// [`SynonymFileError`] with all invalid lines.
pub fn read(path: Option<&Path>) -> Result<Synonyms, SynonymFileError> {
    let Some(path) = path else { return Ok(Synonyms::built_in()) };
    let bytes = bounded_file::read(path, SYNONYMS_BYTES_MAX)
        .map_err(|cause| SynonymFileError::Io { path: path.to_owned(), cause })?;
    Synonyms::parse(&bytes)
        .map_err(|cause| SynonymFileError::Lines { path: path.to_owned(), cause })
}

/// A synonym file that is polled for changes.
#[derive(Debug)]
pub(crate) struct SynonymFile {
    path: PathBuf,
    /// Modification time and length at the last read.
    last_read: Option<(SystemTime, u64)>,
}

impl SynonymFile {
    /// A file that has just been read.
    pub(crate) fn new(path: PathBuf) -> Self {
        let last_read = mtime_and_len(&path);
        Self { path, last_read }
    }

    /// Reloads the file if it has changed. Errors are logged once, and the previous synonyms stay
    /// active.
    pub(crate) fn poll(&mut self, catalog: &Catalog) {
        let current = mtime_and_len(&self.path);
        if current == self.last_read {
            return;
        }
        self.last_read = current;
        match read(Some(&self.path)) {
            Ok(synonyms) => {
                tracing::info!(groups = synonyms.len(), "synonyms reloaded");
                catalog.set_synonyms(synonyms);
            }
            Err(error) => {
                tracing::warn!(
                    error = with_causes(&error),
                    "cannot use the changed synonyms; keeping the previous ones"
                );
            }
        }
    }
}

fn mtime_and_len(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
