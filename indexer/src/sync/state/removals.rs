//! Resources that were removed by explicit evidence.

use redb::{ReadableDatabase, TableDefinition};
use schema::SourceName;

use super::{BODIES, RESOURCES, StateCause, StateError, SyncState, range_of};

/// By source and key. A key remains until its resource is found again, or until a build finds that there
/// is no record: a build that removes one can fail.
pub(super) const REMOVED: TableDefinition<'_, (&str, &str), ()> = TableDefinition::new("removed");

/// What a resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resource {
    Record,
    /// A file with many records.
    File,
}

impl SyncState {
    /// Removes resources for whose removal there is explicit evidence, and stores that their records
    /// are gone. Returns the number of those that were stored.
    pub(crate) fn remove(&self, source: &SourceName, keys: &[String]) -> Result<u64, StateError> {
        self.remove_resources(source, keys, Resource::Record)
    }

    /// Removes files, whose records are compared elsewhere.
    pub(crate) fn discard(&self, source: &SourceName, keys: &[String]) -> Result<(), StateError> {
        self.remove_resources(source, keys, Resource::File).map(drop)
    }

    /// The keys of resources that were removed by explicit evidence.
    pub(crate) fn removed_keys(&self, source: &SourceName) -> Result<Vec<String>, StateError> {
        let read = || -> Result<_, StateCause> {
            let table = self.database.begin_read()?.open_table(REMOVED)?;
            let keys = table.range(range_of(source))?;
            keys.map(|item| Ok(item?.0.value().1.to_owned())).collect()
        };
        read().map_err(|cause| self.error(cause))
    }

    /// Forgets keys of which no record is left.
    pub(crate) fn forget_removed(
        &self,
        source: &SourceName,
        keys: &[String],
    ) -> Result<(), StateError> {
        if keys.is_empty() {
            return Ok(());
        }
        let write = || -> Result<(), StateCause> {
            let transaction = self.database.begin_write()?;
            {
                let mut removed = transaction.open_table(REMOVED)?;
                for key in keys {
                    removed.remove((source.as_str(), key.as_str()))?;
                }
            }
            transaction.commit()?;
            Ok(())
        };
        write().map_err(|cause| self.error(cause))
    }

    fn remove_resources(
        &self,
        source: &SourceName,
        keys: &[String],
        resource: Resource,
    ) -> Result<u64, StateError> {
        if keys.is_empty() {
            return Ok(0);
        }
        let write = || -> Result<u64, StateCause> {
            let transaction = self.database.begin_write()?;
            let mut count = 0;
            {
                let mut entries = transaction.open_table(RESOURCES)?;
                let mut bodies = transaction.open_table(BODIES)?;
                let mut removed = transaction.open_table(REMOVED)?;
                for key in keys {
                    let key = (source.as_str(), key.as_str());
                    count += u64::from(entries.remove(key)?.is_some());
                    bodies.remove(key)?;
                    if resource == Resource::Record {
                        removed.insert(key, ())?;
                    }
                }
            }
            transaction.commit()?;
            Ok(count)
        };
        write().map_err(|cause| self.error(cause))
    }
}
