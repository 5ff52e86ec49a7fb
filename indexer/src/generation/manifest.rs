//! The manifest: the contents of a generation, with a checksum that detects any flipped bit.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use jiff::Timestamp;
use schema::{GenerationNumber, NodeKind, SourceName};
use serde::{Deserialize, Serialize};

use super::{Damage, GenerationError, INDEX_FOLDER, MANIFEST_FILE};
use crate::regular_file;

/// The format of manifest and store that this version writes.
pub(crate) const FORMAT: u32 = 8;
/// The earliest format that this version reads.
const FORMAT_MIN: u32 = 7;

/// Maximum length of a manifest in bytes.
const MANIFEST_BYTES_MAX: u64 = 16 << 20;

/// The contents of a generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// Format of manifest and store.
    pub(crate) format: u32,
    /// Version of the text analysis with which the index was built.
    pub(crate) analysis: u32,
    pub(crate) number: GenerationNumber,
    /// The generation from which this one was built.
    pub(crate) parent: Option<GenerationNumber>,
    /// The generation whose content a rollback restored.
    pub(crate) content_of: Option<GenerationNumber>,
    pub(crate) built_at: Timestamp,
    pub(crate) program: String,
    /// Digest of the settings that affect merging.
    pub(crate) settings: String,
    /// Digests of the names that the records do not contain, from the suppression list.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) suppressed: BTreeSet<String>,
    pub(crate) counts: RecordCounts,
    pub(crate) sources: Vec<SourceState>,
    /// All other files, by path relative to the generation.
    pub(crate) files: BTreeMap<String, FileDigest>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileDigest {
    /// Size in bytes.
    pub(crate) bytes: u64,
    /// BLAKE3, in hexadecimal.
    pub(crate) digest: String,
}

impl FileDigest {
    /// The digest of a file with this content.
    pub(super) fn of(content: &[u8]) -> Self {
        let digest = blake3::hash(content).to_hex().to_string();
        Self { bytes: content.len() as u64, digest }
    }
}

/// Number of records of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordCounts {
    /// Articles.
    pub articles: u64,
    /// Toolkits.
    pub toolkits: u64,
    /// Communities.
    pub communities: u64,
    /// Events; a series counts once.
    pub events: u64,
    /// Themes.
    pub themes: u64,
    /// Organisations.
    pub organisations: u64,
    /// People.
    pub people: u64,
    /// Audiences.
    pub audiences: u64,
}

impl RecordCounts {
    /// Mutable access to the number of records of one kind.
    pub fn get_mut(&mut self, kind: NodeKind) -> &mut u64 {
        match kind {
            NodeKind::Article => &mut self.articles,
            NodeKind::Toolkit => &mut self.toolkits,
            NodeKind::Community => &mut self.communities,
            NodeKind::Event => &mut self.events,
            NodeKind::Theme => &mut self.themes,
            NodeKind::Organisation => &mut self.organisations,
            NodeKind::Person => &mut self.people,
            NodeKind::Audience => &mut self.audiences,
        }
    }

    /// The number of records of one kind.
    pub fn get(mut self, kind: NodeKind) -> u64 {
        *self.get_mut(kind)
    }

    /// Number of searchable records.
    pub fn content(&self) -> u64 {
        self.articles + self.toolkits + self.communities + self.events
    }
}

/// The state of one source in a generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceState {
    /// Name of the source.
    pub name: SourceName,
    /// Number of records of the source in the generation.
    pub records: u64,
    /// Number of rejections in the last read.
    pub rejected: u64,
    /// Time of the last read.
    pub read_at: Timestamp,
}

/// The name within the index folder of a file of the index, by its path relative to the generation.
pub(super) fn index_file_name(path: &str) -> Option<&str> {
    path.strip_prefix(INDEX_FOLDER)?.strip_prefix('/')
}

#[derive(Serialize, Deserialize)]
struct Checksummed<T> {
    #[serde(rename = "seal")]
    checksum: String,
    manifest: T,
}

/// The format alone, which determines whether this version can read the rest.
#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
}

impl Manifest {
    /// Serialises the manifest to JSON with a checksum over all other fields.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let checksum = self.digest();
        serde_json::to_vec_pretty(&Checksummed { checksum, manifest: self })
            .expect("a manifest always serialises to JSON")
    }

    /// Digest of the contents of the generation, in hexadecimal.
    pub(crate) fn digest(&self) -> String {
        let bytes = serde_json::to_vec(self).expect("a manifest always serialises to JSON");
        blake3::hash(&bytes).to_hex().to_string()
    }

    /// The files of the index, by name within the index folder.
    pub(crate) fn index_files(&self) -> impl Iterator<Item = (&str, &FileDigest)> {
        self.files.iter().filter_map(|(path, digest)| Some((index_file_name(path)?, digest)))
    }

    /// Reads the manifest of the generation in `folder`.
    pub(crate) fn read(folder: &Path, number: GenerationNumber) -> Result<Self, GenerationError> {
        let path = folder.join(MANIFEST_FILE);
        let bytes = regular_file::read(&path, MANIFEST_BYTES_MAX)
            .map_err(GenerationError::io("read", &path))?;
        let damaged = |damage| GenerationError::Damaged { number, damage: vec![damage] };
        if let Ok(Checksummed { manifest: FormatOnly { format }, .. }) =
            serde_json::from_slice(&bytes)
            && !(FORMAT_MIN..=FORMAT).contains(&format)
        {
            let supported = FORMAT;
            return Err(if format > FORMAT {
                GenerationError::UnsupportedFormat { number, format, supported }
            } else {
                GenerationError::OutdatedFormat { number, format, supported }
            });
        }
        let parsed: Checksummed<Self> =
            serde_json::from_slice(&bytes).map_err(|_| damaged(Damage::MalformedManifest))?;
        // Compares bytes: a flipped bit in white space counts as damage too.
        if parsed.checksum != parsed.manifest.digest() || parsed.manifest.to_bytes() != bytes {
            return Err(damaged(Damage::ChecksumMismatch(MANIFEST_FILE.to_owned())));
        }
        if parsed.manifest.number != number {
            return Err(damaged(Damage::ForeignManifest));
        }
        Ok(parsed.manifest)
    }
}
