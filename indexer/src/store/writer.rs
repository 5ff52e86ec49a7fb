//! Writing a store under construction, in one transaction, through typed calls.

use std::path::Path;

use redb::{Database, ReadableTable, Table, WriteTransaction};
use schema::{
    Body, Change, GenerationNumber, NodeId, NodeKind, Provenance, Record, SourceName, fold,
};

use super::{
    Identity, Mentioned, RecordKey, Relation, Seen, StoreError, StoreReader, StoredFacts,
    codec::{decode, encode, pack, unpack},
    reader::{count_names, linked, node_id},
    tables::{
        BODIES, CHANGES, FACTS, IDENTITIES, KEYS, LINKS, MEMBERS, MENTIONS, META, NAMES,
        PROVENANCE, RECORDS, REDIRECTS, SEEN, SERIES, URLS,
    },
};

const NEXT_ORDER: &str = "next_order";

/// The store's file under construction. Must be dropped before the generation is sealed: redb
/// writes its last page when the file is closed.
pub(crate) struct StoreFile {
    database: Database,
}

impl StoreFile {
    /// Opens the copy of a store, or makes an empty one.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { database: Database::create(path)? })
    }

    /// Gives free pages back to the file system.
    pub(crate) fn compact(mut self) -> Result<(), StoreError> {
        self.database.compact()?;
        Ok(())
    }

    /// Runs `work` in one transaction: all of it, or nothing.
    pub(crate) fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut StoreWriter<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = self.database.begin_write().map_err(StoreError::from)?;
        let answer = work(&mut StoreWriter::open(&transaction)?)?;
        transaction.commit().map_err(StoreError::from)?;
        Ok(answer)
    }
}

/// The tables of a store under construction.
pub(crate) struct StoreWriter<'t> {
    meta: Table<'t, &'static str, &'static [u8]>,
    identities: Table<'t, &'static str, (u64, u64)>,
    redirects: Table<'t, u64, u64>,
    seen: Table<'t, &'static str, &'static [u8]>,
    facts: Table<'t, &'static str, &'static [u8]>,
    keys: Table<'t, (&'static str, &'static str), ()>,
    mentions: Table<'t, (&'static str, &'static str), &'static [u8]>,
    members: Table<'t, (u64, &'static str), ()>,
    records: Table<'t, u64, &'static [u8]>,
    bodies: Table<'t, u64, &'static [u8]>,
    provenance: Table<'t, u64, &'static [u8]>,
    urls: Table<'t, &'static str, u64>,
    links: Table<'t, (u64, u8, u64), ()>,
    names: Table<'t, (u8, &'static str, u64), ()>,
    series: Table<'t, u64, ()>,
    changes: Table<'t, (u64, u32), &'static [u8]>,
}

impl<'t> StoreWriter<'t> {
    fn open(transaction: &'t WriteTransaction) -> Result<Self, StoreError> {
        Ok(Self {
            meta: transaction.open_table(META)?,
            identities: transaction.open_table(IDENTITIES)?,
            redirects: transaction.open_table(REDIRECTS)?,
            seen: transaction.open_table(SEEN)?,
            facts: transaction.open_table(FACTS)?,
            keys: transaction.open_table(KEYS)?,
            mentions: transaction.open_table(MENTIONS)?,
            members: transaction.open_table(MEMBERS)?,
            records: transaction.open_table(RECORDS)?,
            bodies: transaction.open_table(BODIES)?,
            provenance: transaction.open_table(PROVENANCE)?,
            urls: transaction.open_table(URLS)?,
            links: transaction.open_table(LINKS)?,
            names: transaction.open_table(NAMES)?,
            series: transaction.open_table(SERIES)?,
            changes: transaction.open_table(CHANGES)?,
        })
    }

    // --- what sources say -------------------------------------------------------------------

    pub(crate) fn seen(&self, key: &RecordKey) -> Result<Option<Seen>, StoreError> {
        let bytes = self.seen.get(key.as_str())?;
        bytes.map(|bytes| decode(bytes.value(), "seen")).transpose()
    }

    pub(crate) fn put_seen(&mut self, key: &RecordKey, seen: &Seen) -> Result<(), StoreError> {
        self.seen.insert(key.as_str(), encode(seen).as_slice())?;
        Ok(())
    }

    pub(crate) fn facts(&self, key: &RecordKey) -> Result<Option<StoredFacts>, StoreError> {
        let bytes = self.facts.get(key.as_str())?;
        bytes.map(|bytes| unpack(bytes.value(), "facts")).transpose()
    }

    pub(crate) fn put_facts(
        &mut self,
        key: &RecordKey,
        facts: &StoredFacts,
    ) -> Result<(), StoreError> {
        self.facts.insert(key.as_str(), pack(facts).as_slice())?;
        Ok(())
    }

    pub(crate) fn remove_facts(&mut self, key: &RecordKey) -> Result<(), StoreError> {
        self.facts.remove(key.as_str())?;
        self.seen.remove(key.as_str())?;
        Ok(())
    }

    /// The keys of all records of one source.
    pub(crate) fn keys_of_source(&self, source: &SourceName) -> Result<Vec<RecordKey>, StoreError> {
        let prefix = RecordKey::source_prefix(source);
        let mut keys = Vec::new();
        for row in self.facts.range(prefix.as_str()..)? {
            let row = row?;
            if !row.0.value().starts_with(&prefix) {
                break;
            }
            keys.push(RecordKey::from_text(row.0.value()));
        }
        Ok(keys)
    }

    /// The names of all sources that have records here.
    pub(crate) fn source_names(&self) -> Result<Vec<String>, StoreError> {
        let mut names: Vec<String> = Vec::new();
        let mut from = String::new();
        loop {
            let Some(row) = self.facts.range(from.as_str()..)?.next() else { return Ok(names) };
            let name = RecordKey::from_text(row?.0.value()).source().to_owned();
            // The zero byte ends a name; the byte after it is past all of its records.
            from = format!("{name}\u{1}");
            names.push(name);
        }
    }

    // --- what things are found and merged by ------------------------------------------------

    pub(crate) fn add_key(&mut self, name: &str, key: &RecordKey) -> Result<(), StoreError> {
        self.keys.insert((name, key.as_str()), ())?;
        Ok(())
    }

    pub(crate) fn remove_key(&mut self, name: &str, key: &RecordKey) -> Result<(), StoreError> {
        self.keys.remove((name, key.as_str()))?;
        Ok(())
    }

    /// The records that can be found under `name`, in their order.
    pub(crate) fn holders(&self, name: &str) -> Result<Vec<RecordKey>, StoreError> {
        let mut holders = Vec::new();
        for row in self.keys.range((name, "")..)? {
            let row = row?;
            let (found, key) = row.0.value();
            if found != name {
                break;
            }
            holders.push(RecordKey::from_text(key));
        }
        Ok(holders)
    }

    pub(crate) fn add_mention(
        &mut self,
        name: &str,
        key: &RecordKey,
        mentioned: &Mentioned,
    ) -> Result<(), StoreError> {
        self.mentions.insert((name, key.as_str()), encode(mentioned).as_slice())?;
        Ok(())
    }

    pub(crate) fn remove_mention(&mut self, name: &str, key: &RecordKey) -> Result<(), StoreError> {
        self.mentions.remove((name, key.as_str()))?;
        Ok(())
    }

    /// The records that mention `name`, and how.
    pub(crate) fn mentions(&self, name: &str) -> Result<Vec<(RecordKey, Mentioned)>, StoreError> {
        let mut mentions = Vec::new();
        for row in self.mentions.range((name, "")..)? {
            let row = row?;
            let (found, key) = row.0.value();
            if found != name {
                break;
            }
            mentions.push((RecordKey::from_text(key), decode(row.1.value(), "mentions")?));
        }
        Ok(mentions)
    }

    // --- which records are one thing --------------------------------------------------------

    pub(crate) fn identity(&self, key: &RecordKey) -> Result<Option<Identity>, StoreError> {
        let Some(row) = self.identities.get(key.as_str())? else { return Ok(None) };
        let (bits, order) = row.value();
        Ok(Some(Identity { id: node_id(bits, "identities")?, order }))
    }

    pub(crate) fn put_identity(
        &mut self,
        key: &RecordKey,
        identity: Identity,
    ) -> Result<(), StoreError> {
        self.identities.insert(key.as_str(), (identity.id.to_bits(), identity.order))?;
        Ok(())
    }

    /// The next order of first sight.
    pub(crate) fn take_order(&mut self) -> Result<u64, StoreError> {
        let order: u64 = match self.meta.get(NEXT_ORDER)? {
            Some(bytes) => decode(bytes.value(), "meta")?,
            None => 1,
        };
        self.meta.insert(NEXT_ORDER, encode(&(order + 1)).as_slice())?;
        Ok(order)
    }

    pub(crate) fn redirect(&mut self, from: NodeId, to: Option<NodeId>) -> Result<(), StoreError> {
        match to {
            Some(to) if to != from => self.redirects.insert(from.to_bits(), to.to_bits())?,
            _ => self.redirects.remove(from.to_bits())?,
        };
        Ok(())
    }

    /// Ids that were merged into `id`.
    pub(crate) fn redirected_to(&self, id: NodeId) -> Result<Vec<NodeId>, StoreError> {
        let mut found = Vec::new();
        for row in self.redirects.iter()? {
            let row = row?;
            if row.1.value() == id.to_bits() {
                found.push(node_id(row.0.value(), "redirects")?);
            }
        }
        Ok(found)
    }

    pub(crate) fn members(&self, id: NodeId) -> Result<Vec<RecordKey>, StoreError> {
        let bits = id.to_bits();
        let mut members = Vec::new();
        for row in self.members.range((bits, "")..)? {
            let row = row?;
            let (found, key) = row.0.value();
            if found != bits {
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
        for gone in self.members(id)? {
            self.members.remove((id.to_bits(), gone.as_str()))?;
        }
        for key in members {
            self.members.insert((id.to_bits(), key.as_str()), ())?;
        }
        Ok(())
    }

    // --- the merged records -----------------------------------------------------------------

    pub(crate) fn record(&self, id: NodeId) -> Result<Option<Record>, StoreError> {
        let bytes = self.records.get(id.to_bits())?;
        bytes.map(|bytes| decode(bytes.value(), "records")).transpose()
    }

    pub(crate) fn body(&self, id: NodeId) -> Result<Option<Body>, StoreError> {
        let bytes = self.bodies.get(id.to_bits())?;
        bytes.map(|bytes| unpack(bytes.value(), "bodies")).transpose()
    }

    /// Puts a record and its name in place of what was there.
    pub(crate) fn put_record(&mut self, record: &Record) -> Result<(), StoreError> {
        self.remove_name(record.id())?;
        let bits = record.id().to_bits();
        self.records.insert(bits, encode(record).as_slice())?;
        let name = fold::name(record.name());
        self.names.insert((record.id().kind() as u8, name.as_str(), bits), ())?;
        match record {
            Record::Event(event) if event.series.is_some() => self.series.insert(bits, ())?,
            _ => self.series.remove(bits)?,
        };
        Ok(())
    }

    pub(crate) fn put_body(&mut self, id: NodeId, body: Option<&Body>) -> Result<(), StoreError> {
        match body {
            Some(body) => self.bodies.insert(id.to_bits(), pack(body).as_slice())?,
            None => self.bodies.remove(id.to_bits())?,
        };
        Ok(())
    }

    pub(crate) fn provenance(&self, id: NodeId) -> Result<Vec<Provenance>, StoreError> {
        let bytes = self.provenance.get(id.to_bits())?;
        bytes.map_or(Ok(Vec::new()), |bytes| unpack(bytes.value(), "provenance"))
    }

    pub(crate) fn put_provenance(
        &mut self,
        id: NodeId,
        provenance: &[Provenance],
    ) -> Result<(), StoreError> {
        self.provenance.insert(id.to_bits(), pack(&provenance).as_slice())?;
        Ok(())
    }

    /// Removes a record and everything that belongs to it alone.
    pub(crate) fn remove_record(&mut self, id: NodeId) -> Result<(), StoreError> {
        self.remove_name(id)?;
        let bits = id.to_bits();
        self.records.remove(bits)?;
        self.bodies.remove(bits)?;
        self.provenance.remove(bits)?;
        self.series.remove(bits)?;
        Ok(())
    }

    fn remove_name(&mut self, id: NodeId) -> Result<(), StoreError> {
        if let Some(old) = self.record(id)? {
            let name = fold::name(old.name());
            self.names.remove((id.kind() as u8, name.as_str(), id.to_bits()))?;
        }
        Ok(())
    }

    /// Whether record, body and sources are what `previous` holds.
    pub(crate) fn same_as(&self, previous: &StoreReader, id: NodeId) -> Result<bool, StoreError> {
        let record = self.records.get(id.to_bits())?.map(|bytes| bytes.value().to_vec());
        let body = self.bodies.get(id.to_bits())?.map(|bytes| bytes.value().to_vec());
        Ok(record == previous.record_bytes(id)?
            && body == previous.body_bytes(id)?
            && sources(&self.provenance(id)?) == sources(&previous.provenance(id)?))
    }

    pub(crate) fn ids(&self) -> Result<Vec<NodeId>, StoreError> {
        self.records.iter()?.map(|row| node_id(row?.0.value(), "records")).collect()
    }

    pub(crate) fn put_url(&mut self, normalised: &str, id: NodeId) -> Result<(), StoreError> {
        self.urls.insert(normalised, id.to_bits())?;
        Ok(())
    }

    /// Removes an address if it still leads to `id`.
    pub(crate) fn remove_url(&mut self, normalised: &str, id: NodeId) -> Result<(), StoreError> {
        if self.urls.get(normalised)?.is_some_and(|found| found.value() == id.to_bits()) {
            self.urls.remove(normalised)?;
        }
        Ok(())
    }

    pub(crate) fn add_link(
        &mut self,
        target: NodeId,
        relation: Relation,
        from: NodeId,
    ) -> Result<(), StoreError> {
        self.links.insert((target.to_bits(), relation as u8, from.to_bits()), ())?;
        Ok(())
    }

    pub(crate) fn remove_link(
        &mut self,
        target: NodeId,
        relation: Relation,
        from: NodeId,
    ) -> Result<(), StoreError> {
        self.links.remove((target.to_bits(), relation as u8, from.to_bits()))?;
        Ok(())
    }

    pub(crate) fn linked(
        &self,
        target: NodeId,
        relation: Relation,
    ) -> Result<Vec<NodeId>, StoreError> {
        linked(&self.links, target, relation)
    }

    // --- what changed -----------------------------------------------------------------------

    pub(crate) fn put_change(&mut self, change: &Change) -> Result<(), StoreError> {
        let row = (change.generation.0, change.position);
        self.changes.insert(row, encode(change).as_slice())?;
        Ok(())
    }

    /// How many things of a kind there are.
    pub(crate) fn count(&self, kind: NodeKind) -> Result<u64, StoreError> {
        count_names(&self.names, kind)
    }

    /// The keys of all records of all sources.
    pub(crate) fn all_keys(&self) -> Result<Vec<RecordKey>, StoreError> {
        self.facts.iter()?.map(|row| Ok(RecordKey::from_text(row?.0.value()))).collect()
    }

    /// Empties every table that is made from what sources say. Who is who and what changed stay.
    pub(crate) fn clear_derived(&mut self) -> Result<(), StoreError> {
        let inferred = RecordKey::source_prefix(&SourceName::inferred());
        self.facts.retain(|key, _| !key.starts_with(&inferred))?;
        self.keys.retain(|_, ()| false)?;
        self.mentions.retain(|_, _| false)?;
        self.members.retain(|_, ()| false)?;
        self.records.retain(|_, _| false)?;
        self.bodies.retain(|_, _| false)?;
        self.provenance.retain(|_, _| false)?;
        self.urls.retain(|_, _| false)?;
        self.links.retain(|_, ()| false)?;
        self.names.retain(|_, ()| false)?;
        self.series.retain(|_, ()| false)?;
        Ok(())
    }

    /// Takes over from a newer store what a rollback must not undo: which ids were given to what,
    /// and what changed since.
    pub(crate) fn take_over_history(
        &mut self,
        newer: &StoreReader,
        since: GenerationNumber,
    ) -> Result<(), StoreError> {
        let mut last = 0;
        for (key, identity) in newer.identities()? {
            last = last.max(identity.order);
            if self.identity(&key)?.is_none() {
                self.put_identity(&key, identity)?;
            }
        }
        self.meta.insert(NEXT_ORDER, encode(&(last + 1)).as_slice())?;
        for (from, to) in newer.redirects()? {
            if self.record(from)?.is_none() {
                self.redirect(from, Some(to))?;
            }
        }
        let mut after = Some((since, u32::MAX));
        loop {
            let (changes, more) = newer.changes(after, 1_000)?;
            for change in &changes {
                self.put_change(change)?;
                after = Some((change.generation, change.position));
            }
            if !more {
                return Ok(());
            }
        }
    }
}

/// The sources of a thing, each once, in the order of their names.
pub(crate) fn sources(provenance: &[Provenance]) -> Vec<SourceName> {
    let mut sources: Vec<_> = provenance.iter().map(|p| p.record.source.clone()).collect();
    sources.retain(|source| *source != SourceName::inferred());
    sources.sort();
    sources.dedup();
    sources
}
