//! What the fuzz targets check, one module a target, over the demo.
//!
//! - [`subgraph_response`]: answers of subgraphs
//! - [`content`]: front matter, Markdown and HTML of sources
//! - [`cursor`]: texts of cursors and ids
//! - [`federated`]: questions over a supergraph
//! - [`filter`]: searches in the catalog
//! - [`pipeline`]: GraphQL documents with their variables
//! - [`request`]: whole HTTP requests
//! - [`search_query`]: words of searches
//! - [`sdl`]: SDLs of subgraphs, and the field sets in them
//! - [`token`]: tokens of callers
//!
//! A check takes any bytes and panics where it has found something; the files in `targets/` hand
//! them to libFuzzer, whose panic hook ends the process even where the program would go on. This
//! crate must not know how anything is done: it asks and looks at the answer.

pub mod subgraph_response;
pub mod content;
pub mod cursor;
pub mod demo;
pub mod document;
pub mod byte_source;
pub mod federated;
pub mod filter;
pub mod pipeline;
pub mod request;
pub mod sdl;
pub mod search_query;
pub mod token;
mod support;
#[cfg(test)]
mod tests;
mod town;
