//! Validates a document against the schema that clients see of a supergraph.

use async_graphql::{Pos, ServerError};
use graphql_tools::{
    parser::parse_query,
    static_graphql::query as ast,
    validation::{
        rules::default_rules_validation_plan,
        utils::ValidationError,
        validate::{ValidationPlan, validate as check},
    },
};

use crate::{
    error::ApiError,
    federation::{PlannerError, Supergraph},
};

/// Why an operation cannot be answered by any plan.
#[derive(Debug)]
pub(crate) enum PlanError {
    /// The document is wrong.
    Invalid(Vec<ServerError>),
    /// The document is right, and there is no plan for it.
    NoPlan(PlannerError),
    /// What makes plans panicked.
    Panicked,
}

/// The rules of the specification.
pub(crate) struct ValidationRules(ValidationPlan);

impl ValidationRules {
    pub(crate) fn new() -> Self {
        Self(default_rules_validation_plan())
    }

    /// Reads a document as the planner wants it, and checks it.
    ///
    /// # Errors
    /// [`Wrong::Document`] with everything that is wrong.
    pub(crate) fn parse_and_validate(
        &self,
        supergraph: &Supergraph,
        text: &str,
    ) -> Result<ast::Document, PlanError> {
        let document = parse_query::<String>(text).map_err(|error| {
            let reason = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
            let message = format!("invalid GraphQL document: {reason}");
            PlanError::Invalid(vec![ApiError::bad_request(message).into_server_error(None)])
        })?;
        let document = document.into_static();
        let errors = check(supergraph.public(), &document, &self.0);
        if errors.is_empty() {
            return Ok(document);
        }
        Err(PlanError::Invalid(errors.into_iter().map(validation_error).collect()))
    }
}

/// What a client is told about one thing that is wrong.
fn validation_error(error: ValidationError) -> ServerError {
    let positions = error.locations.iter().map(|at| Pos { line: at.line, column: at.column });
    let locations = positions.collect();
    ServerError { locations, ..ApiError::bad_request(error.message).into_server_error(None) }
}
