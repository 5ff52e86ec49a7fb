//! A generation: a folder that holds the whole knowledge base and never changes again.
//!
//! This module owns folder names, the manifest, and the order in which bytes reach the disk. It must
//! not know what a record or a search is.

mod data_folder;
mod files;
mod manifest;
mod publish;

pub(crate) use data_folder::{BuildLock, DataFolder, Hold};
pub(crate) use files::{Verifier, digest_file};
pub(crate) use manifest::{FORMAT, FileSeal, Manifest};
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
    #[error("cannot {doing} `{}`: {cause}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file or folder.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// `CURRENT` does not hold a number.
    #[error(
        "`{}` does not name a generation; run `wegwijzer index` to publish one anew",
        path.display()
    )]
    Current {
        /// The file.
        path: PathBuf,
    },
    /// A generation is not what its manifest says.
    #[error(
        "generation {number} is damaged: {damage}; run `wegwijzer index` to heal it, or `wegwijzer rollback`"
    )]
    Damaged {
        /// Which generation.
        number: GenerationNumber,
        /// What is wrong with which file.
        damage: String,
    },
    /// A generation was made by a newer program.
    #[error(
        "generation {number} has format {found}, this program reads up to {known}; use a newer wegwijzer"
    )]
    Newer {
        /// Which generation.
        number: GenerationNumber,
        /// Its format.
        found: u32,
        /// The newest format known here.
        known: u32,
    },
    /// Another process is building.
    #[error("another process is building in `{}` ({holder}); wait for it, or stop it", path.display())]
    Locked {
        /// The data folder.
        path: PathBuf,
        /// What the lock file says about the holder.
        holder: String,
    },
}

impl GenerationError {
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |cause| Self::Io { doing, path, cause }
    }
}
