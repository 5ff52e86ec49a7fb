//! Checks which operations a new supergraph would break.

use std::collections::BTreeSet;

use crate::{
    operation_key::OperationKey,
    operation_planner::{OperationPlanner, PlanError},
    supergraph::Supergraph,
};

/// Maximum number of operations in the error text; the others are counted.
const LISTED_OPERATIONS_MAX: usize = 20;

/// Operations that can be planned on the current supergraph, but not on a new one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("would break {count} operations: {}", .operations.join("; "))]
pub struct BreakingChanges {
    operations: Vec<String>,
    count: usize,
}

/// Plans all operations on a new supergraph.
///
/// # Errors
/// [`BreakingChanges`] if any of them cannot be planned.
pub(crate) fn check(
    supergraph: &Supergraph,
    operations: impl IntoIterator<Item = OperationKey>,
    planner: &OperationPlanner,
) -> Result<(), BreakingChanges> {
    let mut broken = BTreeSet::new();
    let grants = supergraph.auth_rules().all_grants();
    for operation in operations {
        if let Err(error) = planner.plan(supergraph, &operation, &grants) {
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
            errors.into_iter().next().map(|error| error.error.message).unwrap_or_default()
        }
        PlanError::NoPlan(failure) => failure.to_string(),
        PlanError::Panicked => "the planner panicked".to_owned(),
    }
}
