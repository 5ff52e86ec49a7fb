//! Acceptance: real sources, a real generation, the real program.
//!
//! In the order of the data's way:
//! - `architecture`: what each crate must not know
//! - `reading`: sources in every format, the demo and a real site, into a generation
//! - `refusals`: bad input, and what is said about it
//! - `searching`: search against a naive scan; facets; cursors
//! - `incremental`: an incremental build finds what a full one finds
//! - `history`: random edits, kills and rollbacks
//! - `crash`: a builder killed at every step and at random moments
//! - `damage`: a bit flipped in every file
//! - `swap`: two hundred generations under constant questions
//! - `answers`: GraphQL over the demo, whole answers
//! - `program`: the command line as a person uses it

#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test that panics has failed; its numbers are small"
)]

mod answers;
mod architecture;
mod crash;
mod damage;
mod history;
mod incremental;
mod program;
mod reading;
mod refusals;
mod searching;
mod support;
mod swap;
