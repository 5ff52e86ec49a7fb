//! Everything that a store contains, decoded; for tests that search it for a name.

use schema::{EntityMention, Provenance, Record};

use super::{
    StoreError, StoreReader,
    codec::{decode, decode_compressed},
    key::{Mention, StoredFacts},
};

impl StoreReader {
    /// The keys and values of all tables with texts.
    pub(crate) fn decoded_texts(&self) -> Result<Vec<String>, StoreError> {
        let tables = &self.tables;
        let mut texts = Vec::new();
        for row in tables.facts.all()? {
            let (key, bytes) = row?;
            let facts: StoredFacts = decode_compressed(bytes.value(), "facts")?;
            texts.push(format!("{} {facts:?}", key.value()));
        }
        for row in tables.records.all()? {
            texts.push(format!("{:?}", decode::<Record>(row?.1.value(), "records")?));
        }
        for row in tables.bodies.all()? {
            texts.push(String::from_utf8_lossy(row?.1.value()).into_owned());
        }
        for row in tables.provenance.all()? {
            let provenance: Vec<Provenance> = decode_compressed(row?.1.value(), "provenance")?;
            texts.push(format!("{provenance:?}"));
        }
        for row in tables.mentions.all()? {
            let (key, bytes) = row?;
            let mention: Mention = decode(bytes.value(), "mentions")?;
            texts.push(format!("{:?} {mention:?}", key.value()));
        }
        for row in tables.named.all()? {
            let mentions: Vec<EntityMention> = decode(row?.1.value(), "named")?;
            texts.push(format!("{mentions:?}"));
        }
        for row in tables.meta.all()? {
            let (key, bytes) = row?;
            texts.push(format!("{} {}", key.value(), String::from_utf8_lossy(bytes.value())));
        }
        texts.extend(tables.identities.all()?.map(|row| text(row.map(|row| row.0))));
        texts.extend(tables.seen.all()?.map(|row| text(row.map(|row| row.0))));
        texts.extend(tables.keys.all()?.map(|row| text(row.map(|row| row.0))));
        texts.extend(tables.members.all()?.map(|row| text(row.map(|row| row.0))));
        texts.extend(tables.urls.all()?.map(|row| text(row.map(|row| row.0))));
        texts.extend(tables.names.all()?.map(|row| text(row.map(|row| row.0))));
        Ok(texts)
    }
}

fn text<K: redb::Key>(key: Result<redb::AccessGuard<'_, K>, redb::StorageError>) -> String
where
    for<'k> K::SelfType<'k>: std::fmt::Debug,
{
    format!("{:?}", key.expect("an intact store").value())
}
