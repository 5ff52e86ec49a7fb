//! Storage and search of Wegwijzer: [`sync`] fetches sources over the network, [`ingest`] builds a generation from sources, [`catalog`] reads
//! and searches it.
//!
//! The only crate that depends on `redb` or `tantivy`. The modules that read and write generations
//! (`store`, `index`, `analysis`, `generation`, `catalog`) never import `ingest`.

pub mod admin;
mod analysis;
#[doc(hidden)]
pub mod bench_support;
pub mod catalog;
pub mod evaluate;
pub mod ingest;
pub mod sync;

mod cancellation;
mod error_text;
mod generation;
mod html_page;
mod index;
mod progress;
mod regular_file;
mod source_facts;
mod store;

pub use error_text::with_causes;
