//! The bytes of Wegwijzer, in both directions: [`ingest`] turns sources into a generation, [`catalog`]
//! turns a generation into answers.
//!
//! The only crate that names `redb` or `tantivy`. Inside it, what reads and writes generations
//! (`store`, `index`, `analysis`, `generation`, `catalog`) never imports `ingest`.

pub mod admin;
mod analysis;
#[doc(hidden)]
pub mod bench_support;
pub mod catalog;
pub mod evaluate;
pub mod ingest;

mod cancellation;
mod error_text;
mod generation;
mod index;
mod regular_file;
mod source_facts;
mod store;

pub use error_text::with_causes;
