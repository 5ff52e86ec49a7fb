//! Answers that were given before, and answers that are being made: one for equal requests.
//!
//! Invariant: an answer is kept only where it was made wholly from one generation and nothing in it
//! failed. Its key holds everything that it depends on, so that no key ever has to be forgotten.

use std::fmt;

use async_graphql::{Variables, parser::types::OperationType};
use indexer::catalog::Snapshot;
use jiff::Timestamp;
use quick_cache::{
    Weighter,
    sync::{Cache, PlaceholderGuard},
};
use serde::Serialize;

use super::{Outcome, operation::Operation};
use crate::config::Config;

/// What an answer depends on, as one number: equal validators mean equal answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Validator(blake3::Hash);

impl fmt::Display for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_hex()[..32])
    }
}

/// An answer as it is kept.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) outcome: Outcome,
    pub(super) operation_name: Option<String>,
}

/// What one kept answer weighs.
#[derive(Debug, Clone)]
pub(super) struct AnswerWeight;

impl Weighter<Validator, Kept> for AnswerWeight {
    fn weight(&self, _: &Validator, kept: &Kept) -> u64 {
        let body = if let Outcome::Whole(body) = &kept.outcome { body.len() } else { 0 };
        let name = kept.operation_name.as_ref().map_or(0, String::len);
        256 + (body + name) as u64
    }
}

/// An answer is about this large; the cache is made for so many of them.
const USUAL_BYTES: u64 = 8_192;
/// A question is about this large.
const QUESTION_BYTES: usize = 2_048;

/// The answers of all requests.
pub(super) struct Answers {
    kept: Cache<Validator, Kept, AnswerWeight>,
    /// Digest of this program and its configuration.
    program: blake3::Hash,
    bytes_max: u64,
}

/// The right to make an answer that others wait for.
pub(super) type Turn<'a> = PlaceholderGuard<
    'a,
    Validator,
    Kept,
    AnswerWeight,
    quick_cache::DefaultHashBuilder,
    quick_cache::sync::DefaultLifecycle<Validator, Kept>,
>;

impl Answers {
    pub(super) fn new(config: &Config) -> Self {
        let bytes_max = config.limits.answer_cache_bytes_max;
        let items = usize::try_from(bytes_max / USUAL_BYTES).unwrap_or(1).max(1);
        // What decides answers of the configuration; an answer never depends on the rest.
        let helped = (config.graphql.introspection, config.graphql.did_you_mean);
        let decides = (&config.limits, helped, config.public_url.as_str());
        let mut hasher = blake3::Hasher::new();
        hasher.update(crate::BUILD.as_bytes());
        hasher.update(&serde_json::to_vec(&decides).expect("a configuration is always JSON"));
        Self {
            kept: Cache::with_weighter(items, bytes_max, AnswerWeight),
            program: hasher.finalize(),
            bytes_max,
        }
    }

    /// The validator of an answer from `snapshot` in the time step that ends at `step`.
    pub(super) fn validator(
        &self,
        snapshot: &Snapshot,
        step: Timestamp,
        question: &impl Serialize,
    ) -> Validator {
        // Digested in one piece: JSON is written in many small ones.
        let mut text = Vec::with_capacity(QUESTION_BYTES);
        text.extend_from_slice(self.program.as_bytes());
        text.extend_from_slice(snapshot.digest().as_bytes());
        text.extend_from_slice(&step.as_second().to_le_bytes());
        serde_json::to_writer(&mut text, question).expect("a question is always JSON");
        Validator(blake3::hash(&text))
    }

    /// The answer that is kept under a validator.
    pub(super) fn get(&self, validator: Validator) -> Option<Kept> {
        if self.bytes_max == 0 { None } else { self.kept.get(&validator) }
    }

    /// The answer that somebody else is making; else the right to make it.
    pub(super) async fn join(&self, validator: Validator) -> Result<Kept, Turn<'_>> {
        self.kept.get_value_or_guard_async(&validator).await
    }

    /// Gives an answer to everybody who waits for it, and keeps it if it is whole.
    pub(super) fn give(&self, turn: Turn<'_>, validator: Validator, kept: Kept) {
        let whole = matches!(kept.outcome, Outcome::Whole(_));
        let _ = turn.insert(kept);
        if !whole || self.bytes_max == 0 {
            self.kept.remove(&validator);
        }
    }

    /// Bytes of the answers that are kept.
    pub(super) fn bytes(&self) -> u64 {
        self.kept.weight()
    }
}

/// Whether the answers to an operation are made wholly from a generation.
///
/// `catalog` tells the state of sources besides, which changes without a new generation.
pub(super) fn is_from_generation(operation: &Operation) -> bool {
    operation.kind() == OperationType::Query
        && !operation.root_fields().iter().any(|name| name == "catalog")
}

/// What an answer depends on of the question itself.
#[derive(Serialize)]
pub(super) struct Asked<'a> {
    pub(super) document: &'a str,
    pub(super) operation_name: Option<&'a str>,
    pub(super) variables: &'a Variables,
    /// The digest of the supergraph, which decides what is asked of whom.
    pub(super) supergraph: Option<&'a [u8; 32]>,
}
