//! A table in up to two files: what a base holds, which never changes again, and what was put over
//! it since, rows and the keys of rows that are gone. So what a change costs does not grow with
//! the base.

use std::{borrow::Borrow, cmp::Ordering, ops::RangeBounds};

use redb::{
    AccessGuard, Key, Range, ReadOnlyTable, ReadTransaction, ReadableTable, StorageError, Table,
    TableDefinition, TableError, Value, WriteTransaction,
};

/// A table that is read as one: rows on top go before rows below.
pub(super) struct Layered<K: Key + 'static, V: Value + 'static, T, G> {
    top: T,
    below: Option<Below<K, V, G>>,
}

struct Below<K: Key + 'static, V: Value + 'static, G> {
    rows: ReadOnlyTable<K, V>,
    /// Keys of rows that count as removed.
    gone: G,
}

/// A table of a published store.
pub(super) type ReadTable<K, V> = Layered<K, V, ReadOnlyTable<K, V>, ReadOnlyTable<K, ()>>;
/// A table of a store under construction.
pub(super) type WriteTable<'t, K, V> = Layered<K, V, Table<'t, K, V>, Table<'t, K, ()>>;

type Row<'a, K, V> = (AccessGuard<'a, K>, AccessGuard<'a, V>);

/// The name of the table that holds the keys that are gone from another.
fn gone(name: &str) -> String {
    format!("{name}-gone")
}

impl<K: Key + 'static, V: Value + 'static> ReadTable<K, V> {
    /// Opens a table of `base`, with what was put over it.
    pub(super) fn open(
        name: &str,
        base: &ReadTransaction,
        over: Option<&ReadTransaction>,
    ) -> Result<Self, TableError> {
        let definition = TableDefinition::new(name);
        let rows = base.open_table(definition)?;
        let Some(over) = over else { return Ok(Self { top: rows, below: None }) };
        let gone = over.open_table(TableDefinition::new(&gone(name)))?;
        Ok(Self { top: over.open_table(definition)?, below: Some(Below { rows, gone }) })
    }
}

impl<'t, K: Key + 'static, V: Value + 'static> WriteTable<'t, K, V> {
    /// Opens a table for writing, over that of `base` where there is one.
    pub(super) fn open(
        name: &str,
        transaction: &'t WriteTransaction,
        base: Option<&ReadTransaction>,
    ) -> Result<Self, TableError> {
        let definition = TableDefinition::new(name);
        let top = transaction.open_table(definition)?;
        let Some(base) = base else { return Ok(Self { top, below: None }) };
        let rows = base.open_table(definition)?;
        let gone = transaction.open_table(TableDefinition::new(&gone(name)))?;
        Ok(Self { top, below: Some(Below { rows, gone }) })
    }

    pub(super) fn insert<'k, 'v>(
        &mut self,
        key: impl Borrow<K::SelfType<'k>>,
        value: impl Borrow<V::SelfType<'v>>,
    ) -> Result<(), StorageError> {
        self.top.insert(key.borrow(), value)?;
        if let Some(below) = &mut self.below {
            below.gone.remove(key.borrow())?;
        }
        Ok(())
    }

    pub(super) fn remove<'k>(
        &mut self,
        key: impl Borrow<K::SelfType<'k>>,
    ) -> Result<(), StorageError> {
        self.top.remove(key.borrow())?;
        if let Some(below) = &mut self.below
            && below.rows.get(key.borrow())?.is_some()
        {
            below.gone.insert(key.borrow(), ())?;
        }
        Ok(())
    }

    /// Puts every row of another table into this one.
    pub(super) fn take_over(&mut self, from: &ReadTable<K, V>) -> Result<(), StorageError> {
        for row in from.all()? {
            let (key, value) = row?;
            self.insert(key.value(), value.value())?;
        }
        Ok(())
    }
}

impl<K, V, T, G> Layered<K, V, T, G>
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
        let found = self.top.get(key.borrow())?;
        match &self.below {
            Some(below) if found.is_none() && below.gone.get(key.borrow())?.is_none() => {
                ReadableTable::get(&below.rows, key.borrow())
            }
            _ => Ok(found),
        }
    }

    /// The rows of a stretch of keys, in their order.
    pub(super) fn range<'k, B: Borrow<K::SelfType<'k>> + 'k>(
        &self,
        bounds: impl RangeBounds<B> + Clone + 'k,
    ) -> Result<Rows<'_, K, V, G>, StorageError> {
        self.rows(bounds, Direction::Forward)
    }

    /// The rows of a stretch of keys, last first.
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
        let top = self.top.range(bounds.clone())?;
        let below = match &self.below {
            Some(below) => {
                let rows = ReadableTable::range(&below.rows, bounds)?;
                Some((Walk { rows, direction, next: None }, &below.gone))
            }
            None => None,
        };
        Ok(Rows { top: Walk { rows: top, direction, next: None }, below, direction })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Forward,
    Backward,
}

/// Rows of one layer, with a look ahead.
struct Walk<'a, K: Key + 'static, V: Value + 'static> {
    rows: Range<'a, K, V>,
    direction: Direction,
    next: Option<Row<'a, K, V>>,
}

impl<'a, K: Key + 'static, V: Value + 'static> Walk<'a, K, V> {
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

/// Rows of both layers, in order.
pub(super) struct Rows<'a, K: Key + 'static, V: Value + 'static, G> {
    top: Walk<'a, K, V>,
    below: Option<(Walk<'a, K, V>, &'a G)>,
    direction: Direction,
}

impl<'a, K, V, G> Rows<'a, K, V, G>
where
    K: Key + 'static,
    V: Value + 'static,
    G: ReadableTable<K, ()>,
{
    fn step(&mut self) -> Result<Option<Row<'a, K, V>>, StorageError> {
        let Some((below, gone)) = &mut self.below else { return self.top.take() };
        loop {
            let next = match (self.top.peek()?, below.peek()?) {
                (_, None) => Next::Top,
                (None, Some((low, _))) => below_or_gone(*gone, low)?,
                (Some((high, _)), Some((low, _))) => {
                    match compare::<K>(high, low, self.direction) {
                        Ordering::Less => Next::Top,
                        Ordering::Equal => Next::TopForBelow,
                        Ordering::Greater => below_or_gone(*gone, low)?,
                    }
                }
            };
            match next {
                Next::Top => return self.top.take(),
                Next::Below => return below.take(),
                Next::TopForBelow => {
                    below.take()?;
                    return self.top.take();
                }
                Next::Gone => {
                    below.take()?;
                }
            }
        }
    }
}

/// Which row comes next.
enum Next {
    Top,
    Below,
    /// The one on top, in the place of the one below.
    TopForBelow,
    /// None yet: the one below counts as removed.
    Gone,
}

fn below_or_gone<K: Key + 'static>(
    gone: &impl ReadableTable<K, ()>,
    low: &AccessGuard<'_, K>,
) -> Result<Next, StorageError> {
    Ok(if gone.get(low.value())?.is_some() { Next::Gone } else { Next::Below })
}

fn compare<K: Key + 'static>(
    high: &AccessGuard<'_, K>,
    low: &AccessGuard<'_, K>,
    direction: Direction,
) -> Ordering {
    let (high, low) = (high.value(), low.value());
    let order = K::compare(K::as_bytes(&high).as_ref(), K::as_bytes(&low).as_ref());
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
        self.step().transpose()
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
            below in changes(), over in changes(), again in changes(), from in 0..12_u64,
        ) {
            let mut model = Model::new();
            let (base, overlay) = (database(), database());
            write(&base, None, &below);
            apply(&below, &mut model);
            let below = base.begin_read().unwrap();
            for changes in [&over, &again] {
                write(&overlay, Some(&below), changes);
                apply(changes, &mut model);
            }
            let over = overlay.begin_read().unwrap();
            let table = ReadTable::<u64, u64>::open("t", &below, Some(&over)).unwrap();

            let expected: Vec<_> = model.iter().map(|(key, value)| (*key, *value)).collect();
            prop_assert_eq!(pairs(table.all().unwrap()), expected);
            for key in 0..12 {
                let found = table.get(key).unwrap().map(|value| value.value());
                prop_assert_eq!(found, model.get(&key).copied());
            }
            let tail: Vec<_> = model.range(from..).map(|(key, value)| (*key, *value)).collect();
            prop_assert_eq!(pairs(table.range(from..).unwrap()), tail.clone());
            let back: Vec<_> = tail.into_iter().rev().collect();
            prop_assert_eq!(pairs(table.range_back(from..).unwrap()), back);
        }
    }
}
