//! The manifest: what a generation holds, sealed so that any flipped bit shows.

use std::{collections::BTreeMap, path::Path};

use jiff::Timestamp;
use schema::{GenerationNumber, NodeKind, SourceName};
use serde::{Deserialize, Serialize};

use super::{Damage, GenerationError, INDEX_FOLDER, MANIFEST_FILE};
use crate::regular_file;

/// The format of manifest and store that this program writes; it reads older ones, too.
pub(crate) const FORMAT: u32 = 2;

/// Maximum length of a manifest in bytes.
const MANIFEST_BYTES_MAX: u64 = 16 << 20;

/// What a generation holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// Format of manifest and store.
    pub(crate) format: u32,
    /// Version of the text analysis that the index was made with.
    pub(crate) analysis: u32,
    pub(crate) number: GenerationNumber,
    /// The generation it was built from.
    pub(crate) parent: Option<GenerationNumber>,
    /// The generation whose content a rollback brought back.
    pub(crate) content_of: Option<GenerationNumber>,
    pub(crate) built_at: Timestamp,
    pub(crate) program: String,
    /// Digest of the settings that decide how everything is merged.
    pub(crate) settings: String,
    pub(crate) counts: RecordCounts,
    pub(crate) sources: Vec<SourceState>,
    /// Every other file, by its path inside the generation.
    pub(crate) files: BTreeMap<String, FileDigest>,
}

/// Size and digest of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileDigest {
    /// Size in bytes.
    pub(crate) bytes: u64,
    /// BLAKE3 in hexadecimal.
    pub(crate) digest: String,
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
    /// Events; a series is one.
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
    /// The number of records of one kind, to be changed.
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

    /// Number of records that a search can find.
    pub fn content(&self) -> u64 {
        self.articles + self.toolkits + self.communities + self.events
    }
}

/// The state of one source in a generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceState {
    /// Name of the source.
    pub name: SourceName,
    /// Number of its records in the generation.
    pub records: u64,
    /// Number of rejections when it was read last.
    pub rejected: u64,
    /// When it was read last.
    pub read_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Checksummed<T> {
    #[serde(rename = "seal")]
    checksum: String,
    manifest: T,
}

/// Just enough of a manifest to tell which program can read the rest.
#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
}

impl Manifest {
    /// The manifest's file: JSON whose seal is the digest of the rest.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let checksum = self.digest();
        serde_json::to_vec_pretty(&Checksummed { checksum, manifest: self })
            .expect("a manifest is plain data")
    }

    /// Digest of everything the generation holds, in hexadecimal.
    pub(crate) fn digest(&self) -> String {
        let bytes = serde_json::to_vec(self).expect("a manifest is plain data");
        blake3::hash(&bytes).to_hex().to_string()
    }

    /// The files of the index, by their names in its folder.
    pub(crate) fn index_files(&self) -> impl Iterator<Item = (&str, &FileDigest)> {
        self.files.iter().filter_map(|(path, digest)| {
            let name = path.strip_prefix(INDEX_FOLDER)?.strip_prefix('/')?;
            Some((name, digest))
        })
    }

    /// Reads the manifest of the generation in `folder`.
    pub(crate) fn read(folder: &Path, number: GenerationNumber) -> Result<Self, GenerationError> {
        let path = folder.join(MANIFEST_FILE);
        let bytes = regular_file::read(&path, MANIFEST_BYTES_MAX)
            .map_err(GenerationError::io("read", &path))?;
        let damaged = |damage| GenerationError::Damaged { number, damage: vec![damage] };
        if let Ok(Checksummed { manifest: FormatOnly { format }, .. }) =
            serde_json::from_slice(&bytes)
            && format > FORMAT
        {
            return Err(GenerationError::UnsupportedFormat { number, format, supported: FORMAT });
        }
        let parsed: Checksummed<Self> =
            serde_json::from_slice(&bytes).map_err(|_| damaged(Damage::MalformedManifest))?;
        // Byte for byte: a flipped bit in white space is a flipped bit.
        if parsed.checksum != parsed.manifest.digest() || parsed.manifest.to_bytes() != bytes {
            return Err(damaged(Damage::ChecksumMismatch(MANIFEST_FILE.to_owned())));
        }
        if parsed.manifest.number != number {
            return Err(damaged(Damage::ForeignManifest));
        }
        Ok(parsed.manifest)
    }
}
