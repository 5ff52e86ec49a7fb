//! The table of synonyms that an operator names, read again when an editor changes it.

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

/// Maximum length of a table of synonyms in bytes.
const SYNONYMS_BYTES_MAX: u64 = 2 << 20;

/// Why a table of synonyms cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SynonymFileError {
    /// It cannot be read.
    #[error("cannot read synonyms: `{}`", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// The error of the file system, or the limit.
        #[source]
        cause: ReadFileError,
    },
    /// Some lines are invalid.
    #[error("invalid synonyms: `{}`", path.display())]
    Lines {
        /// Which file.
        path: PathBuf,
        /// Which lines, and why.
        #[source]
        cause: SynonymsError,
    },
}

/// Reads a table; the program's own where none is named.
///
/// # Errors
/// [`SynonymFileError`] with every invalid line.
pub fn read(path: Option<&Path>) -> Result<Synonyms, SynonymFileError> {
    let Some(path) = path else { return Ok(Synonyms::built_in()) };
    let bytes = bounded_file::read(path, SYNONYMS_BYTES_MAX)
        .map_err(|cause| SynonymFileError::Io { path: path.to_owned(), cause })?;
    Synonyms::parse(&bytes)
        .map_err(|cause| SynonymFileError::Lines { path: path.to_owned(), cause })
}

/// A table that is looked at again and again.
#[derive(Debug)]
pub(crate) struct SynonymFile {
    path: PathBuf,
    /// When it was written, and its length, when it was read last.
    last_read: Option<(SystemTime, u64)>,
}

impl SynonymFile {
    /// A file that was read just now.
    pub(crate) fn new(path: PathBuf) -> Self {
        let last_read = mtime_and_len(&path);
        Self { path, last_read }
    }

    /// Takes the table over if it was changed. An invalid table is logged once; the
    /// previous one stays in use.
    pub(crate) fn poll(&mut self, catalog: &Catalog) {
        let current = mtime_and_len(&self.path);
        if current == self.last_read {
            return;
        }
        self.last_read = current;
        match read(Some(&self.path)) {
            Ok(synonyms) => {
                tracing::info!(rings = synonyms.len(), "synonyms reloaded");
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
