//! A generation: an immutable folder with a complete knowledge base.
//!
//! This module owns folder names, the manifest, and the order of writes to disk. It must not depend
//! on records or searches.

mod builder;
mod damage;
mod data_folder;
mod digest;
mod durable;
mod integrity;
mod manifest;
mod publish;

pub use self::damage::Damage;
pub(crate) use self::integrity::{StoreCheck, Verifier};
pub(crate) use builder::{BaseGeneration, GenerationBuilder};
pub(crate) use data_folder::{BuildLock, DataFolder, PublishHold};
pub(crate) use durable::write_atomically;
pub(crate) use manifest::{FORMAT, FileDigest, Manifest};
pub use manifest::{RecordCounts, SourceState};

use std::path::{Path, PathBuf};

use schema::GenerationNumber;

/// Name of the index folder in a generation.
pub(crate) const INDEX_FOLDER: &str = "index";
/// File name of the manifest in a generation.
pub(crate) const MANIFEST_FILE: &str = "manifest.json";

/// Failure to read or write a generation or the data folder.
#[derive(Debug, thiserror::Error)]
pub enum GenerationError {
    /// An I/O error.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// The operation, such as `read`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// I/O error.
        #[source]
        cause: std::io::Error,
    },
    /// `CURRENT` does not contain a number.
    #[error(
        "invalid or missing `CURRENT` file; run `wegwijzer index` to publish a new generation: `{}`",
        path.display()
    )]
    InvalidCurrent {
        /// The file.
        path: PathBuf,
    },
    /// The files of a generation differ from its manifest.
    #[error(
        "generation {number} is damaged: {}; run `wegwijzer index` to repair it, or `wegwijzer rollback`",
        damage.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    )]
    Damaged {
        /// Number of the generation.
        number: GenerationNumber,
        /// All differences.
        damage: Vec<Damage>,
    },
    /// The generation was written by a newer program.
    #[error(
        "generation {number} has format {format}, this program supports {supported}; upgrade wegwijzer"
    )]
    UnsupportedFormat {
        /// Number of the generation.
        number: GenerationNumber,
        /// Format of the generation.
        format: u32,
        /// The format that this program supports.
        supported: u32,
    },
    /// The generation was written by an older program.
    #[error(
        "generation {number} has format {format}, this program supports {supported}; run `wegwijzer index` to build a new one from the sources"
    )]
    OutdatedFormat {
        /// Number of the generation.
        number: GenerationNumber,
        /// Format of the generation.
        format: u32,
        /// The format that this program supports.
        supported: u32,
    },
    /// Another process is building a generation.
    #[error("another process is building in `{}` ({holder}); wait for it or stop it", path.display())]
    Locked {
        /// The data folder.
        path: PathBuf,
        /// Holder of the lock, from the lock file.
        holder: String,
    },
}

impl GenerationError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |cause| Self::Io { action, path, cause }
    }
}
