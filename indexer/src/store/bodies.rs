//! Bodies of records. Each text is stored once, in the facts of the source record that provides it.

use redb::ReadableTable;
use schema::{Body, NodeId};
use serde::{Deserialize, Serialize};

use super::{
    RecordKey, StoreError, StoreReader, StoreWriter, StoredFacts,
    codec::{decode, decode_compressed, encode},
    overlay_table::OverlayTable,
    tables::Bytes,
};

const TABLE: &str = "bodies";
/// Begins a row that names the source record. In stores of format 7, a row is the body itself after
/// its length, which is less.
const BODY_SOURCE_MARK: [u8; 4] = [0xff; 4];

/// The source record that provides the body of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BodySource {
    /// The beginning of the BLAKE3 digest of the encoded body.
    digest: [u8; 16],
    /// Key of the source record; empty in stores of format 7.
    key: String,
}

impl BodySource {
    pub(crate) fn new(key: &RecordKey, body: &Body) -> Self {
        Self { digest: digest(body), key: key.as_str().to_owned() }
    }

    /// Whether this is the source of this body.
    pub(crate) fn is_of(&self, body: &Body) -> bool {
        self.digest == digest(body)
    }

    /// Digest of the body.
    pub(crate) fn digest(&self) -> [u8; 16] {
        self.digest
    }
}

fn digest(body: &Body) -> [u8; 16] {
    let digest = blake3::hash(&encode(body));
    *digest.as_bytes().first_chunk().expect("a digest has 32 bytes")
}

/// A row of the table.
enum BodyRow {
    Source(BodySource),
    Text(Body),
}

impl BodyRow {
    fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        match bytes.strip_prefix(&BODY_SOURCE_MARK) {
            Some(source) => decode(source, TABLE).map(Self::Source),
            None => decode_compressed(bytes, TABLE).map(Self::Text),
        }
    }

    fn source(self) -> BodySource {
        match self {
            Self::Source(source) => source,
            Self::Text(body) => BodySource { digest: digest(&body), key: String::new() },
        }
    }
}

fn row<T, G>(
    bodies: &OverlayTable<u64, Bytes, T, G>,
    id: NodeId,
) -> Result<Option<BodyRow>, StoreError>
where
    T: ReadableTable<u64, Bytes>,
    G: ReadableTable<u64, ()>,
{
    let bytes = bodies.get(id.to_bits())?;
    bytes.map(|bytes| BodyRow::decode(bytes.value())).transpose()
}

fn body<T, G>(
    facts: &OverlayTable<&'static str, Bytes, T, G>,
    row: BodyRow,
) -> Result<Body, StoreError>
where
    T: ReadableTable<&'static str, Bytes>,
    G: ReadableTable<&'static str, ()>,
{
    let key = match row {
        BodyRow::Text(body) => return Ok(body),
        BodyRow::Source(source) => source.key,
    };
    let missing = StoreError::Decode { table: TABLE };
    let Some(bytes) = facts.get(key.as_str())? else { return Err(missing) };
    let stored: StoredFacts = decode_compressed(bytes.value(), "facts")?;
    stored.facts.body.ok_or(missing)
}

impl StoreReader {
    pub(crate) fn body(&self, id: NodeId) -> Result<Option<Body>, StoreError> {
        row(&self.tables.bodies, id)?.map(|row| body(&self.tables.facts, row)).transpose()
    }

    fn body_digest(&self, id: NodeId) -> Result<Option<[u8; 16]>, StoreError> {
        Ok(row(&self.tables.bodies, id)?.map(|row| row.source().digest))
    }
}

impl StoreWriter<'_> {
    pub(crate) fn body(&self, id: NodeId) -> Result<Option<Body>, StoreError> {
        row(&self.tables.bodies, id)?.map(|row| body(&self.tables.facts, row)).transpose()
    }

    pub(crate) fn body_source(&self, id: NodeId) -> Result<Option<BodySource>, StoreError> {
        Ok(row(&self.tables.bodies, id)?.map(BodyRow::source))
    }

    pub(crate) fn put_body_source(
        &mut self,
        id: NodeId,
        source: Option<&BodySource>,
    ) -> Result<(), StoreError> {
        let Some(source) = source else { return Ok(self.tables.bodies.remove(id.to_bits())?) };
        let bytes = [&BODY_SOURCE_MARK, encode(source).as_slice()].concat();
        Ok(self.tables.bodies.insert(id.to_bits(), bytes.as_slice())?)
    }

    /// Whether the body is the same as in `previous`.
    pub(super) fn has_same_body(
        &self,
        previous: &StoreReader,
        id: NodeId,
    ) -> Result<bool, StoreError> {
        let digest = self.body_source(id)?.map(|source| source.digest);
        Ok(digest == previous.body_digest(id)?)
    }
}

#[cfg(test)]
mod tests {
    use schema::NodeKind;

    use super::*;
    use crate::store::{StoreFile, codec::encode_compressed};

    #[test]
    fn the_body_in_a_store_of_format_7_must_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let id = NodeId::new(NodeKind::Article, 7);
        let text = Body { html: "<p>a</p>".to_owned(), text: "a".to_owned() };
        let file = StoreFile::create(folder.path()).unwrap();
        let file = file.write(|store| {
            store.tables.bodies.insert(id.to_bits(), encode_compressed(&text).as_slice())?;
            assert_eq!(store.body(id)?, Some(text.clone()));
            let source = BodySource::new(&RecordKey::from_text("s\0a"), &text);
            assert_eq!(store.body_source(id)?.unwrap().digest(), source.digest());
            store.put_body_source(id, Some(&source))?;
            assert_eq!(store.body_source(id)?, Some(source));
            assert!(store.body(id).is_err(), "its source record is missing");
            store.put_body_source(id, None)?;
            assert_eq!(store.body(id)?, None);
            Ok::<_, StoreError>(())
        });
        file.unwrap();
    }
}
