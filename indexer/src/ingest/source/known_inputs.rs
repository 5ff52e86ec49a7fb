//! The inputs of records that the store has, by which unchanged records are recognised without being
//! parsed.

use std::collections::HashMap;

use schema::SourceName;
use xxhash_rust::xxh3::xxh3_64;

use super::Candidate;
use crate::store::{InputDigest, RecordKey};

/// The inputs of the records of one source.
#[derive(Default)]
pub(crate) struct KnownInputs<'a> {
    /// As in [`input_digest`].
    config_digest: u64,
    /// In the order of the keys.
    digests: &'a [(RecordKey, InputDigest)],
    /// Index in `digests` by the digest of the content.
    by_content: HashMap<[u8; 32], usize>,
}

impl<'a> KnownInputs<'a> {
    /// The inputs with these digests, in the order of the keys.
    pub(crate) fn new(config_digest: u64, digests: &'a [(RecordKey, InputDigest)]) -> Self {
        let contents = digests.iter().map(|(_, digest)| digest.content_hash);
        let by_content = contents.enumerate().map(|(index, content)| (content, index)).collect();
        Self { config_digest, digests, by_content }
    }

    /// Whether the store has a record that was read from the same input.
    pub(super) fn is_unchanged(&self, source: &SourceName, candidate: &Candidate) -> bool {
        let Candidate { key, location, content_hash } = candidate;
        let key = RecordKey::new(source, key);
        let index = self.digests.binary_search_by(|(known, _)| known.cmp(&key));
        index.is_ok_and(|index| self.is_input(index, *content_hash, location))
    }

    /// The key within the source of the record that was read from these bytes. `None` if there is
    /// none, or if the store has a digest instead of its key.
    pub(super) fn key_of(&self, content_hash: [u8; 32], location: &str) -> Option<&'a str> {
        let index = *self.by_content.get(&content_hash)?;
        let key = self.digests[index].0.readable_remote_key()?;
        self.is_input(index, content_hash, location).then_some(key)
    }

    fn is_input(&self, index: usize, content_hash: [u8; 32], location: &str) -> bool {
        self.digests[index].1 == input_digest(self.config_digest, content_hash, location)
    }
}

/// Digest of the input of a record. It includes the location, so that a record that moved is read
/// again. `config_digest` covers everything else that affects the facts of a record.
pub(crate) fn input_digest(
    config_digest: u64,
    content_hash: [u8; 32],
    location: &str,
) -> InputDigest {
    InputDigest { content_hash, source_digest: config_digest ^ xxh3_64(location.as_bytes()) }
}
