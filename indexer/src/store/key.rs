//! Keys and small values of the store.

use std::fmt;

use schema::{NodeId, NodeKind, SourceName, SourceRecord};
use serde::{Deserialize, Serialize};

use crate::source_facts::Facts;

/// Length of a key that is stored as a digest.
const DIGEST_LETTERS: usize = 2 * blake3::OUT_LEN;

/// Key of a source record: the name of the source and the record's own key, separated by a zero
/// byte.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RecordKey(String);

impl RecordKey {
    /// A key that contains an e-mail address is stored as a digest, since identities are stored for
    /// ever.
    pub(crate) fn new(source: &SourceName, remote_key: &str) -> Self {
        let key = Self(format!("{source}\0{}", remote_key.replace('\0', "")));
        if key.remote_key().contains('@') { key.digested() } else { key }
    }

    /// The same key stored as a digest.
    pub(crate) fn digested(&self) -> Self {
        let digest = blake3::hash(self.remote_key().as_bytes()).to_hex();
        Self(format!("{}\0{digest}", self.source()))
    }

    /// The key of an entity inferred from mentions, derived from its folded name. It does not
    /// contain the name, since the identity outlives the entity.
    pub(crate) fn inferred(kind: NodeKind, folded: &str) -> Self {
        let digest = blake3::hash(folded.as_bytes()).to_hex();
        Self::new(&SourceName::inferred(), &format!("{}/{}", kind.as_str(), &digest[..32]))
    }

    pub(crate) fn from_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Prefix of the keys of all records of a source.
    pub(crate) fn source_prefix(source: &SourceName) -> String {
        format!("{source}\0")
    }

    /// Bounds of the keys of all records of a source, the second one excluded.
    pub(crate) fn source_range(source: &SourceName) -> (String, String) {
        (Self::source_prefix(source), format!("{source}\u{1}"))
    }

    pub(crate) fn source(&self) -> &str {
        self.0.split_once('\0').map_or(self.0.as_str(), |(source, _)| source)
    }

    pub(crate) fn remote_key(&self) -> &str {
        self.0.split_once('\0').map_or("", |(_, key)| key)
    }

    /// The key within the source as it was given; `None` if it may be stored as a digest.
    pub(crate) fn readable_remote_key(&self) -> Option<&str> {
        let key = self.remote_key();
        (key.len() != DIGEST_LETTERS).then_some(key)
    }

    /// The id of an entity of `kind` whose first record has this key. `attempt` is incremented
    /// while the id is already in use.
    pub(crate) fn mint(&self, kind: NodeKind, attempt: u8) -> NodeId {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&[attempt]).update(self.0.as_bytes());
        let bytes = hasher.finalize();
        let hash = bytes.as_bytes()[..8].try_into().expect("a digest has 32 bytes");
        NodeId::new(kind, u64::from_le_bytes(hash))
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.source(), self.remote_key())
    }
}

/// The id of a source record. Stored for ever, even after the record is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) id: NodeId,
    /// Order in which the record was first seen, from one: the id of the oldest record wins.
    pub(crate) sequence: u64,
}

/// Digests of the input from which a source record was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InputDigest {
    pub(crate) content_hash: [u8; 32],
    /// Digest of the source's configuration and of the record's location.
    pub(crate) source_digest: u64,
}

/// The facts of a source record and their provenance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredFacts {
    pub(crate) record: SourceRecord,
    pub(crate) facts: Facts,
}

/// A mention of a name, and whether an entity may be inferred from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mention {
    /// The name as written.
    pub(crate) label: String,
    /// Whether the name certainly denotes an entity of this kind. The name of an organiser may be
    /// that of a community, and denotes an organisation only if no community has it.
    pub(crate) certain: bool,
}
