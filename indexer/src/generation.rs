//! A generation: a folder that holds the whole knowledge base and never changes again.
//!
//! This module owns folder names, the manifest, and the order in which bytes reach the disk. It must
//! not know what a record or a search is.

mod builder;
mod damage;
mod data_folder;
mod durable;
mod integrity;
mod manifest;
mod publish;

pub use self::damage::Damage;
pub(crate) use self::integrity::{Verifier, digest_file};
pub(crate) use builder::{BaseGeneration, GenerationBuilder};
pub(crate) use data_folder::{BuildLock, DataFolder, PublishHold};
pub(crate) use durable::write_atomically;
pub(crate) use manifest::{FORMAT, FileDigest, Manifest};
pub use manifest::{RecordCounts, SourceState};

use std::path::{Path, PathBuf};

use schema::GenerationNumber;

/// Name of the index's folder inside a generation.
pub(crate) const INDEX_FOLDER: &str = "index";
/// Name of the manifest's file inside a generation.
pub(crate) const MANIFEST_FILE: &str = "manifest.json";

/// Why a generation or the data folder cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum GenerationError {
    /// The file system reports an error.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// The operation, such as `read`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The error of the file system.
        #[source]
        cause: std::io::Error,
    },
    /// `CURRENT` does not hold a number.
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
        /// Every difference.
        damage: Vec<Damage>,
    },
    /// A generation was made by a newer program.
    #[error(
        "generation {number} has format {format}, this program supports up to {supported}; upgrade wegwijzer"
    )]
    UnsupportedFormat {
        /// Which generation.
        number: GenerationNumber,
        /// Its format.
        format: u32,
        /// The newest format known here.
        supported: u32,
    },
    /// Another process is building.
    #[error("another process is building in `{}` ({holder}); wait for it or stop it", path.display())]
    Locked {
        /// The data folder.
        path: PathBuf,
        /// What the lock file says about the holder.
        holder: String,
    },
}

impl GenerationError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |cause| Self::Io { action, path, cause }
    }
}
