//! The state of synchronisation, `sync.redb`: the last content of every resource of the sources over
//! the network, and what their runs found. Losing it costs a refetch and nothing else.
//!
//! Invariant: a resource is removed by explicit evidence, or by its absence from two complete runs.

mod removals;
mod repeated_blocks;
#[cfg(test)]
mod tests;

use std::{
    collections::HashSet,
    fmt::{self, Debug},
    fs,
    io::ErrorKind,
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use schema::SourceName;
use serde::{Deserialize, Serialize};

pub use self::repeated_blocks::RepeatedBlock;
use self::{
    removals::REMOVED,
    repeated_blocks::{BLOCKS, REPEATED},
};
use super::run::{Completeness, SourceRun};

/// Incremented when the layout of a table changes; another format is discarded and fetched again.
const FORMAT: u32 = 2;

const META: TableDefinition<'_, &str, u32> = TableDefinition::new("meta");
const SOURCES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("sources");
/// By source and key; [`ResourceEntry`].
const RESOURCES: TableDefinition<'_, (&str, &str), &[u8]> = TableDefinition::new("resources");
/// Bodies, compressed with lz4.
const BODIES: TableDefinition<'_, (&str, &str), &[u8]> = TableDefinition::new("bodies");

/// What is known of a resource besides its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ResourceEntry {
    /// Digest of the body.
    pub(crate) hash: [u8; 32],
    /// The version that the host reports, such as the time of the last change.
    pub(crate) version: String,
    /// When it was fetched, in seconds since 1970.
    pub(crate) fetched_at: i64,
    /// Whether the last complete run did not find it.
    pub(crate) is_missing: bool,
}

/// What is known of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SourceProgress {
    /// Digest of the address and the settings; with another one, the resources are discarded.
    pub(crate) digest: u64,
    /// Number of complete runs since the state of the source was created.
    pub(crate) complete_runs: u64,
    /// The last run, of any outcome.
    pub(crate) last: Option<SourceRun>,
    /// The time of the last complete run, in seconds since 1970.
    pub(crate) completed_at: Option<i64>,
    /// Digest of the names that were joined to all resources.
    pub(crate) names_digest: u64,
}

/// Number of complete runs after which an absence is confirmed.
const COMPLETE_RUNS_MIN: u64 = 2;

impl SourceProgress {
    /// Whether a record without a resource is gone: its absence was confirmed by a second complete
    /// run since the state was created.
    pub(crate) fn proves_absence(&self) -> bool {
        self.complete_runs >= COMPLETE_RUNS_MIN
    }
}

/// Why the state cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the state of synchronisation: `{}`", path.display())]
pub struct StateError {
    path: PathBuf,
    #[source]
    cause: StateCause,
}

#[derive(Debug, thiserror::Error)]
enum StateCause {
    #[error("another process fetches or builds; try again when it is done")]
    InUse,
    #[error(transparent)]
    Database(#[from] redb::Error),
    #[error("a value is damaged; delete the file, and the sources are fetched again")]
    Damaged(#[from] postcard::Error),
    #[error("a body is damaged; delete the file, and the sources are fetched again")]
    DamagedBody(#[from] lz4_flex::block::DecompressError),
    #[error(transparent)]
    File(#[from] std::io::Error),
}

impl StateError {
    /// Whether another process has opened the state, so that a later attempt can succeed.
    pub fn is_in_use(&self) -> bool {
        matches!(self.cause, StateCause::InUse)
    }
}

impl StateCause {
    /// Whether the file is damaged or in another format, and not the disk or another process at
    /// fault.
    fn is_damage(&self) -> bool {
        match self {
            Self::Database(redb::Error::Io(error)) | Self::File(error) => {
                matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof)
            }
            Self::InUse => false,
            Self::Database(_) | Self::Damaged(_) | Self::DamagedBody(_) => true,
        }
    }
}

macro_rules! from_database {
    ($($error:ident,)+) => {$(
        impl From<redb::$error> for StateCause {
            fn from(error: redb::$error) -> Self {
                match error.into() {
                    redb::Error::DatabaseAlreadyOpen => Self::InUse,
                    error => Self::Database(error),
                }
            }
        }
    )+};
}

from_database! { DatabaseError, TransactionError, TableError, StorageError, CommitError, }

/// The state of synchronisation. One process at a time can open it.
pub struct SyncState {
    database: Database,
    path: PathBuf,
}

impl Debug for SyncState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncState").field("path", &self.path).finish_non_exhaustive()
    }
}

impl SyncState {
    /// Opens the state, and creates it if it does not exist. A damaged file, or one in another
    /// format, is renamed to `sync.redb.damaged` and replaced by an empty one.
    ///
    /// # Errors
    /// [`StateError`] if another process has opened it, or the disk fails.
    pub(crate) fn open(path: &Path) -> Result<Self, StateError> {
        let in_path = |cause| StateError { path: path.to_owned(), cause };
        match Self::open_intact(path) {
            Ok(state) => return Ok(state),
            Err(cause) if !cause.is_damage() => return Err(in_path(cause)),
            Err(cause) => {
                tracing::warn!(%cause, path = %path.display(), "the state of synchronisation is discarded; all sources are fetched again");
            }
        }
        let damaged = path.with_extension("redb.damaged");
        fs::rename(path, damaged).map_err(|cause| in_path(cause.into()))?;
        Self::open_intact(path).map_err(in_path)
    }

    fn open_intact(path: &Path) -> Result<Self, StateCause> {
        let database = Database::create(path)?;
        let transaction = database.begin_write()?;
        let format = {
            let mut meta = transaction.open_table(META)?;
            let format = meta.get("format")?.map(|format| format.value());
            if format.is_none() {
                meta.insert("format", FORMAT)?;
            }
            format.unwrap_or(FORMAT)
        };
        transaction.open_table(SOURCES)?;
        transaction.open_table(RESOURCES)?;
        transaction.open_table(BODIES)?;
        transaction.open_table(BLOCKS)?;
        transaction.open_table(REPEATED)?;
        transaction.open_table(REMOVED)?;
        transaction.commit()?;
        if format == FORMAT {
            Ok(Self { database, path: path.to_owned() })
        } else {
            let cause = format!("format {format} instead of {FORMAT}");
            Err(StateCause::File(std::io::Error::new(ErrorKind::InvalidData, cause)))
        }
    }

    fn error(&self, cause: StateCause) -> StateError {
        StateError { path: self.path.clone(), cause }
    }

    /// The progress of a source; the default if it has never run with this digest of its settings.
    pub(crate) fn progress(
        &self,
        source: &SourceName,
        digest: u64,
    ) -> Result<SourceProgress, StateError> {
        let read = || -> Result<_, StateCause> {
            let sources = self.database.begin_read()?.open_table(SOURCES)?;
            stored_progress(&sources, source)
        };
        let progress = read().map_err(|cause| self.error(cause))?;
        let is_current = |progress: &SourceProgress| progress.digest == digest;
        let new = || SourceProgress { digest, ..SourceProgress::default() };
        Ok(progress.filter(is_current).unwrap_or_else(new))
    }

    /// Discards the resources of a source whose address or settings changed.
    pub(crate) fn prepare(&self, source: &SourceName, digest: u64) -> Result<(), StateError> {
        let write = || -> Result<(), StateCause> {
            let transaction = self.database.begin_write()?;
            {
                let mut sources = transaction.open_table(SOURCES)?;
                let known = stored_progress(&sources, source)?;
                if known.is_some_and(|known| known.digest == digest) {
                    return Ok(());
                }
                let range = || range_of(source);
                transaction.open_table(RESOURCES)?.retain_in(range(), |_, _| false)?;
                transaction.open_table(BODIES)?.retain_in(range(), |_, _| false)?;
                transaction.open_table(BLOCKS)?.retain_in(range(), |_, _| false)?;
                transaction.open_table(REPEATED)?.remove(source.as_str())?;
                transaction.open_table(REMOVED)?.retain_in(range(), |_, ()| false)?;
                let progress = SourceProgress { digest, ..SourceProgress::default() };
                let bytes = postcard::to_allocvec(&progress)?;
                sources.insert(source.as_str(), bytes.as_slice())?;
            }
            transaction.commit()?;
            Ok(())
        };
        write().map_err(|cause| self.error(cause))
    }

    /// Records which names were joined to all resources.
    pub(crate) fn set_names_digest(
        &self,
        source: &SourceName,
        names_digest: u64,
    ) -> Result<(), StateError> {
        let write = || -> Result<(), StateCause> {
            let transaction = self.database.begin_write()?;
            {
                let mut sources = transaction.open_table(SOURCES)?;
                let mut progress = stored_progress(&sources, source)?.unwrap_or_default();
                progress.names_digest = names_digest;
                let bytes = postcard::to_allocvec(&progress)?;
                sources.insert(source.as_str(), bytes.as_slice())?;
            }
            transaction.commit()?;
            Ok(())
        };
        write().map_err(|cause| self.error(cause))
    }

    /// All resources of a source, by key.
    pub(crate) fn entries(
        &self,
        source: &SourceName,
    ) -> Result<Vec<(String, ResourceEntry)>, StateError> {
        let read = || -> Result<_, StateCause> {
            let table = self.database.begin_read()?.open_table(RESOURCES)?;
            let mut entries = Vec::new();
            for item in table.range(range_of(source))? {
                let (key, value) = item?;
                entries.push((key.value().1.to_owned(), postcard::from_bytes(value.value())?));
            }
            Ok(entries)
        };
        read().map_err(|cause| self.error(cause))
    }

    /// The body of a resource; `None` if there is no such resource.
    pub(crate) fn body(
        &self,
        source: &SourceName,
        key: &str,
    ) -> Result<Option<Vec<u8>>, StateError> {
        let read = || -> Result<_, StateCause> {
            let table = self.database.begin_read()?.open_table(BODIES)?;
            let Some(bytes) = table.get((source.as_str(), key))? else { return Ok(None) };
            Ok(Some(lz4_flex::decompress_size_prepended(bytes.value())?))
        };
        read().map_err(|cause| self.error(cause))
    }

    /// Stores resources that were fetched. Returns the number of those whose body is new or differs.
    pub(crate) fn put(
        &self,
        source: &SourceName,
        resources: &[FetchedResource],
        now: Timestamp,
    ) -> Result<u64, StateError> {
        let write = || -> Result<u64, StateCause> {
            let transaction = self.database.begin_write()?;
            let mut changed = 0;
            {
                let mut entries = transaction.open_table(RESOURCES)?;
                let mut bodies = transaction.open_table(BODIES)?;
                let mut removed = transaction.open_table(REMOVED)?;
                for resource in resources {
                    let key = (source.as_str(), resource.key.as_str());
                    removed.remove(key)?;
                    let hash = *blake3::hash(&resource.body).as_bytes();
                    let known = entries.get(key)?.map(|bytes| bytes.value().to_vec());
                    let known: Option<ResourceEntry> =
                        known.map(|bytes| postcard::from_bytes(&bytes)).transpose()?;
                    if known.is_none_or(|known| known.hash != hash) {
                        changed += 1;
                        let body = lz4_flex::compress_prepend_size(&resource.body);
                        bodies.insert(key, body.as_slice())?;
                    }
                    let entry = ResourceEntry {
                        hash,
                        version: resource.version.clone(),
                        fetched_at: now.as_second(),
                        is_missing: false,
                    };
                    entries.insert(key, postcard::to_allocvec(&entry)?.as_slice())?;
                }
            }
            transaction.commit()?;
            Ok(changed)
        };
        write().map_err(|cause| self.error(cause))
    }

    /// Ends a run. After a complete one, resources that it did not find become missing, and those that
    /// were already missing are removed.
    pub(crate) fn finish(
        &self,
        source: &SourceName,
        present: &HashSet<String>,
        mut run: SourceRun,
    ) -> Result<SourceRun, StateError> {
        let absent = if run.completeness == Completeness::Complete {
            self.absent(source, present)?
        } else {
            Vec::new()
        };
        let write = || -> Result<SourceRun, StateCause> {
            let transaction = self.database.begin_write()?;
            {
                let mut entries = transaction.open_table(RESOURCES)?;
                let mut bodies = transaction.open_table(BODIES)?;
                for (key, mut entry, is_present) in absent {
                    let id = (source.as_str(), key.as_str());
                    if !is_present && entry.is_missing {
                        entries.remove(id)?;
                        bodies.remove(id)?;
                        run.removed += 1;
                        continue;
                    }
                    run.missing += u64::from(!is_present);
                    entry.is_missing = !is_present;
                    entries.insert(id, postcard::to_allocvec(&entry)?.as_slice())?;
                }
                let mut sources = transaction.open_table(SOURCES)?;
                let mut progress = stored_progress(&sources, source)?.unwrap_or_default();
                if run.completeness == Completeness::Complete {
                    progress.complete_runs += 1;
                    run.confirms_absences = progress.complete_runs == COMPLETE_RUNS_MIN;
                    progress.completed_at = Some(run.at);
                }
                progress.last = Some(run.clone());
                let bytes = postcard::to_allocvec(&progress)?;
                sources.insert(source.as_str(), bytes.as_slice())?;
            }
            transaction.commit()?;
            Ok(run)
        };
        write().map_err(|cause| self.error(cause))
    }

    /// The resources whose absence changed: those that a complete run did not find, and those that it
    /// found again.
    fn absent(
        &self,
        source: &SourceName,
        present: &HashSet<String>,
    ) -> Result<Vec<(String, ResourceEntry, bool)>, StateError> {
        let entries = self.entries(source)?.into_iter();
        let entries = entries.map(|(key, entry)| {
            let is_present = present.contains(&key);
            (key, entry, is_present)
        });
        Ok(entries.filter(|(_, entry, is_present)| !is_present || entry.is_missing).collect())
    }
}

fn stored_progress(
    sources: &impl ReadableTable<&'static str, &'static [u8]>,
    source: &SourceName,
) -> Result<Option<SourceProgress>, StateCause> {
    let bytes = sources.get(source.as_str())?;
    Ok(bytes.map(|bytes| postcard::from_bytes(bytes.value())).transpose()?)
}

/// Greater than every key: keys are at most 500 bytes of text.
const LAST_KEY: &str = "\u{10ffff}";

/// The keys of a source in a table.
fn range_of(source: &SourceName) -> RangeInclusive<(&str, &str)> {
    (source.as_str(), "")..=(source.as_str(), LAST_KEY)
}

/// A resource with its new content.
#[derive(Debug, Clone)]
pub(crate) struct FetchedResource {
    /// Its key within the source.
    pub(crate) key: String,
    /// As [`ResourceEntry::version`].
    pub(crate) version: String,
    pub(crate) body: Vec<u8>,
}
