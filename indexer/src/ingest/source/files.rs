//! Files on disk: which files belong to a source, and their bytes.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use walkdir::WalkDir;

use super::{FetchError, config::ResolvedSource, survey::Survey};
use crate::regular_file;

/// Maximum number of files of one source.
pub(crate) const FILES_MAX: usize = 200_000;
/// Maximum size in bytes of a file in a folder.
pub(crate) const FILE_BYTES_MAX: u64 = 4 << 20;

/// Number of bytes from which the number of lines of a file is estimated.
const SAMPLE_BYTES: u64 = 1 << 20;

/// A file in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceFile {
    /// Path for opening the file.
    pub path: PathBuf,
    /// Path relative to the folder of the source, with `/` between segments.
    pub name: String,
}

/// The files that a source includes, sorted. Hidden files and symbolic links are skipped, so that
/// nothing outside the folder is ever read.
pub(crate) fn walk(
    source: &ResolvedSource,
    survey: &Survey,
) -> Result<Vec<SourceFile>, FetchError> {
    let mut files = Vec::new();
    let entries =
        WalkDir::new(&source.path).sort_by_file_name().into_iter().filter_entry(|entry| {
            entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".")
        });
    for entry in entries {
        let entry = entry.map_err(|error| FetchError::Unreadable {
            path: error.path().unwrap_or(&source.path).to_owned(),
            cause: error.into(),
        })?;
        let relative_path = entry.path().strip_prefix(&source.path).unwrap_or(entry.path());
        if !entry.file_type().is_file() {
            continue;
        }
        survey.file(source, relative_path);
        if source.exclude.is_match(relative_path) {
            continue;
        }
        if !source.include.is_match(relative_path) {
            if !source.other_includes.iter().any(|include| include.is_match(relative_path)) {
                let extension = relative_path.extension().unwrap_or_default();
                survey.not_included(&extension.to_string_lossy().to_lowercase());
            }
            continue;
        }
        if files.len() == FILES_MAX {
            return Err(FetchError::TooManyFiles { path: source.path.clone(), limit: FILES_MAX });
        }
        let segments: Vec<_> =
            relative_path.iter().map(|segment| segment.to_string_lossy()).collect();
        files.push(SourceFile { name: segments.join("/"), path: entry.into_path() });
    }
    Ok(files)
}

/// The bytes of a readable file, or why it is rejected.
pub(crate) fn read_limited(path: &Path, limit: u64) -> Result<Result<Vec<u8>, String>, FetchError> {
    let mut bytes = Vec::new();
    open(path)?
        .take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|cause| FetchError::Unreadable { path: path.to_owned(), cause })?;
    if bytes.len() as u64 > limit {
        return Ok(Err(format!("file exceeds the maximum number of bytes; split it: `{limit}`")));
    }
    Ok(Ok(bytes))
}

/// Replaces the line ends `\r\n` and `\r` with `\n`.
pub(super) fn unix_line_ends(text: String) -> String {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text }
}

/// The number of lines of a file, estimated from its first [`SAMPLE_BYTES`] if it is longer.
pub(crate) fn count_lines(path: &Path) -> Result<u64, FetchError> {
    let unreadable = |cause| FetchError::Unreadable { path: path.to_owned(), cause };
    let file = open(path)?;
    let bytes = file.metadata().map_err(unreadable)?.len();
    let mut sample = Vec::new();
    file.take(SAMPLE_BYTES).read_to_end(&mut sample).map_err(unreadable)?;
    let lines = (sample.split(|byte| *byte == b'\n').count() - 1) as u64;
    Ok(if bytes > SAMPLE_BYTES { lines * (bytes / SAMPLE_BYTES) } else { lines })
}

/// Opens a file for reading.
pub(crate) fn open(path: &Path) -> Result<File, FetchError> {
    regular_file::open(path)
        .map_err(|cause| FetchError::Unreadable { path: path.to_owned(), cause })
}

/// The last segment of a path, for use in locations.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
