//! Read access to a published store. Each table is opened once, and all reads share one snapshot.

use std::{collections::BTreeMap, path::Path};

use redb::{Builder, ReadOnlyDatabase, ReadTransaction, ReadableDatabase, ReadableTable};
use schema::{Change, GenerationNumber, NodeId, NodeKind, Provenance, Record, SourceName};

use super::{
    BASE_FILE, InputDigest, OVERLAY_FILE, Relation, StoreError,
    codec::{decode, decode_compressed},
    key::{Identity, RecordKey},
    overlay_table::OverlayTable,
    tables::ReadTables,
    verified_file::VerifiedFile,
};
use crate::block_hashes::BlockHashes;

/// Size in bytes of the in-memory cache of a published store. The operating system caches the rest.
const READ_CACHE_BYTES: usize = 32 << 20;

/// A published store, opened for reading.
pub(crate) struct StoreReader {
    pub(super) tables: ReadTables,
    // Declared last, so that the files outlive the tables.
    _base: PublishedFile,
    overlay: Option<PublishedFile>,
}

/// An immutable file of a published store.
pub(super) struct PublishedFile {
    pub(super) transaction: ReadTransaction,
    _database: ReadOnlyDatabase,
}

impl PublishedFile {
    /// Opens a file; with `blocks`, its blocks are verified when they are first read.
    pub(super) fn open(
        path: &Path,
        cache_bytes: usize,
        blocks: Option<BlockHashes>,
    ) -> Result<Self, StoreError> {
        let mut builder = Builder::new();
        builder.set_cache_size(cache_bytes);
        let database = match blocks {
            Some(blocks) => {
                let file = VerifiedFile::open(path, blocks).map_err(redb::StorageError::from)?;
                builder.open_read_only_with_backend(file)?
            }
            None => builder.open_read_only(path)?,
        };
        Ok(Self { transaction: database.begin_read()?, _database: database })
    }
}

/// A range of the names of a kind.
pub(crate) struct NameRange {
    /// Folded names and ids, in order of name.
    pub(crate) entries: Vec<(String, NodeId)>,
    /// Whether there are more names in the direction of iteration.
    pub(crate) has_more: bool,
}

impl StoreReader {
    /// Opens the store of the generation in `folder`; `blocks` are those of its base, unless the
    /// base is verified already.
    pub(crate) fn open(folder: &Path, blocks: Option<BlockHashes>) -> Result<Self, StoreError> {
        let base = PublishedFile::open(&folder.join(BASE_FILE), READ_CACHE_BYTES, blocks)?;
        let overlay_path = folder.join(OVERLAY_FILE);
        let open_overlay = || PublishedFile::open(&overlay_path, READ_CACHE_BYTES, None);
        let overlay = overlay_path.exists().then(open_overlay).transpose()?;
        let tables = ReadTables::open(
            &base.transaction,
            overlay.as_ref().map(|overlay| &overlay.transaction),
        )?;
        Ok(Self { tables, _base: base, overlay })
    }

    /// Digests of the content of all records of one source, by key within the source.
    pub(crate) fn content_hashes(
        &self,
        source: &SourceName,
    ) -> Result<BTreeMap<String, [u8; 32]>, StoreError> {
        let prefix = RecordKey::source_prefix(source);
        let mut hashes = BTreeMap::new();
        for row in self.tables.seen.range(prefix.as_str()..)? {
            let (key, value) = row?;
            if !key.value().starts_with(&prefix) {
                break;
            }
            let digest: InputDigest = decode(value.value(), "seen")?;
            let key = RecordKey::from_text(key.value());
            hashes.insert(key.remote_key().to_owned(), digest.content_hash);
        }
        Ok(hashes)
    }

    /// Whether the store has an overlay over its base.
    pub(crate) fn has_overlay(&self) -> bool {
        self.overlay.is_some()
    }

    /// Follows redirects from `id` to the current id.
    pub(crate) fn resolve(&self, id: NodeId) -> Result<NodeId, StoreError> {
        match self.tables.redirects.get(id.to_bits())? {
            Some(target) => node_id(target.value(), "redirects"),
            None => Ok(id),
        }
    }

    pub(crate) fn record(&self, id: NodeId) -> Result<Option<Record>, StoreError> {
        let bytes = self.tables.records.get(id.to_bits())?;
        bytes.map(|bytes| decode(bytes.value(), "records")).transpose()
    }

    pub(crate) fn provenance(&self, id: NodeId) -> Result<Vec<Provenance>, StoreError> {
        let bytes = self.tables.provenance.get(id.to_bits())?;
        bytes.map_or(Ok(Vec::new()), |bytes| decode_compressed(bytes.value(), "provenance"))
    }

    pub(crate) fn by_url(&self, normalised: &str) -> Result<Option<NodeId>, StoreError> {
        let id = self.tables.urls.get(normalised)?;
        id.map(|id| node_id(id.value(), "urls")).transpose()
    }

    /// Calls `visit` with every normalised URL and the id of its record.
    pub(crate) fn each_url(&self, mut visit: impl FnMut(&str, NodeId)) -> Result<(), StoreError> {
        for row in self.tables.urls.all()? {
            let (url, id) = row?;
            visit(url.value(), node_id(id.value(), "urls")?);
        }
        Ok(())
    }

    /// Ids of everything linked to `target` by `relation`, in ascending order.
    pub(crate) fn linked(
        &self,
        target: NodeId,
        relation: Relation,
    ) -> Result<Vec<NodeId>, StoreError> {
        linked(&self.tables.links, target, relation as u8)
    }

    /// The ids of recurring events.
    pub(crate) fn series(&self) -> Result<Vec<NodeId>, StoreError> {
        self.tables.series.all()?.map(|row| node_id(row?.0.value(), "series")).collect()
    }

    /// At most `limit` names after `after`.
    pub(crate) fn names_after(
        &self,
        kind: NodeKind,
        after: Option<(&str, NodeId)>,
        limit: usize,
    ) -> Result<NameRange, StoreError> {
        let (low, high) = kind_range(kind);
        let low = after.map_or(low, |(name, id)| (kind as u8, name, id.to_bits() + 1));
        take_names(self.tables.names.range(low..high)?, limit)
    }

    /// At most `limit` names before `before`, nearest first.
    pub(crate) fn names_before(
        &self,
        kind: NodeKind,
        before: Option<(&str, NodeId)>,
        limit: usize,
    ) -> Result<NameRange, StoreError> {
        let (low, high) = kind_range(kind);
        let high = before.map_or(high, |(name, id)| (kind as u8, name, id.to_bits()));
        take_names(self.tables.names.range_back(low..high)?, limit)
    }

    /// At most `limit` changes after a position, and whether there are more.
    pub(crate) fn changes(
        &self,
        after: Option<(GenerationNumber, u32)>,
        limit: usize,
    ) -> Result<(Vec<Change>, bool), StoreError> {
        let low = after.map_or((0, 0), |(generation, position)| match position.checked_add(1) {
            Some(position) => (generation.0, position),
            None => (generation.0.saturating_add(1), 0),
        });
        let mut rows = self.tables.changes.range(low..)?;
        let mut changes = Vec::new();
        for row in rows.by_ref().take(limit) {
            changes.push(decode(row?.1.value(), "changes")?);
        }
        Ok((changes, rows.next().is_some()))
    }

    /// Every record's id and bytes, in the order of the ids.
    pub(crate) fn record_bytes(&self, id: NodeId) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.tables.records.get(id.to_bits())?.map(|bytes| bytes.value().to_vec()))
    }

    /// The ids of the first `limit` records after `after`, in the order of the ids.
    pub(crate) fn ids_after(
        &self,
        after: Option<NodeId>,
        limit: usize,
    ) -> Result<Vec<NodeId>, StoreError> {
        let low = after.map_or(0, |id| id.to_bits().saturating_add(1));
        let rows = self.tables.records.range(low..)?.take(limit);
        rows.map(|row| node_id(row?.0.value(), "records")).collect()
    }

    /// The ids of `limit` articles, toolkits, communities and events, after the first `offset`.
    pub(crate) fn content_ids(
        &self,
        offset: usize,
        limit: usize,
    ) -> Result<Vec<NodeId>, StoreError> {
        let rows = self.tables.records.all()?.map(|row| node_id(row?.0.value(), "records"));
        let content = rows.filter(|id| id.as_ref().map_or(true, |id| id.kind().is_content()));
        content.skip(offset).take(limit).collect()
    }

    /// The ids of all records.
    pub(crate) fn ids(&self) -> Result<Vec<NodeId>, StoreError> {
        self.tables.records.all()?.map(|row| node_id(row?.0.value(), "records")).collect()
    }

    /// All identities ever assigned.
    pub(crate) fn identities(&self) -> Result<Vec<(RecordKey, Identity)>, StoreError> {
        let rows = self.tables.identities.all()?.map(|row| {
            let row = row?;
            let (bits, sequence) = row.1.value();
            let id = node_id(bits, "identities")?;
            Ok((RecordKey::from_text(row.0.value()), Identity { id, sequence }))
        });
        rows.collect()
    }

    /// All redirects.
    pub(crate) fn redirects(&self) -> Result<Vec<(NodeId, NodeId)>, StoreError> {
        let rows = self.tables.redirects.all()?.map(|row| {
            let row = row?;
            Ok((node_id(row.0.value(), "redirects")?, node_id(row.1.value(), "redirects")?))
        });
        rows.collect()
    }

    /// Reads every record, body and provenance once. Returns the first read error.
    pub(crate) fn check(&self) -> Result<u64, StoreError> {
        let ids = self.ids()?;
        for id in &ids {
            self.record(*id)?;
            self.body(*id)?;
            self.provenance(*id)?;
        }
        Ok(ids.len() as u64)
    }
}

pub(super) fn node_id(bits: u64, table: &'static str) -> Result<NodeId, StoreError> {
    NodeId::from_bits(bits).map_err(|_| StoreError::Decode { table })
}

pub(super) fn linked<T, G>(
    links: &OverlayTable<(u64, u8, u64), (), T, G>,
    target: NodeId,
    relation: u8,
) -> Result<Vec<NodeId>, StoreError>
where
    T: ReadableTable<(u64, u8, u64), ()>,
    G: ReadableTable<(u64, u8, u64), ()>,
{
    let target = target.to_bits();
    links
        .range((target, relation, 0)..=(target, relation, u64::MAX))?
        .map(|row| node_id(row?.0.value().2, "links"))
        .collect()
}

/// Number of records of a kind.
pub(super) fn count_names<T, G>(
    names: &OverlayTable<(u8, &'static str, u64), (), T, G>,
    kind: NodeKind,
) -> Result<u64, StoreError>
where
    T: ReadableTable<(u8, &'static str, u64), ()>,
    G: ReadableTable<(u8, &'static str, u64), ()>,
{
    let (low, high) = kind_range(kind);
    let mut count = 0;
    for row in names.range(low..high)? {
        row?;
        count += 1;
    }
    Ok(count)
}

pub(super) fn kind_range(kind: NodeKind) -> ((u8, &'static str, u64), (u8, &'static str, u64)) {
    ((kind as u8, "", 0), (kind as u8 + 1, "", 0))
}

type NameRow<'a> = Result<
    (redb::AccessGuard<'a, (u8, &'static str, u64)>, redb::AccessGuard<'a, ()>),
    redb::StorageError,
>;

fn take_names<'a>(
    mut rows: impl Iterator<Item = NameRow<'a>>,
    limit: usize,
) -> Result<NameRange, StoreError> {
    let mut entries = Vec::new();
    for row in rows.by_ref().take(limit) {
        let row = row?;
        let (_, name, bits) = row.0.value();
        entries.push((name.to_owned(), node_id(bits, "names")?));
    }
    Ok(NameRange { entries, has_more: rows.next().is_some() })
}
