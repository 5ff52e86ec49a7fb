//! The index: ids and search fields of all content, in one `tantivy` folder per generation.
//!
//! This module owns field layout, filters, sort orders and facet counts. It must not know how a
//! record is stored or merged.

mod collect;
mod columns;
mod filter;
mod frozen;
mod layout;
mod reader;
mod words;
mod writer;

pub(crate) use collect::Place;
pub(crate) use reader::{Found, IndexReader, Search, SeriesTimes};
pub(crate) use writer::{IndexWriter, Indexed, shows_in_dependents};

/// Why the index cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The engine refused.
    #[error("the index cannot be used: {0}")]
    Engine(#[from] tantivy::TantivyError),
    /// The fields are those of another program.
    #[error("the index has other fields than this program")]
    Layout,
    /// The folder cannot be opened.
    #[error("the index cannot be opened: {0}")]
    Folder(#[from] tantivy::directory::error::OpenDirectoryError),
}
