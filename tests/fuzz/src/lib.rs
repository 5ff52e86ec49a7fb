//! The checks of the fuzz targets, one module per target, over the demo.
//!
//! - [`api`]: items of endpoints
//! - [`subgraph_response`]: responses of subgraphs
//! - [`content`]: front matter, Markdown and HTML of sources
//! - [`csv`]: tables of sources
//! - [`cursor`]: texts of cursors and ids
//! - [`date`]: dates and recurrence rules of sources
//! - [`federated`]: operations over a supergraph
//! - [`feed`]: feeds of sources
//! - [`filter`]: searches in the catalog
//! - [`icalendar`]: calendars of sources
//! - [`json_lines`]: JSON Lines of sources
//! - [`pipeline`]: GraphQL documents with their variables
//! - [`request`]: complete HTTP requests
//! - [`search_query`]: search queries
//! - [`sdl`]: SDLs of subgraphs, and the field sets in them
//! - [`token`]: bearer tokens
//! - [`wordpress`]: objects of WordPress, web pages and sitemaps
//!
//! A check takes arbitrary bytes and panics on a finding. The files in `targets/` pass the bytes
//! from libFuzzer, whose panic hook ends the process even if the program would catch the panic.
//! This crate must not depend on implementations: it sends requests and checks responses.

pub mod api;
pub mod byte_source;
pub mod content;
pub mod csv;
pub mod cursor;
pub mod date;
pub mod demo;
pub mod document;
pub mod federated;
pub mod feed;
pub mod filter;
pub mod icalendar;
pub mod json_lines;
pub mod pipeline;
pub mod request;
pub mod sdl;
pub mod search_query;
mod source_file;
pub mod subgraph_response;
mod support;
#[cfg(test)]
mod tests;
pub mod token;
mod town;
pub mod wordpress;
