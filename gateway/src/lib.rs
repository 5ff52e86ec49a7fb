//! The voice of Wegwijzer: the only crate that serves HTTP and GraphQL, and the command line.
//!
//! Reading order: [`app`] wires everything; [`http`] is the outside; [`authentication`] says
//! who asks; [`pipeline`] takes one GraphQL
//! request from text to answer; [`graphql`] is the contract; [`command`] is what an operator types.
//!
//! This crate must not know how records are stored or found: it reads through
//! [`indexer::catalog`] alone. Only [`command`] builds generations, and [`evaluate`] to judge them.

pub mod app;
pub mod auth;
pub mod clock;
pub mod command;
pub mod config;
mod error;
pub mod graphql;
pub mod http;
mod metrics;
mod pages;
pub mod pipeline;
pub mod search_params;
pub mod synonyms;

/// Name and version of this program, such as `wegwijzer 0.1.0`.
pub const PROGRAM: &str = concat!("wegwijzer ", env!("CARGO_PKG_VERSION"));

/// A number that changes with the sources of this program.
pub(crate) const BUILD_HASH: &str = env!("WEGWIJZER_BUILD");
