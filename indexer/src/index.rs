//! The index: ids and search fields of all content, in one `tantivy` folder per generation.
//!
//! This module owns field layout, filters, sort orders and facet counts, where words stand in texts,
//! and what completes or resembles what. It must not know how a record is stored or merged.

mod collect;
mod columns;
mod explain;
mod filter;
mod fragment;
mod frozen;
mod highlight;
mod layout;
mod lookups;
mod matches;
mod nearness;
mod ordinals;
mod passages;
mod plan;
mod reader;
mod recency;
mod related;
mod require;
mod score;
mod series;
mod spelling;
mod steady;
mod suggest;
#[cfg(test)]
mod tests;
mod texts;
mod writer;

pub(crate) use collect::Place;
pub use explain::Absence;
pub(crate) use explain::explanation;
pub(crate) use highlight::{Beside, highlights};
pub(crate) use matches::Look;
pub(crate) use plan::{Forms, Plan};
pub(crate) use reader::{Found, IndexReader, Search};
pub(crate) use series::SeriesTimes;
pub(crate) use suggest::Typed;
pub(crate) use texts::{all as all_texts, characters, names_of};
pub(crate) use writer::{IndexWriter, Indexed, Segments, shows_in_dependents};

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
