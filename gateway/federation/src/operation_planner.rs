//! Plans the operation of a document: validate, filter, normalise, plan.

mod arguments;
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

use graphql_tools::static_graphql::query as ast;

use self::validate::{Invalid, ValidationRules};
use crate::{
    authorization::Grants, error::GraphqlError, filter_operation::remove_unauthorized,
    operation_key::OperationKey, plan::Plan, planner_adapter::PlannerError,
    schema_excerpt::ValidationSchema, supergraph::Supergraph,
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
        let OperationKey { source, name, conditions } = operation;
        let types = supergraph.types();
        let started = Instant::now();
        let mut document = self.validate(&supergraph.validation_schema(), source)?;
        let is_filtered = remove_unauthorized(&mut document, types, grants);
        normalise::evaluate_conditions(&mut document, conditions, types);
        let left = self.timeout.saturating_sub(started.elapsed());
        let root = supergraph.plan(&document, name.as_deref(), left);
        let root = root.map_err(|failure| match failure {
            PlannerError::Timeout(_) => self.timed_out(),
            failure => PlanError::NoPlan(failure),
        })?;
        Ok(Plan { root, is_filtered })
    }

    /// Parses and validates a document.
    ///
    /// # Errors
    /// [`PlanError`] if it is invalid, or if validation does not finish in time.
    pub(crate) fn validate(
        &self,
        schema: &ValidationSchema<'_>,
        source: &str,
    ) -> Result<ast::Document, PlanError> {
        let deadline = Instant::now() + self.timeout;
        self.rules.parse_and_validate(schema, source, deadline).map_err(|invalid| match invalid {
            Invalid::Errors(errors) => PlanError::Invalid(errors),
            Invalid::DeadlineExceeded => self.timed_out(),
        })
    }

    fn timed_out(&self) -> PlanError {
        PlanError::NoPlan(PlannerError::Timeout(self.timeout))
    }
}
