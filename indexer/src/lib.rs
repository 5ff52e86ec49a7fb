//! Storage and search of Wegwijzer: [`ingest`] builds a generation from sources, [`catalog`] reads
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

mod cancellation;
mod error_text;
mod generation;
mod index;
mod regular_file;
mod source_facts;
mod store;
#[cfg_attr(
    not(test),
    expect(dead_code, unused_imports, reason = "used by the sources over the network")
)]
mod sync;

pub use error_text::with_causes;
