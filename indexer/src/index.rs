//! The index: ids and search fields of all content, in one `tantivy` folder per generation.
//!
//! This module owns field layout, filters, sort orders and facet counts, where words stand in texts,
//! and what completes or resembles what. It must not know how a record is stored or merged.

mod collect;
mod columns;
mod filter;
mod fragment;
mod frozen;
mod highlight;
mod layout;
mod matches;
mod ordinals;
mod reader;
mod related;
mod suggest;
#[cfg(test)]
mod tests;
mod texts;
mod words;
mod writer;

pub(crate) use collect::Place;
pub(crate) use highlight::{Beside, explanation, highlights};
pub(crate) use matches::Scores;
pub(crate) use reader::{Found, IndexReader, Search, SeriesTimes};
pub(crate) use suggest::Typed;
pub(crate) use texts::{characters, names_of};
pub(crate) use words::{Words, interpret};
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
