//! Validates a document against the public schema of a supergraph.

use async_graphql_parser::Pos;
use graphql_tools::{
    parser::parse_query,
    static_graphql::{query as ast, schema::Document},
    validation::{
        rules::default_rules_validation_plan,
        utils::ValidationError,
        validate::{ValidationPlan, validate as check},
    },
};

use super::PlanError;
use crate::error::{ApiError, ErrorCode, GraphqlError};

/// The validation rules of the specification, except that on merging fields (`overlapping_fields`).
pub(super) struct ValidationRules(ValidationPlan);

impl ValidationRules {
    pub(super) fn new() -> Self {
        let mut rules = default_rules_validation_plan().rules;
        rules.retain(|rule| rule.error_code() != "OverlappingFieldsCanBeMerged");
        let mut plan = ValidationPlan::new();
        plan.rules = rules;
        Self(plan)
    }

    /// Parses a document for the planner and validates it.
    ///
    /// # Errors
    /// [`PlanError::Invalid`] with all validation errors.
    pub(super) fn parse_and_validate(
        &self,
        schema: &Document,
        text: &str,
    ) -> Result<ast::Document, PlanError> {
        let document = parse_query::<String>(text).map_err(|error| {
            let reason = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
            PlanError::Invalid(vec![ApiError::parse_failed(&reason).into()])
        })?;
        let document = document.into_static();
        let errors = check(schema, &document, &self.0);
        if errors.is_empty() {
            return Ok(document);
        }
        Err(PlanError::Invalid(errors.into_iter().map(validation_error).collect()))
    }
}

fn validation_error(error: ValidationError) -> GraphqlError {
    let positions = error.locations.iter().map(|at| Pos { line: at.line, column: at.column });
    let api_error = ApiError::new(ErrorCode::GraphqlValidationFailed, error.message);
    GraphqlError { locations: positions.collect(), ..api_error.into() }
}
