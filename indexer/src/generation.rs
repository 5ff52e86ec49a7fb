//! A generation: a folder that holds the whole knowledge base and never changes again.
//!
//! This module owns folder names, the manifest, and the order in which bytes reach the disk. It must
//! not know what a record or a search is.

mod data_folder;
mod integrity;
mod manifest;
mod publish;

pub(crate) use self::integrity::{Verifier, digest_file};
pub(crate) use data_folder::{BuildLock, DataFolder, PublishHold};
pub(crate) use manifest::{FORMAT, FileDigest, Manifest};
pub(crate) use publish::{Staging, write_atomically};

use std::path::{Path, PathBuf};

use schema::GenerationNumber;

/// Name of the index's folder inside a generation.
pub(crate) const INDEX_FOLDER: &str = "index";
/// Name of the manifest's file inside a generation.
pub(crate) const MANIFEST_FILE: &str = "manifest.json";

/// Why a generation or the data folder cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum GenerationError {
    /// The file system said no.
    #[error("cannot {action} `{}`: {cause}", path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// To which file or folder.
        path: PathBuf,
        /// What the system said.
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
    /// A generation is not what its manifest says.
    #[error(
        "generation {number} is damaged: {damage}; run `wegwijzer index` to repair it, or `wegwijzer rollback`"
    )]
    Damaged {
        /// Which generation.
        number: GenerationNumber,
        /// What is wrong with which file.
        damage: String,
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
