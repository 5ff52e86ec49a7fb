//! Which operations that could be answered until now could not be any more over a newer supergraph.

use std::{collections::BTreeSet, sync::Arc};

use async_graphql::Variables;

use super::{
    normalise::{Planning, conditions},
    operation::Operation,
    validate::Wrong,
};
use crate::supergraph::Supergraph;

/// So many are named; the others are counted.
const NAMED_MAX: usize = 20;

/// An operation, and which of its conditions hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Known {
    pub(super) text: Arc<str>,
    pub(super) name: Option<String>,
    pub(super) conditions: Vec<(String, bool)>,
}

impl Known {
    /// The operation of a document with but one, as it is asked without values for its variables.
    pub(super) fn only(text: &Arc<str>) -> Option<Self> {
        let operation = Operation::parse(text, None).ok()?;
        let conditions = conditions(&operation, &Variables::default());
        Some(Self { text: Arc::clone(text), name: None, conditions })
    }

    /// How people know it: by its name, or by the front of its digest.
    fn told(&self) -> String {
        let operation = Operation::parse(&self.text, self.name.as_deref()).ok();
        let name = operation.as_ref().and_then(Operation::name);
        let digest = || format!("document {}", &blake3::hash(self.text.as_bytes()).to_hex()[..12]);
        name.map_or_else(digest, |name| format!("`{name}`"))
    }
}

/// What a newer supergraph would break.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it would break {count} operations: {}", .named.join("; "))]
pub(crate) struct Breaking {
    named: Vec<String>,
    count: usize,
}

/// Plans every operation over a newer supergraph.
///
/// # Errors
/// [`Breaking`] where there is one that cannot be.
pub(super) fn check(
    newer: &Supergraph,
    known: impl IntoIterator<Item = Known>,
    planning: &Planning,
) -> Result<(), Breaking> {
    let mut broken = BTreeSet::new();
    let access = newer.types().guards().full_access();
    for known in known {
        let Known { text, name, conditions } = &known;
        if let Err(wrong) = planning.plan(newer, text, name.as_deref(), conditions, &access) {
            broken.insert(format!("{}: {}", known.told(), reason(wrong)));
        }
    }
    if broken.is_empty() {
        return Ok(());
    }
    let count = broken.len();
    Err(Breaking { named: broken.into_iter().take(NAMED_MAX).collect(), count })
}

fn reason(wrong: Wrong) -> String {
    match wrong {
        Wrong::Document(errors) => {
            errors.into_iter().next().map(|error| error.message).unwrap_or_default()
        }
        Wrong::NoPlan(failure) => failure.to_string(),
        Wrong::Planner => "the planner failed".to_owned(),
    }
}
