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
    failure::Failure,
    supergraph::{PlanFailure, Supergraph},
};

/// Why an operation cannot be answered by any plan.
#[derive(Debug)]
pub(super) enum Wrong {
    /// The document is wrong.
    Document(Vec<ServerError>),
    /// The document is right, and there is no plan for it.
    NoPlan(PlanFailure),
    /// What makes plans panicked.
    Planner,
}

/// The rules of the specification.
pub(super) struct Rules(ValidationPlan);

impl Rules {
    pub(super) fn new() -> Self {
        Self(default_rules_validation_plan())
    }

    /// Reads a document as the planner wants it, and checks it.
    ///
    /// # Errors
    /// [`Wrong::Document`] with everything that is wrong.
    pub(super) fn valid(
        &self,
        supergraph: &Supergraph,
        text: &str,
    ) -> Result<ast::Document, Wrong> {
        let document = parse_query::<String>(text).map_err(|error| {
            let reason = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
            let message = format!("this is no GraphQL document: {reason}");
            Wrong::Document(vec![Failure::bad_request(message).at(None)])
        })?;
        let document = document.into_static();
        let found = check(supergraph.public(), &document, &self.0);
        if found.is_empty() {
            return Ok(document);
        }
        Err(Wrong::Document(found.into_iter().map(told).collect()))
    }
}

/// What a client is told about one thing that is wrong.
fn told(found: ValidationError) -> ServerError {
    let places = found.locations.iter().map(|at| Pos { line: at.line, column: at.column });
    let locations = places.collect();
    ServerError { locations, ..Failure::bad_request(found.message).at(None) }
}
