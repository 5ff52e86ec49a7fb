//! The search index: ids and search fields of all content, in one `tantivy` folder per generation.
//!
//! This module owns the field layout, filters, sort orders, facet counts, highlights, suggestions
//! and related content. It must not depend on how records are stored or merged.

mod collector;
mod counts;
#[cfg(test)]
mod decoded_terms;
mod document_texts;
mod explain;
mod facet_ordinals;
mod fast_fields;
mod filter;
mod highlight;
mod kind_names;
mod preferences;
pub(crate) mod query;
mod rank;
mod read_only_directory;
mod reader;
mod related;
pub(crate) mod schema;
mod search;
mod series;
mod shared_passages;
mod suggest;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use self::{
    document_texts::{all_texts, char_count, names_of},
    query::{
        matches::{MatchDetail, Matches},
        planner::{Plan, PlanOptions},
    },
};
pub use explain::NotListedReason;
pub(crate) use explain::{ScoreFactors, explanation};
pub(crate) use highlight::{DocumentTexts, Highlights, highlights};
pub(crate) use rank::{RankedHit, SearchResult};
pub(crate) use reader::IndexReader;
pub(crate) use search::Search;
pub(crate) use series::SeriesTimes;
pub(crate) use suggest::CompletionQuery;
pub(crate) use writer::{IndexDocument, IndexWriter, Segments, affects_linked_documents};

/// Failure to read or write the index.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The engine failed.
    #[error("search index failed")]
    Engine(#[from] tantivy::TantivyError),
    /// The index was written with a different schema.
    #[error("index schema mismatch")]
    SchemaMismatch,
    /// The folder cannot be opened.
    #[error("cannot open index")]
    Folder(#[from] tantivy::directory::error::OpenDirectoryError),
}
