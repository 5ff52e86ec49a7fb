//! The store: records, provenance and changes, in one or two `redb` files per generation: a base
//! that generations share, and an overlay with later changes.
//!
//! This module owns table layout and value encoding. It must not depend on merging or full-text
//! search.

mod bodies;
mod codec;
#[cfg(test)]
mod decoded_texts;
mod entity_mentions;
mod key;
mod near_duplicates;
mod overlay_table;
mod reader;
mod suppression;
mod tables;
mod verified_file;
mod writer;

pub(crate) use bodies::BodySource;
pub(crate) use codec::Compressed;
pub(crate) use entity_mentions::EntityName;
pub(crate) use key::{Identity, InputDigest, Mention, RecordKey, StoredFacts};
pub(crate) use reader::{NameRange, StoreReader};
pub use tables::Relation;
pub(crate) use writer::{StoreFile, StoreWriter, sources};

/// File name of the base in a generation.
pub(crate) const BASE_FILE: &str = "store.redb";
/// File name of the block hashes of a large base in a generation.
pub(crate) const BLOCKS_FILE: &str = "store.blocks";
/// File name of the overlay in a generation; the file is absent without later changes.
pub(crate) const OVERLAY_FILE: &str = "overlay.redb";

/// Failure to read or write the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine failed.
    #[error("store engine failed")]
    Engine(#[from] Box<redb::Error>),
    /// A value does not have the format of its table.
    #[error("cannot decode a value in store table `{table}`")]
    Decode {
        /// Name of the table.
        table: &'static str,
    },
}

macro_rules! from_engine {
    ($($error:ty),+) => {$(
        impl From<$error> for StoreError {
            fn from(error: $error) -> Self {
                Self::Engine(Box::new(error.into()))
            }
        }
    )+};
}

from_engine!(
    redb::DatabaseError,
    redb::TransactionError,
    redb::TableError,
    redb::StorageError,
    redb::CommitError,
    redb::CompactionError
);
