//! The bytes of Wegwijzer, in both directions: [`run`] turns sources into a generation, [`catalog`]
//! turns a generation into answers.
//!
//! The only crate that names `redb` or `tantivy`. Inside it, what reads and writes generations
//! (`store`, `index`, `language`, `generation`, `catalog`) never imports `source` or `pipeline`.

pub mod admin;
mod analysis;
#[doc(hidden)]
pub mod bench_support;
pub mod catalog;
pub mod evaluate;
pub mod ingest;

mod facts;
mod generation;
mod index;
mod store;
