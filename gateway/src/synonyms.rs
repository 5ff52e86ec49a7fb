//! The table of synonyms that an operator names, read again when an editor changes it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use indexer::catalog::{Catalog, Synonyms, SynonymsError};

/// Why a table of synonyms cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SynonymFileError {
    /// It cannot be read.
    #[error("the synonyms cannot be read: {cause}: `{}`", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// Some lines are wrong.
    #[error("`{}`: {cause}", path.display())]
    Lines {
        /// Which file.
        path: PathBuf,
        /// Which lines, and why.
        cause: SynonymsError,
    },
}

/// Reads a table; the program's own where none is named.
///
/// # Errors
/// [`SynonymFileError`] with everything that is wrong.
pub fn read(path: Option<&Path>) -> Result<Synonyms, SynonymFileError> {
    let Some(path) = path else { return Ok(Synonyms::own()) };
    let bytes =
        fs::read(path).map_err(|cause| SynonymFileError::Io { path: path.to_owned(), cause })?;
    Synonyms::parse(&bytes)
        .map_err(|cause| SynonymFileError::Lines { path: path.to_owned(), cause })
}

/// A table that is looked at again and again.
#[derive(Debug)]
pub(crate) struct SynonymFile {
    path: PathBuf,
    /// When it was written, and its length, when it was read last.
    seen: Option<(SystemTime, u64)>,
}

impl SynonymFile {
    /// A file that was read just now.
    pub(crate) fn new(path: PathBuf) -> Self {
        let seen = stamp(&path);
        Self { path, seen }
    }

    /// Takes the table over if it was changed. A table that is wrong is logged once; the one before
    /// stays in use.
    pub(crate) fn look(&mut self, catalog: &Catalog) {
        let stamp = stamp(&self.path);
        if stamp == self.seen {
            return;
        }
        self.seen = stamp;
        match read(Some(&self.path)) {
            Ok(synonyms) => {
                tracing::info!(rings = synonyms.len(), "using the changed synonyms");
                catalog.set_synonyms(synonyms);
            }
            Err(error) => {
                tracing::warn!(cause = %error, "the changed synonyms cannot be used");
            }
        }
    }
}

fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
