//! Which operations that could be answered until now could not be any more over a newer supergraph.

use std::{collections::BTreeSet, sync::Arc};

use async_graphql::Variables;

use super::{
    normalise::{OperationPlanner, conditions},
    operation::Operation,
    validate::PlanError,
};
use crate::federation::Supergraph;

/// So many are named; the others are counted.
const LISTED_OPERATIONS_MAX: usize = 20;

/// An operation, and which of its conditions hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct OperationKey {
    pub(crate) text: Arc<str>,
    pub(crate) name: Option<String>,
    pub(crate) conditions: Vec<(String, bool)>,
}

impl OperationKey {
    /// The operation of a document with but one, as it is asked without values for its variables.
    pub(crate) fn from_single_operation(text: &Arc<str>) -> Option<Self> {
        let operation = Operation::parse(text, None).ok()?;
        let conditions = conditions(&operation, &Variables::default());
        Some(Self { text: Arc::clone(text), name: None, conditions })
    }

    /// How people know it: by its name, or by the front of its digest.
    fn describe(&self) -> String {
        let operation = Operation::parse(&self.text, self.name.as_deref()).ok();
        let name = operation.as_ref().and_then(Operation::name);
        let digest = || format!("document {}", &blake3::hash(self.text.as_bytes()).to_hex()[..12]);
        name.map_or_else(digest, |name| format!("`{name}`"))
    }
}

/// What a newer supergraph would break.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("would break {count} operations: {}", .operations.join("; "))]
pub(crate) struct BreakingChanges {
    operations: Vec<String>,
    count: usize,
}

/// Plans every operation over a newer supergraph.
///
/// # Errors
/// [`Breaking`] where there is one that cannot be.
pub(crate) fn check(
    supergraph: &Supergraph,
    operations: impl IntoIterator<Item = OperationKey>,
    planner: &OperationPlanner,
) -> Result<(), BreakingChanges> {
    let mut broken = BTreeSet::new();
    let grants = supergraph.types().auth_rules().all_grants();
    for operation in operations {
        let OperationKey { text, name, conditions } = &operation;
        if let Err(error) = planner.plan(supergraph, text, name.as_deref(), conditions, &grants) {
            broken.insert(format!("{}: {}", operation.describe(), reason(error)));
        }
    }
    if broken.is_empty() {
        return Ok(());
    }
    let count = broken.len();
    Err(BreakingChanges {
        operations: broken.into_iter().take(LISTED_OPERATIONS_MAX).collect(),
        count,
    })
}

fn reason(error: PlanError) -> String {
    match error {
        PlanError::Invalid(errors) => {
            errors.into_iter().next().map(|error| error.message).unwrap_or_default()
        }
        PlanError::NoPlan(failure) => failure.to_string(),
        PlanError::Panicked => "the planner panicked".to_owned(),
    }
}
