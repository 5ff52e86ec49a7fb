//! The store: every record, where it came from, and what changed, in one or two `redb` files per
//! generation: a base that generations share, and what was put over it since.
//!
//! This module owns table layout and value encoding. It must not know how a record is merged or
//! found by its words.

mod codec;
mod key;
mod near_duplicates;
mod overlay_table;
mod reader;
mod tables;
mod writer;

pub(crate) use key::{Identity, InputDigest, Mention, RecordKey, StoredFacts};
pub(crate) use reader::StoreReader;
pub use tables::Relation;
pub(crate) use writer::{StoreFile, StoreWriter, sources};

/// Name of the file in a generation that holds the base.
pub(crate) const BASE_FILE: &str = "store.redb";
/// Name of the file in a generation that holds what was put over the base, where anything was.
pub(crate) const OVERLAY_FILE: &str = "overlay.redb";

/// Why the store cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine failed.
    #[error("store engine failed")]
    Engine(#[from] Box<redb::Error>),
    /// A value is not in the format of its table.
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
