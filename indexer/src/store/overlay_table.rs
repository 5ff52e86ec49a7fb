//! A table in up to two files: an immutable base, and an overlay with the rows written since and
//! the keys of deleted rows. The cost of a change therefore does not grow with the base.

use std::{borrow::Borrow, cmp::Ordering, ops::RangeBounds};

use redb::{
    AccessGuard, Key, Range, ReadOnlyTable, ReadTransaction, ReadableTable, StorageError, Table,
    TableDefinition, TableError, Value, WriteTransaction,
};

/// A table that is read as one: rows of the overlay take precedence over rows of the base.
pub(super) struct OverlayTable<K: Key + 'static, V: Value + 'static, T, G> {
    overlay: T,
    base: Option<BaseLayer<K, V, G>>,
}

struct BaseLayer<K: Key + 'static, V: Value + 'static, G> {
    rows: ReadOnlyTable<K, V>,
    /// Keys of deleted rows.
    tombstones: G,
}

/// A table of a published store.
pub(super) type ReadTable<K, V> = OverlayTable<K, V, ReadOnlyTable<K, V>, ReadOnlyTable<K, ()>>;
/// A table of a store under construction.
pub(super) type WriteTable<'t, K, V> = OverlayTable<K, V, Table<'t, K, V>, Table<'t, K, ()>>;

impl<K, V, G> BaseLayer<K, V, G>
where
    K: Key + 'static,
    V: Value + 'static,
    G: ReadableTable<K, ()>,
{
    /// Whether a row of the base is deleted. Most tables have no deleted rows.
    fn is_deleted(&self, key: &K::SelfType<'_>) -> Result<bool, StorageError> {
        Ok(!self.tombstones.is_empty()? && self.tombstones.get(key)?.is_some())
    }
}

type Row<'a, K, V> = (AccessGuard<'a, K>, AccessGuard<'a, V>);

/// The name of the table with the keys of the deleted rows of another table.
fn tombstone_table(name: &str) -> String {
    format!("{name}-gone")
}

impl<K: Key + 'static, V: Value + 'static> ReadTable<K, V> {
    /// Opens a table of `base` with its overlay.
    pub(super) fn open(
        name: &str,
        base: &ReadTransaction,
        overlay: Option<&ReadTransaction>,
    ) -> Result<Self, TableError> {
        let definition = TableDefinition::new(name);
        let rows = base.open_table(definition)?;
        let Some(overlay) = overlay else { return Ok(Self { overlay: rows, base: None }) };
        let tombstones = overlay.open_table(TableDefinition::new(&tombstone_table(name)))?;
        Ok(Self {
            overlay: overlay.open_table(definition)?,
            base: Some(BaseLayer { rows, tombstones }),
        })
    }
}

impl<'t, K: Key + 'static, V: Value + 'static> WriteTable<'t, K, V> {
    /// Opens a table for writing, over that of `base` if there is one.
    pub(super) fn open(
        name: &str,
        transaction: &'t WriteTransaction,
        base: Option<&ReadTransaction>,
    ) -> Result<Self, TableError> {
        let definition = TableDefinition::new(name);
        let overlay = transaction.open_table(definition)?;
        let Some(base) = base else { return Ok(Self { overlay, base: None }) };
        let rows = base.open_table(definition)?;
        let tombstones = transaction.open_table(TableDefinition::new(&tombstone_table(name)))?;
        Ok(Self { overlay, base: Some(BaseLayer { rows, tombstones }) })
    }

    pub(super) fn insert<'k, 'v>(
        &mut self,
        key: impl Borrow<K::SelfType<'k>>,
        value: impl Borrow<V::SelfType<'v>>,
    ) -> Result<(), StorageError> {
        self.overlay.insert(key.borrow(), value)?;
        if let Some(base) = &mut self.base {
            base.tombstones.remove(key.borrow())?;
        }
        Ok(())
    }

    pub(super) fn remove<'k>(
        &mut self,
        key: impl Borrow<K::SelfType<'k>>,
    ) -> Result<(), StorageError> {
        self.overlay.remove(key.borrow())?;
        if let Some(base) = &mut self.base
            && base.rows.get(key.borrow())?.is_some()
        {
            base.tombstones.insert(key.borrow(), ())?;
        }
        Ok(())
    }

    /// Inserts every row of another table into this one.
    pub(super) fn copy_from(&mut self, from: &ReadTable<K, V>) -> Result<(), StorageError> {
        for row in from.all()? {
            let (key, value) = row?;
            self.insert(key.value(), value.value())?;
        }
        Ok(())
    }
}

impl<K, V, T, G> OverlayTable<K, V, T, G>
where
    K: Key + 'static,
    V: Value + 'static,
    T: ReadableTable<K, V>,
    G: ReadableTable<K, ()>,
{
    pub(super) fn get<'k>(
        &self,
        key: impl Borrow<K::SelfType<'k>>,
    ) -> Result<Option<AccessGuard<'_, V>>, StorageError> {
        let value = self.overlay.get(key.borrow())?;
        match &self.base {
            Some(base) if value.is_none() && !base.is_deleted(key.borrow())? => {
                ReadableTable::get(&base.rows, key.borrow())
            }
            _ => Ok(value),
        }
    }

    /// The rows in a range of keys, in ascending order.
    pub(super) fn range<'k, B: Borrow<K::SelfType<'k>> + 'k>(
        &self,
        bounds: impl RangeBounds<B> + Clone + 'k,
    ) -> Result<Rows<'_, K, V, G>, StorageError> {
        self.rows(bounds, Direction::Forward)
    }

    /// The rows in a range of keys, in descending order.
    pub(super) fn range_back<'k, B: Borrow<K::SelfType<'k>> + 'k>(
        &self,
        bounds: impl RangeBounds<B> + Clone + 'k,
    ) -> Result<Rows<'_, K, V, G>, StorageError> {
        self.rows(bounds, Direction::Backward)
    }

    pub(super) fn all(&self) -> Result<Rows<'_, K, V, G>, StorageError> {
        self.rows::<K::SelfType<'_>>(.., Direction::Forward)
    }

    fn rows<'k, B: Borrow<K::SelfType<'k>> + 'k>(
        &self,
        bounds: impl RangeBounds<B> + Clone + 'k,
        direction: Direction,
    ) -> Result<Rows<'_, K, V, G>, StorageError> {
        let overlay = self.overlay.range(bounds.clone())?;
        let base = match &self.base {
            Some(base) => {
                let rows = ReadableTable::range(&base.rows, bounds)?;
                let has_tombstones = !base.tombstones.is_empty()?;
                let tombstones = has_tombstones.then_some(&base.tombstones);
                Some((LayerCursor { rows, direction, next: None }, tombstones))
            }
            None => None,
        };
        Ok(Rows { overlay: LayerCursor { rows: overlay, direction, next: None }, base, direction })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Forward,
    Backward,
}

/// The rows of one layer, with one row of lookahead.
struct LayerCursor<'a, K: Key + 'static, V: Value + 'static> {
    rows: Range<'a, K, V>,
    direction: Direction,
    next: Option<Row<'a, K, V>>,
}

impl<'a, K: Key + 'static, V: Value + 'static> LayerCursor<'a, K, V> {
    fn peek(&mut self) -> Result<Option<&Row<'a, K, V>>, StorageError> {
        if self.next.is_none() {
            self.next = self.advance()?;
        }
        Ok(self.next.as_ref())
    }

    fn take(&mut self) -> Result<Option<Row<'a, K, V>>, StorageError> {
        match self.next.take() {
            Some(row) => Ok(Some(row)),
            None => self.advance(),
        }
    }

    fn advance(&mut self) -> Result<Option<Row<'a, K, V>>, StorageError> {
        match self.direction {
            Direction::Forward => self.rows.next(),
            Direction::Backward => self.rows.next_back(),
        }
        .transpose()
    }
}

/// The rows of both layers, in order.
pub(super) struct Rows<'a, K: Key + 'static, V: Value + 'static, G> {
    overlay: LayerCursor<'a, K, V>,
    /// The base, with the keys of its deleted rows if it has any.
    base: Option<(LayerCursor<'a, K, V>, Option<&'a G>)>,
    direction: Direction,
}

impl<'a, K, V, G> Rows<'a, K, V, G>
where
    K: Key + 'static,
    V: Value + 'static,
    G: ReadableTable<K, ()>,
{
    fn try_next(&mut self) -> Result<Option<Row<'a, K, V>>, StorageError> {
        let Some((base, tombstones)) = &mut self.base else { return self.overlay.take() };
        loop {
            let next = match (self.overlay.peek()?, base.peek()?) {
                (_, None) => NextRow::Overlay,
                (None, Some((base_key, _))) => base_or_deleted(*tombstones, base_key)?,
                (Some((overlay_key, _)), Some((base_key, _))) => {
                    match compare::<K>(overlay_key, base_key, self.direction) {
                        Ordering::Less => NextRow::Overlay,
                        Ordering::Equal => NextRow::OverlayReplacesBase,
                        Ordering::Greater => base_or_deleted(*tombstones, base_key)?,
                    }
                }
            };
            match next {
                NextRow::Overlay => return self.overlay.take(),
                NextRow::Base => return base.take(),
                NextRow::OverlayReplacesBase => {
                    base.take()?;
                    return self.overlay.take();
                }
                NextRow::BaseDeleted => {
                    base.take()?;
                }
            }
        }
    }
}

/// The layer of the next row.
enum NextRow {
    Overlay,
    Base,
    /// The row of the overlay, which replaces that of the base.
    OverlayReplacesBase,
    /// No row yet: the overlay deletes the row of the base.
    BaseDeleted,
}

fn base_or_deleted<K: Key + 'static>(
    tombstones: Option<&impl ReadableTable<K, ()>>,
    base_key: &AccessGuard<'_, K>,
) -> Result<NextRow, StorageError> {
    let Some(tombstones) = tombstones else { return Ok(NextRow::Base) };
    let is_deleted = tombstones.get(base_key.value())?.is_some();
    Ok(if is_deleted { NextRow::BaseDeleted } else { NextRow::Base })
}

fn compare<K: Key + 'static>(
    overlay_key: &AccessGuard<'_, K>,
    base_key: &AccessGuard<'_, K>,
    direction: Direction,
) -> Ordering {
    let (overlay_key, base_key) = (overlay_key.value(), base_key.value());
    let order = K::compare(K::as_bytes(&overlay_key).as_ref(), K::as_bytes(&base_key).as_ref());
    if direction == Direction::Forward { order } else { order.reverse() }
}

impl<'a, K, V, G> Iterator for Rows<'a, K, V, G>
where
    K: Key + 'static,
    V: Value + 'static,
    G: ReadableTable<K, ()>,
{
    type Item = Result<Row<'a, K, V>, StorageError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.try_next().transpose()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use redb::{Database, ReadableDatabase, backends::InMemoryBackend};

    use super::*;

    type Model = BTreeMap<u64, u64>;

    fn apply(changes: &[(u64, Option<u64>)], model: &mut Model) {
        for (key, value) in changes {
            match value {
                Some(value) => drop(model.insert(*key, *value)),
                None => drop(model.remove(key)),
            }
        }
    }

    fn write(database: &Database, base: Option<&ReadTransaction>, changes: &[(u64, Option<u64>)]) {
        let transaction = database.begin_write().unwrap();
        {
            let mut table = WriteTable::<u64, u64>::open("t", &transaction, base).unwrap();
            for (key, value) in changes {
                match value {
                    Some(value) => table.insert(key, value).unwrap(),
                    None => table.remove(key).unwrap(),
                }
            }
        }
        transaction.commit().unwrap();
    }

    fn database() -> Database {
        Database::builder().create_with_backend(InMemoryBackend::new()).unwrap()
    }

    fn pairs<G: ReadableTable<u64, ()>>(rows: Rows<'_, u64, u64, G>) -> Vec<(u64, u64)> {
        rows.map(|row| row.map(|(key, value)| (key.value(), value.value())).unwrap()).collect()
    }

    fn changes() -> impl Strategy<Value = Vec<(u64, Option<u64>)>> {
        proptest::collection::vec((0..12_u64, proptest::option::of(0..5_u64)), 0..24)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn two_layers_must_read_as_one_table(
            base_changes in changes(), overlay_changes in changes(), more_changes in changes(), from in 0..12_u64,
        ) {
            let mut model = Model::new();
            let (base, overlay) = (database(), database());
            write(&base, None, &base_changes);
            apply(&base_changes, &mut model);
            let base_read = base.begin_read().unwrap();
            for changes in [&overlay_changes, &more_changes] {
                write(&overlay, Some(&base_read), changes);
                apply(changes, &mut model);
            }
            let overlay_read = overlay.begin_read().unwrap();
            let table = ReadTable::<u64, u64>::open("t", &base_read, Some(&overlay_read)).unwrap();

            let expected: Vec<_> = model.iter().map(|(key, value)| (*key, *value)).collect();
            prop_assert_eq!(pairs(table.all().unwrap()), expected);
            for key in 0..12 {
                let actual = table.get(key).unwrap().map(|value| value.value());
                prop_assert_eq!(actual, model.get(&key).copied());
            }
            let tail: Vec<_> = model.range(from..).map(|(key, value)| (*key, *value)).collect();
            prop_assert_eq!(pairs(table.range(from..).unwrap()), tail.clone());
            let back: Vec<_> = tail.into_iter().rev().collect();
            prop_assert_eq!(pairs(table.range_back(from..).unwrap()), back);
        }
    }
}
