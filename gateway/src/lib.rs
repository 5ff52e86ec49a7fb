//! The server of Wegwijzer: the only crate that serves HTTP and GraphQL, and the command line.
//!
//! Reading order: [`app`] wires everything; [`routes`] lists the routes; `http` implements the
//! protocol; [`auth`] verifies tokens; [`pipeline`] processes a GraphQL request from text to
//! response; [`graphql`] is the contract; [`command`] is the command line.
//!
//! This crate must not know how records are stored or searched: it reads only through
//! [`indexer::catalog`]. Only [`command`] builds generations.

mod alerts;
pub mod app;
pub mod auth;
mod blocking;
pub mod clock;
pub mod command;
pub mod config;
mod error;
mod explanation_text;
mod feedback;
pub mod graphql;
mod http;
mod mcp;
mod messages;
mod metrics;
mod organisation_passage;
mod pages;
mod partners;
pub mod pipeline;
mod rest;
pub mod routes;
pub mod search_params;
mod trace_context;
mod truncation;
pub mod vocabulary;

/// Name and version of this program, such as `wegwijzer 0.1.0`.
pub const PROGRAM: &str = concat!("wegwijzer ", env!("CARGO_PKG_VERSION"));

/// Hash of the sources of this program, in hexadecimal.
pub(crate) const BUILD_HASH: &str = env!("WEGWIJZER_BUILD");
