//! The bytes of Wegwijzer, in both directions: [`run`] turns sources into a generation, [`catalog`]
//! turns a generation into answers.
//!
//! The only crate that names `redb` or `tantivy`. Inside it, what reads and writes generations
//! (`store`, `index`, `language`, `generation`, `catalog`) never imports `source` or `pipeline`.

pub mod catalog;
pub mod config;
#[doc(hidden)]
pub mod measuring;
pub mod run;

mod facts;
mod generation;
mod index;
mod language;
mod pipeline;
mod source;
mod store;
