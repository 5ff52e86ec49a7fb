//! The manifest: what a generation holds, sealed so that any flipped bit shows.

use std::{collections::BTreeMap, fs, path::Path};

use jiff::Timestamp;
use schema::GenerationNumber;
use serde::{Deserialize, Serialize};

use super::{GenerationError, MANIFEST_FILE};
use crate::catalog::{RecordCounts, SourceState};

/// The format of manifest and store that this program writes; it reads older ones, too.
pub(crate) const FORMAT: u32 = 2;

/// What a generation holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// Format of manifest and store.
    pub(crate) format: u32,
    /// Version of the text analysis that the index was made with.
    pub(crate) analysis: u32,
    /// Number of the generation.
    pub(crate) number: GenerationNumber,
    /// The generation it was built from.
    pub(crate) parent: Option<GenerationNumber>,
    /// The generation whose content a rollback brought back.
    pub(crate) content_of: Option<GenerationNumber>,
    /// When it was built.
    pub(crate) built_at: Timestamp,
    /// The program that built it.
    pub(crate) program: String,
    /// Digest of the settings that decide how everything is merged.
    pub(crate) settings: String,
    /// How many of each kind.
    pub(crate) counts: RecordCounts,
    /// The state of each source.
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

    /// Reads the manifest of the generation in `folder`.
    pub(crate) fn read(folder: &Path, number: GenerationNumber) -> Result<Self, GenerationError> {
        let path = folder.join(MANIFEST_FILE);
        let bytes = fs::read(&path).map_err(GenerationError::io("read", &path))?;
        let damaged = |damage: &str| GenerationError::Damaged {
            number,
            damage: format!("{damage}: `{MANIFEST_FILE}`"),
        };
        if let Ok(Checksummed { manifest: FormatOnly { format }, .. }) =
            serde_json::from_slice(&bytes)
            && format > FORMAT
        {
            return Err(GenerationError::UnsupportedFormat { number, format, supported: FORMAT });
        }
        let parsed: Checksummed<Self> =
            serde_json::from_slice(&bytes).map_err(|_| damaged("malformed JSON"))?;
        // Byte for byte: a flipped bit in white space is a flipped bit.
        if parsed.checksum != parsed.manifest.digest() || parsed.manifest.to_bytes() != bytes {
            return Err(damaged("checksum mismatch"));
        }
        if parsed.manifest.number != number {
            return Err(damaged("belongs to another generation"));
        }
        Ok(parsed.manifest)
    }
}
