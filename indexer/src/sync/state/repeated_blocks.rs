//! Blocks of text that many pages of a source have.

use std::collections::{BTreeMap, HashMap, HashSet};

use redb::{ReadableDatabase, ReadableTable, TableDefinition};
use schema::SourceName;
use serde::{Deserialize, Serialize};

use super::{RESOURCES, StateCause, StateError, SyncState, range_of};

/// Digests of the blocks of a page, by source and key, each as eight bytes in order of its value.
pub(super) const BLOCKS: TableDefinition<'_, (&str, &str), &[u8]> = TableDefinition::new("blocks");
/// By source; a list of [`RepeatedBlock`].
pub(super) const REPEATED: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("repeated");

/// Share of the pages from which a block is repeated, in percent, and their minimum number.
const PAGES_PERCENT_MIN: usize = 50;
const PAGES_MIN: usize = 5;
/// Maximum number of repeated blocks of a source; the most frequent count.
const REPEATED_MAX: usize = 1_000;

/// A block of text that many pages of a source have, such as an entry of a menu.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepeatedBlock {
    /// Digest of the text.
    pub(crate) digest: u64,
    /// Number of pages that have it.
    pub pages: usize,
    /// The start of the text.
    pub text: String,
}

/// Number of pages that have a block, and the key of one of them.
type BlockCount = (usize, String);

impl SyncState {
    /// The blocks that many pages of a source have, the most frequent first.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn repeated_blocks(&self, source: &SourceName) -> Result<Vec<RepeatedBlock>, StateError> {
        let read = || -> Result<_, StateCause> {
            let table = self.database.begin_read()?.open_table(REPEATED)?;
            let bytes = table.get(source.as_str())?;
            Ok(bytes.map(|bytes| postcard::from_bytes(bytes.value())).transpose()?)
        };
        read().map(Option::unwrap_or_default).map_err(|cause| self.error(cause))
    }

    /// The digests of the blocks of each page of a source that are in a set, by the key of the page.
    pub(crate) fn blocks_of_pages(
        &self,
        source: &SourceName,
        wanted: &HashSet<u64>,
    ) -> Result<HashMap<String, Vec<u64>>, StateError> {
        let read = || -> Result<_, StateCause> {
            let table = self.database.begin_read()?.open_table(BLOCKS)?;
            let mut pages = HashMap::new();
            for item in table.range(range_of(source))? {
                let (key, value) = item?;
                let found: Vec<_> =
                    digests(value.value()).filter(|one| wanted.contains(one)).collect();
                if !found.is_empty() {
                    pages.insert(key.value().1.to_owned(), found);
                }
            }
            Ok(pages)
        };
        read().map_err(|cause| self.error(cause))
    }

    /// Stores the digests of the blocks of pages, each once and in order.
    pub(crate) fn put_blocks(
        &self,
        source: &SourceName,
        pages: &[(String, Vec<u64>)],
    ) -> Result<(), StateError> {
        let write = || -> Result<(), StateCause> {
            let transaction = self.database.begin_write()?;
            {
                let mut table = transaction.open_table(BLOCKS)?;
                for (key, digests) in pages {
                    let bytes: Vec<u8> = digests.iter().flat_map(|one| one.to_le_bytes()).collect();
                    table.insert((source.as_str(), key.as_str()), bytes.as_slice())?;
                }
            }
            transaction.commit()?;
            Ok(())
        };
        write().map_err(|cause| self.error(cause))
    }

    /// Counts again which blocks many pages have. `text_of` returns the text of a block of the page with
    /// a key; it is called for blocks that are new among them.
    pub(crate) fn learn_repeated_blocks(
        &self,
        source: &SourceName,
        mut text_of: impl FnMut(&str, u64) -> Option<String>,
    ) -> Result<(), StateError> {
        let known = self.repeated_blocks(source)?;
        let counted = self.count_blocks(source).map_err(|cause| self.error(cause))?;
        let texts: HashMap<u64, String> =
            known.iter().map(|block| (block.digest, block.text.clone())).collect();
        let mut text = |digest: u64, page: &str| {
            texts.get(&digest).cloned().or_else(|| text_of(page, digest)).unwrap_or_default()
        };
        let repeated: Vec<_> = counted
            .into_iter()
            .map(|(digest, (pages, page))| RepeatedBlock {
                digest,
                pages,
                text: text(digest, &page),
            })
            .collect();
        if repeated == known {
            return Ok(());
        }
        let write = || -> Result<(), StateCause> {
            let bytes = postcard::to_allocvec(&repeated)?;
            let transaction = self.database.begin_write()?;
            transaction.open_table(REPEATED)?.insert(source.as_str(), bytes.as_slice())?;
            transaction.commit()?;
            Ok(())
        };
        write().map_err(|cause| self.error(cause))
    }

    /// The blocks that many pages have, each with their number and one of them, the most frequent first.
    /// What is stored of pages that no longer exist is removed.
    fn count_blocks(&self, source: &SourceName) -> Result<Vec<(u64, BlockCount)>, StateCause> {
        let transaction = self.database.begin_write()?;
        let (mut counts, mut pages) = (BTreeMap::<u64, BlockCount>::new(), 0);
        {
            let resources = transaction.open_table(RESOURCES)?;
            let mut table = transaction.open_table(BLOCKS)?;
            let mut gone = Vec::new();
            for item in table.range(range_of(source))? {
                let (key, value) = item?;
                let page = key.value().1;
                if resources.get((source.as_str(), page))?.is_none() {
                    gone.push(page.to_owned());
                    continue;
                }
                pages += 1;
                for digest in digests(value.value()) {
                    counts.entry(digest).or_insert_with(|| (0, page.to_owned())).0 += 1;
                }
            }
            for page in gone {
                table.remove((source.as_str(), page.as_str()))?;
            }
        }
        transaction.commit()?;
        let min = PAGES_MIN.max((pages * PAGES_PERCENT_MIN).div_ceil(100));
        let mut repeated: Vec<_> =
            counts.into_iter().filter(|(_, (count, _))| *count >= min).collect();
        repeated.sort_by_key(|(digest, (count, _))| (std::cmp::Reverse(*count), *digest));
        repeated.truncate(REPEATED_MAX);
        Ok(repeated)
    }
}

fn digests(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes))
}
