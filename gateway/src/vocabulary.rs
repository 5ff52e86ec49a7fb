//! The configured vocabulary folder, reloaded when a file in it changes.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use federation::bounded_file::{self, ReadFileError};
use indexer::{
    catalog::{Catalog, Vocabulary, VocabularyError},
    with_causes,
};

/// Maximum size of a vocabulary file in bytes.
const VOCABULARY_BYTES_MAX: u64 = 2 << 20;
/// Maximum number of files in a vocabulary folder.
const VOCABULARY_FILES_MAX: usize = 64;

/// Error of reading a vocabulary folder.
#[derive(Debug, thiserror::Error)]
pub enum VocabularyFolderError {
    /// The folder cannot be listed.
    #[error("cannot list the vocabulary folder: `{}`", path.display())]
    Folder {
        /// Path of the folder.
        path: PathBuf,
        /// The error of the file system.
        #[source]
        cause: io::Error,
    },
    /// The folder has too many files.
    #[error("vocabulary folder has more than {VOCABULARY_FILES_MAX} CSV files: `{}`", .0.display())]
    TooManyFiles(PathBuf),
    /// A file cannot be read.
    #[error("cannot read the vocabulary: `{}`", path.display())]
    File {
        /// Path of the file.
        path: PathBuf,
        /// The error of the file system, or the limit.
        #[source]
        cause: ReadFileError,
    },
    /// Files contain invalid lines.
    #[error("invalid vocabulary: `{}`", path.display())]
    Lines {
        /// Path of the folder.
        path: PathBuf,
        /// The invalid lines, with reasons.
        #[source]
        cause: VocabularyError,
    },
}

/// Reads the CSV files of a vocabulary folder; each replaces the built-in file of the same name.
/// Without a folder, the built-in vocabulary.
///
/// # Errors
/// [`VocabularyFolderError`] with all invalid lines.
pub fn read(folder: Option<&Path>) -> Result<Vocabulary, VocabularyFolderError> {
    let Some(folder) = folder else { return Ok(Vocabulary::built_in()) };
    let mut files = Vec::new();
    for (name, _, _) in list(folder)? {
        let path = folder.join(&name);
        let bytes = bounded_file::read(&path, VOCABULARY_BYTES_MAX)
            .map_err(|cause| VocabularyFolderError::File { path, cause })?;
        files.push((name, bytes));
    }
    Vocabulary::with_files(&files)
        .map_err(|cause| VocabularyFolderError::Lines { path: folder.to_owned(), cause })
}

/// Name, modification time and length in bytes of a file.
type FileState = (String, Option<SystemTime>, u64);

/// The CSV files of a folder, by name.
fn list(folder: &Path) -> Result<Vec<FileState>, VocabularyFolderError> {
    let error = |cause| VocabularyFolderError::Folder { path: folder.to_owned(), cause };
    let mut files = Vec::new();
    for file in fs::read_dir(folder).map_err(error)? {
        let file = file.map_err(error)?;
        let name = file.file_name().to_string_lossy().into_owned();
        // A lock or backup file of an editor begins with a dot or a tilde.
        let is_csv =
            Path::new(&name).extension().is_some_and(|end| end.eq_ignore_ascii_case("csv"));
        if !is_csv || name.starts_with(['.', '~']) {
            continue;
        }
        if files.len() == VOCABULARY_FILES_MAX {
            return Err(VocabularyFolderError::TooManyFiles(folder.to_owned()));
        }
        let metadata = fs::metadata(file.path()).map_err(error)?;
        files.push((name, metadata.modified().ok(), metadata.len()));
    }
    files.sort();
    Ok(files)
}

/// A vocabulary folder that is polled for changes.
#[derive(Debug)]
pub(crate) struct VocabularyFolder {
    path: PathBuf,
    /// The files at the last read; `None` if the folder could not be listed.
    last_read: Option<Vec<FileState>>,
}

impl VocabularyFolder {
    /// A folder that has just been read.
    pub(crate) fn new(path: PathBuf) -> Self {
        let last_read = list(&path).ok();
        Self { path, last_read }
    }

    /// Reloads the folder if a file has changed. Errors are logged once, and the previous
    /// vocabulary stays active.
    pub(crate) fn poll(&mut self, catalog: &Catalog) {
        let current = list(&self.path).ok();
        if current == self.last_read {
            return;
        }
        self.last_read = current;
        match read(Some(&self.path)) {
            Ok(vocabulary) => {
                tracing::info!(entries = vocabulary.len(), "vocabulary reloaded");
                catalog.set_vocabulary(vocabulary);
            }
            Err(error) => {
                tracing::warn!(
                    error = with_causes(&error),
                    "cannot use the changed vocabulary; keeping the previous one"
                );
            }
        }
    }
}
