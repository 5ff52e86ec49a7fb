//! Plans the operation of a document: validate, filter, normalise, plan.

mod fragment_spreads;
mod normalise;
mod overlapping_fields;
mod validate;
#[cfg(test)]
mod validate_tests;
#[cfg(test)]
mod work_tests;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use self::validate::ValidationRules;
use crate::{
    authorization::Grants, error::GraphqlError, filter_operation::remove_unauthorized,
    operation_key::OperationKey, plan::Plan, planner_adapter::PlannerError, supergraph::Supergraph,
};

/// Maximum number of reported validation errors.
const ERRORS_MAX: usize = 100;

/// Error of planning an operation.
#[derive(Debug, Clone)]
pub(crate) enum PlanError {
    /// The document is invalid.
    Invalid(Vec<GraphqlError>),
    /// The document is valid, but cannot be planned.
    NoPlan(PlannerError),
    /// Planning panicked; the panic hook logged it.
    Panicked,
}

/// Plans operations on any supergraph.
#[derive(Clone)]
pub(crate) struct OperationPlanner {
    rules: Arc<ValidationRules>,
    timeout: Duration,
}

impl OperationPlanner {
    /// Creates a planner with a timeout per operation.
    pub(crate) fn new(timeout: Duration) -> Self {
        Self { rules: Arc::new(ValidationRules::new()), timeout }
    }

    /// Plans an operation, without the fields that `grants` do not cover.
    ///
    /// # Errors
    /// [`PlanError`] if the operation is invalid or cannot be planned.
    pub(crate) fn plan(
        &self,
        supergraph: &Supergraph,
        operation: &OperationKey,
        grants: &Grants,
    ) -> Result<Plan, PlanError> {
        let OperationKey { text, name, conditions } = operation;
        let types = supergraph.types();
        let started = Instant::now();
        let timed_out = || PlanError::NoPlan(PlannerError::Timeout(self.timeout));
        let mut document = self.rules.parse_and_validate(supergraph, text)?;
        let conflicts = overlapping_fields::conflicts(types, &document, started + self.timeout)
            .map_err(|overlapping_fields::DeadlineExceeded| timed_out())?;
        if !conflicts.is_empty() {
            return Err(PlanError::Invalid(conflicts));
        }
        let is_filtered = remove_unauthorized(&mut document, types, grants);
        normalise::evaluate_conditions(&mut document, conditions, types);
        let left = self.timeout.saturating_sub(started.elapsed());
        let root = supergraph.plan(&document, name.as_deref(), left);
        let root = root.map_err(|failure| match failure {
            PlannerError::Timeout(_) => timed_out(),
            failure => PlanError::NoPlan(failure),
        })?;
        Ok(Plan { root, is_filtered })
    }
}
