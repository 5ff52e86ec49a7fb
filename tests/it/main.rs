//! Acceptance: real sources, a real generation, the real program.
//!
//! In the order in which the data flows:
//! - `architecture`: layers, import cycles, words and sizes of the source code
//! - `ingest`: sources in every format, the demo and a real site, into a generation
//! - `rejections`: bad input, and what is reported about it
//! - `cases`: small sources after faults of comparable programs
//! - `search_reference`: search against a naive scan; facets; cursors
//! - `highlights_and_explanations`: highlights, explanations, interpretations; limits of a query
//! - `suggestions`: suggestions against a naive scan; related content
//! - `near_duplicates`: near-duplicates against a naive scan; passages at other sources
//! - `time_steps`: when results change; what a catalog counts
//! - `incremental`: an incremental build finds what a full one finds
//! - `random_edits`: random edits, kills and rollbacks
//! - `crash`: a builder killed at every step and at random moments
//! - `damage`: a bit flipped in every file
//! - `generation_swap`: two hundred generations under constant load
//! - `graphql_snapshots`: GraphQL over the demo, whole responses
//! - `batching`: the reads of an operation, counted
//! - `as_subgraph`: our graph as a subgraph of others
//! - `composition`: our graph and other subgraphs as one supergraph
//! - `federation`: a router over subgraphs that behave and subgraphs that do not
//! - `example_subgraphs`: our graph and the example subgraphs as one supergraph
//! - `http`: the protocol around it: validators, persisted and trusted documents, other sites
//! - `limits`: each limit of a request, and what hostile clients get
//! - `metrics`: `/metrics`, read by other programs
//! - `example_operations`: the example operations, as a frontend team sends them
//! - `server`: the program under load and on errors; traces
//! - `pages`, `calendar`: what people, browsers and robots get
//! - `performance`: instructions of the hot paths, compared with recorded counts
//! - `program`: the command line as a person uses it
//! - `documents`: the statements of README and manuals that a program can check

#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test that panics has failed; its numbers are small"
)]

mod architecture;
mod as_subgraph;
mod batching;
mod calendar;
mod cases;
mod composition;
mod crash;
mod damage;
mod documents;
mod example_operations;
mod example_subgraphs;
mod federation;
mod generation_swap;
mod graphql_snapshots;
mod highlights_and_explanations;
mod http;
mod incremental;
mod ingest;
mod limits;
mod metrics;
mod near_duplicates;
mod pages;
mod performance;
mod program;
mod query_syntax;
mod random_edits;
mod rejections;
mod relevance;
mod search_reference;
mod server;
mod suggestions;
mod support;
mod test_server;
mod time_steps;
