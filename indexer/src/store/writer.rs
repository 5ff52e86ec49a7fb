//! Typed write access to a store under construction, in one transaction.

use std::path::Path;

use redb::{Builder, Database};
use schema::{
    Body, Change, GenerationNumber, NodeId, NodeKind, Provenance, Record, SourceName, normalisation,
};

use super::{
    BASE_FILE, Identity, InputDigest, Mention, OVERLAY_FILE, RecordKey, Relation, StoreError,
    StoreReader, StoredFacts,
    codec::{Compressed, decode, decode_compressed, encode, encode_compressed},
    reader::{PublishedFile, count_names, linked, node_id},
    tables::WriteTables,
};

const NEXT_SEQUENCE: &str = "next_order";
/// Size in bytes of the in-memory cache of a store under construction.
const WRITE_CACHE_BYTES: usize = 256 << 20;
/// Size in bytes of the in-memory cache of its base: a change reads the records that it may be
/// merged with, or that resemble it.
const BASE_CACHE_BYTES: usize = 128 << 20;

/// The file of a store under construction. Must be dropped before the generation is sealed: redb
/// writes its last page when the file is closed.
pub(crate) struct StoreFile {
    database: Database,
    base: Option<PublishedFile>,
}

impl StoreFile {
    /// Creates an empty store in `folder`.
    pub(crate) fn create(folder: &Path) -> Result<Self, StoreError> {
        Ok(Self { database: database(&folder.join(BASE_FILE))?, base: None })
    }

    /// Creates an overlay over the base in `folder`, which is not changed.
    pub(crate) fn create_overlay(folder: &Path) -> Result<Self, StoreError> {
        let base = Some(PublishedFile::open(&folder.join(BASE_FILE), BASE_CACHE_BYTES)?);
        Ok(Self { database: database(&folder.join(OVERLAY_FILE))?, base })
    }

    /// Creates a store in `folder` with the contents of another one, in a single layer.
    pub(crate) fn copy_of(folder: &Path, other: &StoreReader) -> Result<Self, StoreError> {
        let file = Self::create(folder)?;
        file.write(|store| store.tables.copy_from(&other.tables))?;
        Ok(file)
    }

    /// Runs `work` in one transaction, which is committed as a whole or not at all.
    pub(crate) fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut StoreWriter<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = self.database.begin_write().map_err(StoreError::from)?;
        let base = self.base.as_ref().map(|base| &base.transaction);
        let result = work(&mut StoreWriter { tables: WriteTables::open(&transaction, base)? })?;
        transaction.commit().map_err(StoreError::from)?;
        Ok(result)
    }
}

fn database(path: &Path) -> Result<Database, StoreError> {
    Ok(Builder::new().set_cache_size(WRITE_CACHE_BYTES).create(path)?)
}

/// The tables of a store under construction.
pub(crate) struct StoreWriter<'t> {
    pub(super) tables: WriteTables<'t>,
}

impl StoreWriter<'_> {
    // --- source records ---------------------------------------------------------------------

    pub(crate) fn put_input_digest(
        &mut self,
        key: &RecordKey,
        digest: &InputDigest,
    ) -> Result<(), StoreError> {
        self.tables.seen.insert(key.as_str(), encode(digest).as_slice())?;
        Ok(())
    }

    pub(crate) fn facts(&self, key: &RecordKey) -> Result<Option<StoredFacts>, StoreError> {
        let bytes = self.tables.facts.get(key.as_str())?;
        bytes.map(|bytes| decode_compressed(bytes.value(), "facts")).transpose()
    }

    pub(crate) fn put_facts(
        &mut self,
        key: &RecordKey,
        facts: &Compressed<StoredFacts>,
    ) -> Result<(), StoreError> {
        self.tables.facts.insert(key.as_str(), facts.bytes.as_slice())?;
        Ok(())
    }

    pub(crate) fn remove_facts(&mut self, key: &RecordKey) -> Result<(), StoreError> {
        self.tables.facts.remove(key.as_str())?;
        self.tables.seen.remove(key.as_str())?;
        Ok(())
    }

    /// The input digests of all records of one source, in the order of the keys. Their rows are
    /// small, whereas the facts of a large source can be very large.
    pub(crate) fn input_digests(
        &self,
        source: &SourceName,
    ) -> Result<Vec<(RecordKey, InputDigest)>, StoreError> {
        let (first, end) = RecordKey::source_range(source);
        let rows = self.tables.seen.range(first.as_str()..end.as_str())?.map(|row| {
            let row = row?;
            Ok((RecordKey::from_text(row.0.value()), decode(row.1.value(), "seen")?))
        });
        rows.collect()
    }

    /// The names of all sources with records in the store.
    pub(crate) fn source_names(&self) -> Result<Vec<String>, StoreError> {
        let mut names: Vec<String> = Vec::new();
        let mut from = String::new();
        loop {
            let Some(row) = self.tables.facts.range(from.as_str()..)?.next() else {
                return Ok(names);
            };
            let name = RecordKey::from_text(row?.0.value()).source().to_owned();
            // A zero byte ends a name; the byte after it sorts past all of its records.
            from = format!("{name}\u{1}");
            names.push(name);
        }
    }

    // --- keys and mentions ------------------------------------------------------------------

    pub(crate) fn add_key(&mut self, name: &str, key: &RecordKey) -> Result<(), StoreError> {
        self.tables.keys.insert((name, key.as_str()), ())?;
        Ok(())
    }

    pub(crate) fn remove_key(&mut self, name: &str, key: &RecordKey) -> Result<(), StoreError> {
        self.tables.keys.remove((name, key.as_str()))?;
        Ok(())
    }

    /// The keys of the records with the key `name`, in ascending order.
    pub(crate) fn records_with_key(&self, name: &str) -> Result<Vec<RecordKey>, StoreError> {
        self.first_records_with_key(name, usize::MAX)
    }

    /// The first keys of these records, at most `limit`.
    pub(crate) fn first_records_with_key(
        &self,
        name: &str,
        limit: usize,
    ) -> Result<Vec<RecordKey>, StoreError> {
        let mut keys = Vec::new();
        for row in self.tables.keys.range((name, "")..)?.take(limit) {
            let row = row?;
            let (row_name, key) = row.0.value();
            if row_name != name {
                break;
            }
            keys.push(RecordKey::from_text(key));
        }
        Ok(keys)
    }

    pub(crate) fn add_mention(
        &mut self,
        name: &str,
        key: &RecordKey,
        mention: &Mention,
    ) -> Result<(), StoreError> {
        self.tables.mentions.insert((name, key.as_str()), encode(mention).as_slice())?;
        Ok(())
    }

    pub(crate) fn remove_mention(&mut self, name: &str, key: &RecordKey) -> Result<(), StoreError> {
        self.tables.mentions.remove((name, key.as_str()))?;
        Ok(())
    }

    /// The records that mention `name`, with their mentions.
    pub(crate) fn mentions(&self, name: &str) -> Result<Vec<(RecordKey, Mention)>, StoreError> {
        let mut mentions = Vec::new();
        for row in self.tables.mentions.range((name, "")..)? {
            let row = row?;
            let (row_name, key) = row.0.value();
            if row_name != name {
                break;
            }
            mentions.push((RecordKey::from_text(key), decode(row.1.value(), "mentions")?));
        }
        Ok(mentions)
    }

    // --- identities -------------------------------------------------------------------------

    pub(crate) fn identity(&self, key: &RecordKey) -> Result<Option<Identity>, StoreError> {
        let Some(row) = self.tables.identities.get(key.as_str())? else { return Ok(None) };
        let (bits, sequence) = row.value();
        Ok(Some(Identity { id: node_id(bits, "identities")?, sequence }))
    }

    pub(crate) fn put_identity(
        &mut self,
        key: &RecordKey,
        identity: Identity,
    ) -> Result<(), StoreError> {
        self.tables.identities.insert(key.as_str(), (identity.id.to_bits(), identity.sequence))?;
        Ok(())
    }

    /// Allocates the next sequence number of a first appearance.
    pub(crate) fn next_sequence(&mut self) -> Result<u64, StoreError> {
        let sequence: u64 = match self.tables.meta.get(NEXT_SEQUENCE)? {
            Some(bytes) => decode(bytes.value(), "meta")?,
            None => 1,
        };
        self.tables.meta.insert(NEXT_SEQUENCE, encode(&(sequence + 1)).as_slice())?;
        Ok(sequence)
    }

    pub(crate) fn redirect(&mut self, from: NodeId, to: Option<NodeId>) -> Result<(), StoreError> {
        match to {
            Some(to) if to != from => self.tables.redirects.insert(from.to_bits(), to.to_bits())?,
            _ => self.tables.redirects.remove(from.to_bits())?,
        }
        Ok(())
    }

    /// Ids that were merged into `id`.
    pub(crate) fn redirected_to(&self, id: NodeId) -> Result<Vec<NodeId>, StoreError> {
        let mut merged_ids = Vec::new();
        for row in self.tables.redirects.all()? {
            let row = row?;
            if row.1.value() == id.to_bits() {
                merged_ids.push(node_id(row.0.value(), "redirects")?);
            }
        }
        Ok(merged_ids)
    }

    pub(crate) fn members(&self, id: NodeId) -> Result<Vec<RecordKey>, StoreError> {
        let bits = id.to_bits();
        let mut members = Vec::new();
        for row in self.tables.members.range((bits, "")..)? {
            let row = row?;
            let (row_bits, key) = row.0.value();
            if row_bits != bits {
                break;
            }
            members.push(RecordKey::from_text(key));
        }
        Ok(members)
    }

    pub(crate) fn set_members(
        &mut self,
        id: NodeId,
        members: &[RecordKey],
    ) -> Result<(), StoreError> {
        for old_key in self.members(id)? {
            self.tables.members.remove((id.to_bits(), old_key.as_str()))?;
        }
        for key in members {
            self.tables.members.insert((id.to_bits(), key.as_str()), ())?;
        }
        Ok(())
    }

    // --- the merged records -----------------------------------------------------------------

    pub(crate) fn record(&self, id: NodeId) -> Result<Option<Record>, StoreError> {
        let bytes = self.tables.records.get(id.to_bits())?;
        bytes.map(|bytes| decode(bytes.value(), "records")).transpose()
    }

    pub(crate) fn body(&self, id: NodeId) -> Result<Option<Body>, StoreError> {
        let bytes = self.tables.bodies.get(id.to_bits())?;
        bytes.map(|bytes| decode_compressed(bytes.value(), "bodies")).transpose()
    }

    /// Writes a record and its name, replacing the previous ones.
    pub(crate) fn put_record(&mut self, record: &Record) -> Result<(), StoreError> {
        self.remove_name(record.id())?;
        let bits = record.id().to_bits();
        self.tables.records.insert(bits, encode(record).as_slice())?;
        let name = normalisation::name(record.name());
        self.tables.names.insert((record.id().kind() as u8, name.as_str(), bits), ())?;
        let is_series = matches!(record, Record::Event(event) if event.series.is_some());
        if is_series {
            self.tables.series.insert(bits, ())?;
        } else {
            self.tables.series.remove(bits)?;
        }
        Ok(())
    }

    pub(crate) fn put_body(
        &mut self,
        id: NodeId,
        body: Option<&Compressed<Body>>,
    ) -> Result<(), StoreError> {
        match body {
            Some(body) => self.tables.bodies.insert(id.to_bits(), body.bytes.as_slice())?,
            None => self.tables.bodies.remove(id.to_bits())?,
        }
        Ok(())
    }

    pub(crate) fn provenance(&self, id: NodeId) -> Result<Vec<Provenance>, StoreError> {
        let bytes = self.tables.provenance.get(id.to_bits())?;
        bytes.map_or(Ok(Vec::new()), |bytes| decode_compressed(bytes.value(), "provenance"))
    }

    pub(crate) fn put_provenance(
        &mut self,
        id: NodeId,
        provenance: &[Provenance],
    ) -> Result<(), StoreError> {
        self.tables.provenance.insert(id.to_bits(), encode_compressed(&provenance).as_slice())?;
        Ok(())
    }

    /// Removes a record and all rows that belong only to it.
    pub(crate) fn remove_record(&mut self, id: NodeId) -> Result<(), StoreError> {
        self.remove_name(id)?;
        let bits = id.to_bits();
        self.tables.records.remove(bits)?;
        self.tables.bodies.remove(bits)?;
        self.tables.provenance.remove(bits)?;
        self.tables.series.remove(bits)?;
        Ok(())
    }

    fn remove_name(&mut self, id: NodeId) -> Result<(), StoreError> {
        if let Some(old) = self.record(id)? {
            let name = normalisation::name(old.name());
            self.tables.names.remove((id.kind() as u8, name.as_str(), id.to_bits()))?;
        }
        Ok(())
    }

    /// Whether the record, body, mentions and sources are the same as in `previous`.
    pub(crate) fn is_unchanged_since(
        &self,
        previous: &StoreReader,
        id: NodeId,
    ) -> Result<bool, StoreError> {
        let record = self.tables.records.get(id.to_bits())?.map(|bytes| bytes.value().to_vec());
        let body = self.tables.bodies.get(id.to_bits())?.map(|bytes| bytes.value().to_vec());
        Ok(record == previous.record_bytes(id)?
            && body == previous.body_bytes(id)?
            && self.entity_mentions(id)? == previous.entity_mentions(id)?
            && sources(&self.provenance(id)?) == sources(&previous.provenance(id)?))
    }

    pub(crate) fn ids(&self) -> Result<Vec<NodeId>, StoreError> {
        self.tables.records.all()?.map(|row| node_id(row?.0.value(), "records")).collect()
    }

    /// The id of the record with this URL.
    pub(crate) fn by_url(&self, normalised: &str) -> Result<Option<NodeId>, StoreError> {
        let id = self.tables.urls.get(normalised)?;
        id.map(|id| node_id(id.value(), "urls")).transpose()
    }

    pub(crate) fn put_url(&mut self, normalised: &str, id: NodeId) -> Result<(), StoreError> {
        self.tables.urls.insert(normalised, id.to_bits())?;
        Ok(())
    }

    /// Removes a URL if it still belongs to `id`.
    pub(crate) fn remove_url(&mut self, normalised: &str, id: NodeId) -> Result<(), StoreError> {
        if self.tables.urls.get(normalised)?.is_some_and(|stored| stored.value() == id.to_bits()) {
            self.tables.urls.remove(normalised)?;
        }
        Ok(())
    }

    pub(crate) fn add_link(
        &mut self,
        target: NodeId,
        relation: Relation,
        from: NodeId,
    ) -> Result<(), StoreError> {
        self.tables.links.insert((target.to_bits(), relation as u8, from.to_bits()), ())?;
        Ok(())
    }

    pub(crate) fn remove_link(
        &mut self,
        target: NodeId,
        relation: Relation,
        from: NodeId,
    ) -> Result<(), StoreError> {
        self.tables.links.remove((target.to_bits(), relation as u8, from.to_bits()))?;
        Ok(())
    }

    pub(crate) fn linked(
        &self,
        target: NodeId,
        relation: Relation,
    ) -> Result<Vec<NodeId>, StoreError> {
        linked(&self.tables.links, target, relation as u8)
    }

    // --- changes ----------------------------------------------------------------------------

    pub(crate) fn put_change(&mut self, change: &Change) -> Result<(), StoreError> {
        let row = (change.generation.0, change.position);
        self.tables.changes.insert(row, encode(change).as_slice())?;
        Ok(())
    }

    /// Number of records of a kind.
    pub(crate) fn count(&self, kind: NodeKind) -> Result<u64, StoreError> {
        count_names(&self.tables.names, kind)
    }

    /// The keys of all records of all sources.
    pub(crate) fn all_keys(&self) -> Result<Vec<RecordKey>, StoreError> {
        self.tables.facts.all()?.map(|row| Ok(RecordKey::from_text(row?.0.value()))).collect()
    }

    /// Copies the input of the sources, the identities and the changes from a store. Derived data
    /// is not copied.
    pub(crate) fn copy_sources_from(&mut self, from: &StoreReader) -> Result<(), StoreError> {
        let (tables, from) = (&mut self.tables, &from.tables);
        tables.meta.copy_from(&from.meta)?;
        tables.identities.copy_from(&from.identities)?;
        tables.redirects.copy_from(&from.redirects)?;
        tables.seen.copy_from(&from.seen)?;
        tables.changes.copy_from(&from.changes)?;
        let inferred = RecordKey::source_prefix(&SourceName::inferred());
        for row in from.facts.all()? {
            let (key, facts) = row?;
            if !key.value().starts_with(&inferred) {
                tables.facts.insert(key.value(), facts.value())?;
            }
        }
        Ok(())
    }

    /// Copies from the current store what a rollback must not undo: the assigned ids and the
    /// changes since.
    pub(crate) fn copy_history_from(
        &mut self,
        current: &StoreReader,
        since: GenerationNumber,
    ) -> Result<(), StoreError> {
        let mut last = 0;
        for (key, identity) in current.identities()? {
            last = last.max(identity.sequence);
            if self.identity(&key)?.is_none() {
                self.put_identity(&key, identity)?;
            }
        }
        self.tables.meta.insert(NEXT_SEQUENCE, encode(&(last + 1)).as_slice())?;
        for (from, to) in current.redirects()? {
            if self.record(from)?.is_none() {
                self.redirect(from, Some(to))?;
            }
        }
        let mut after = Some((since, u32::MAX));
        loop {
            let (changes, has_more) = current.changes(after, 1_000)?;
            for change in &changes {
                self.put_change(change)?;
                after = Some((change.generation, change.position));
            }
            if !has_more {
                return Ok(());
            }
        }
    }
}

/// The distinct sources of a record, in order of name.
pub(crate) fn sources(provenance: &[Provenance]) -> Vec<SourceName> {
    let mut sources: Vec<_> = provenance.iter().map(|p| p.record.source.clone()).collect();
    sources.retain(|source| *source != SourceName::inferred());
    sources.sort();
    sources.dedup();
    sources
}
