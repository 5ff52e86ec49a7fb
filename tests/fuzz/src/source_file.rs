//! A source that is one file, which is written and read for each input.

use std::{
    fs,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use indexer::ingest::{
    config::{ResolvedSource, SourceConfig, resolve_sources},
    fuzz_support::{ReadItem, read_items},
};
use tempfile::TempDir;

use crate::content::assert_valid;

/// A source in a temporary folder. There is one file per process, which concurrent checks lock.
pub(crate) struct SourceFile {
    lock: Mutex<()>,
    _folder: TempDir,
    path: PathBuf,
    source: ResolvedSource,
}

impl SourceFile {
    /// The source `items` with this configuration, which must name the file `items`.
    pub(crate) fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("items");
        fs::write(&path, "").expect("writable");
        let config: SourceConfig = toml::from_str(config).expect("a source");
        let source = resolve_sources(&[config], folder.path()).expect("a valid source").remove(0);
        Self { lock: Mutex::new(()), _folder: folder, path, source }
    }

    /// The resolved source.
    pub(crate) fn source(&self) -> &ResolvedSource {
        &self.source
    }

    /// The items of `bytes`. Each must be valid or rejected with a reason, at a line of the file,
    /// in the order of the lines, and the same when read again. `None` if the file cannot be read
    /// as a whole.
    pub(crate) fn items(&self, bytes: &[u8]) -> Option<Vec<ReadItem>> {
        let items = self.items_in_any_order(bytes)?;
        let input = String::from_utf8_lossy(bytes);
        let lines: Vec<_> = items.iter().filter_map(line).collect();
        assert!(lines.is_sorted_by(|a, b| a < b), "{lines:?}: {input}");
        let last = 1 + input.matches(['\n', '\r']).count();
        assert!(lines.iter().all(|line| (1..=last).contains(line)), "{lines:?}: {input}");
        Some(items)
    }

    /// As [`Self::items`], for a format in which the order of records has no meaning.
    pub(crate) fn items_in_any_order(&self, bytes: &[u8]) -> Option<Vec<ReadItem>> {
        let _lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        fs::write(&self.path, bytes).expect("writable");
        let input = String::from_utf8_lossy(bytes);
        let items = read_items(&self.source);
        let again = read_items(&self.source);
        let items = match items {
            Ok(items) => items,
            Err(error) => {
                let again = again.expect_err("the same error again");
                assert_eq!(error.to_string(), again.to_string(), "{input}");
                return None;
            }
        };
        assert_eq!(items, again.expect("the same items again"), "{input}");
        for item in &items {
            assert_valid(item, &input);
        }
        Some(items)
    }
}

/// The line of an item; a deletion has none.
pub(crate) fn line(item: &ReadItem) -> Option<usize> {
    let (ReadItem::Record { location, .. }
    | ReadItem::Skipped { location }
    | ReadItem::Rejected { location, .. }) = item
    else {
        return None;
    };
    let (file, line) = location.rsplit_once(':').expect("file and line");
    assert_eq!(file, "items");
    Some(line.parse().expect("a line number"))
}
