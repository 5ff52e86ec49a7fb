//! Reading a published store. Every table is opened once; reads share one snapshot.

use std::path::Path;

use redb::{
    ReadOnlyDatabase, ReadOnlyTable, ReadableDatabase, ReadableTable, ReadableTableMetadata,
};
use schema::{Body, Change, GenerationNumber, NodeId, NodeKind, Provenance, Record};

use super::{
    Relation, StoreError,
    codec::{decode, unpack},
    key::{Identity, RecordKey},
    tables::{
        BODIES, CHANGES, IDENTITIES, LINKS, NAMES, PROVENANCE, RECORDS, REDIRECTS, SERIES, URLS,
    },
};

/// A published store, open for reading.
pub(crate) struct StoreReader {
    records: ReadOnlyTable<u64, &'static [u8]>,
    bodies: ReadOnlyTable<u64, &'static [u8]>,
    provenance: ReadOnlyTable<u64, &'static [u8]>,
    redirects: ReadOnlyTable<u64, u64>,
    urls: ReadOnlyTable<&'static str, u64>,
    links: ReadOnlyTable<(u64, u8, u64), ()>,
    names: ReadOnlyTable<(u8, &'static str, u64), ()>,
    series: ReadOnlyTable<u64, ()>,
    changes: ReadOnlyTable<(u64, u32), &'static [u8]>,
    identities: ReadOnlyTable<&'static str, (u64, u64)>,
    // Last, so that it outlives the tables.
    _database: ReadOnlyDatabase,
}

/// One stretch of the names of a kind.
pub(crate) struct Named {
    /// Folded name and id, in order.
    pub(crate) entries: Vec<(String, NodeId)>,
    /// Whether there is more in the direction walked.
    pub(crate) more: bool,
}

impl StoreReader {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let database = ReadOnlyDatabase::open(path)?;
        let transaction = database.begin_read()?;
        Ok(Self {
            records: transaction.open_table(RECORDS)?,
            bodies: transaction.open_table(BODIES)?,
            provenance: transaction.open_table(PROVENANCE)?,
            redirects: transaction.open_table(REDIRECTS)?,
            urls: transaction.open_table(URLS)?,
            links: transaction.open_table(LINKS)?,
            names: transaction.open_table(NAMES)?,
            series: transaction.open_table(SERIES)?,
            changes: transaction.open_table(CHANGES)?,
            identities: transaction.open_table(IDENTITIES)?,
            _database: database,
        })
    }

    /// The id that stands for `id` now.
    pub(crate) fn resolve(&self, id: NodeId) -> Result<NodeId, StoreError> {
        match self.redirects.get(id.to_bits())? {
            Some(target) => node_id(target.value(), "redirects"),
            None => Ok(id),
        }
    }

    pub(crate) fn record(&self, id: NodeId) -> Result<Option<Record>, StoreError> {
        let bytes = self.records.get(id.to_bits())?;
        bytes.map(|bytes| decode(bytes.value(), "records")).transpose()
    }

    pub(crate) fn body(&self, id: NodeId) -> Result<Option<Body>, StoreError> {
        let bytes = self.bodies.get(id.to_bits())?;
        bytes.map(|bytes| unpack(bytes.value(), "bodies")).transpose()
    }

    pub(crate) fn provenance(&self, id: NodeId) -> Result<Vec<Provenance>, StoreError> {
        let bytes = self.provenance.get(id.to_bits())?;
        bytes.map_or(Ok(Vec::new()), |bytes| unpack(bytes.value(), "provenance"))
    }

    pub(crate) fn by_url(&self, normalised: &str) -> Result<Option<NodeId>, StoreError> {
        let id = self.urls.get(normalised)?;
        id.map(|id| node_id(id.value(), "urls")).transpose()
    }

    /// Ids of everything linked to `target` by `relation`, in their order.
    pub(crate) fn linked(
        &self,
        target: NodeId,
        relation: Relation,
    ) -> Result<Vec<NodeId>, StoreError> {
        linked(&self.links, target, relation)
    }

    /// The events that come back.
    pub(crate) fn series(&self) -> Result<Vec<NodeId>, StoreError> {
        self.series.iter()?.map(|row| node_id(row?.0.value(), "series")).collect()
    }

    /// Names after `after`, at most `limit`.
    pub(crate) fn names_after(
        &self,
        kind: NodeKind,
        after: Option<(&str, NodeId)>,
        limit: usize,
    ) -> Result<Named, StoreError> {
        let (low, high) = kind_range(kind);
        let low = after.map_or(low, |(name, id)| (kind as u8, name, id.to_bits() + 1));
        take_names(self.names.range(low..high)?, limit)
    }

    /// Names before `before`, nearest first, at most `limit`.
    pub(crate) fn names_before(
        &self,
        kind: NodeKind,
        before: Option<(&str, NodeId)>,
        limit: usize,
    ) -> Result<Named, StoreError> {
        let (low, high) = kind_range(kind);
        let high = before.map_or(high, |(name, id)| (kind as u8, name, id.to_bits()));
        take_names(self.names.range(low..high)?.rev(), limit)
    }

    /// Changes after a place, at most `limit`, and whether there are more.
    pub(crate) fn changes(
        &self,
        after: Option<(GenerationNumber, u32)>,
        limit: usize,
    ) -> Result<(Vec<Change>, bool), StoreError> {
        let low = after.map_or((0, 0), |(generation, position)| match position.checked_add(1) {
            Some(position) => (generation.0, position),
            None => (generation.0.saturating_add(1), 0),
        });
        let mut rows = self.changes.range(low..)?;
        let mut changes = Vec::new();
        for row in rows.by_ref().take(limit) {
            changes.push(decode(row?.1.value(), "changes")?);
        }
        Ok((changes, rows.next().is_some()))
    }

    /// Every record's id and bytes, in the order of the ids.
    pub(crate) fn record_bytes(&self, id: NodeId) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.records.get(id.to_bits())?.map(|bytes| bytes.value().to_vec()))
    }

    pub(crate) fn body_bytes(&self, id: NodeId) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.bodies.get(id.to_bits())?.map(|bytes| bytes.value().to_vec()))
    }

    /// The ids of all records.
    pub(crate) fn ids(&self) -> Result<Vec<NodeId>, StoreError> {
        self.records.iter()?.map(|row| node_id(row?.0.value(), "records")).collect()
    }

    /// Every identity ever given.
    pub(crate) fn identities(&self) -> Result<Vec<(RecordKey, Identity)>, StoreError> {
        let rows = self.identities.iter()?.map(|row| {
            let row = row?;
            let (bits, order) = row.1.value();
            let id = node_id(bits, "identities")?;
            Ok((RecordKey::from_text(row.0.value()), Identity { id, order }))
        });
        rows.collect()
    }

    /// Every redirect.
    pub(crate) fn redirects(&self) -> Result<Vec<(NodeId, NodeId)>, StoreError> {
        let rows = self.redirects.iter()?.map(|row| {
            let row = row?;
            Ok((node_id(row.0.value(), "redirects")?, node_id(row.1.value(), "redirects")?))
        });
        rows.collect()
    }

    /// Reads every record, body and provenance once; the first that cannot be read is the error.
    pub(crate) fn check(&self) -> Result<u64, StoreError> {
        for id in self.ids()? {
            self.record(id)?;
            self.body(id)?;
            self.provenance(id)?;
        }
        Ok(self.records.len()?)
    }
}

pub(super) fn node_id(bits: u64, table: &'static str) -> Result<NodeId, StoreError> {
    NodeId::from_bits(bits).map_err(|_| StoreError::Value { table })
}

pub(super) fn linked(
    links: &impl ReadableTable<(u64, u8, u64), ()>,
    target: NodeId,
    relation: Relation,
) -> Result<Vec<NodeId>, StoreError> {
    let (target, relation) = (target.to_bits(), relation as u8);
    links
        .range((target, relation, 0)..=(target, relation, u64::MAX))?
        .map(|row| node_id(row?.0.value().2, "links"))
        .collect()
}

/// How many things of a kind there are.
pub(super) fn count_names(
    names: &impl ReadableTable<(u8, &'static str, u64), ()>,
    kind: NodeKind,
) -> Result<u64, StoreError> {
    let (low, high) = kind_range(kind);
    Ok(names.range(low..high)?.count() as u64)
}

fn kind_range(kind: NodeKind) -> ((u8, &'static str, u64), (u8, &'static str, u64)) {
    ((kind as u8, "", 0), (kind as u8 + 1, "", 0))
}

type NameRow = Result<
    (redb::AccessGuard<'static, (u8, &'static str, u64)>, redb::AccessGuard<'static, ()>),
    redb::StorageError,
>;

fn take_names(mut rows: impl Iterator<Item = NameRow>, limit: usize) -> Result<Named, StoreError> {
    let mut entries = Vec::new();
    for row in rows.by_ref().take(limit) {
        let row = row?;
        let (_, name, bits) = row.0.value();
        entries.push((name.to_owned(), node_id(bits, "names")?));
    }
    Ok(Named { entries, more: rows.next().is_some() })
}
