//! Acceptance: real sources, a real generation, the real program.
//!
//! In the order of the data's way:
//! - `architecture`: what each crate must not know
//! - `reading`: sources in every format, the demo and a real site, into a generation
//! - `refusals`: bad input, and what is said about it
//! - `searching`: search against a naive scan; facets; cursors
//! - `finding`: highlights, explanations, what was made of the words; limits of a question
//! - `suggesting`: suggestions against a naive scan; related content
//! - `alike`: near-duplicates against a naive scan; passages at other sources
//! - `timing`: when answers change; what a catalog counts
//! - `incremental`: an incremental build finds what a full one finds
//! - `history`: random edits, kills and rollbacks
//! - `crash`: a builder killed at every step and at random moments
//! - `damage`: a bit flipped in every file
//! - `swap`: two hundred generations under constant questions
//! - `answers`: GraphQL over the demo, whole answers
//! - `calls`: what a question reads, counted
//! - `entities`: our graph as a subgraph of others
//! - `composing`: our graph and those of partners as one
//! - `federation`: several graphs as one, over subgraphs that behave and subgraphs that do not
//! - `partners`: our graph and the example partners, asked as one
//! - `http`: the protocol around it: validators, persisted and trusted documents, other sites
//! - `limits`: each limit of a request, and what hostile clients get
//! - `operations`: the example operations, as a frontend team asks them
//! - `serving`: the program under load and in trouble; traces
//! - `pages`, `calendar`: what people, browsers and robots get
//! - `program`: the command line as a person uses it

#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test that panics has failed; its numbers are small"
)]

mod alike;
mod answers;
mod architecture;
mod asking;
mod calendar;
mod calls;
mod composing;
mod crash;
mod damage;
mod entities;
mod federation;
mod finding;
mod history;
mod http;
mod incremental;
mod limits;
mod operations;
mod pages;
mod partners;
mod program;
mod reading;
mod refusals;
mod relevance;
mod searching;
mod server;
mod serving;
mod suggesting;
mod support;
mod swap;
mod timing;
