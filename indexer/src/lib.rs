//! Storage and search of Wegwijzer: [`sync`] fetches sources over the network, [`ingest`] builds a
//! generation from sources, [`schedule`] does both whenever sources change, [`catalog`] reads and
//! searches a generation.
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
pub mod schedule;
pub mod source_health;
pub mod sync;

mod block_hashes;
mod calendar_file;
mod cancellation;
mod decoding;
mod error_text;
mod feed_document;
mod generation;
mod html_page;
mod index;
mod json;
mod progress;
mod regular_file;
mod source_facts;
mod store;
mod suppression;
mod text_blocks;

pub use error_text::with_causes;
