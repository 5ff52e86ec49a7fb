//! Validates a document against the public schema of a supergraph, in a time and with a result that
//! grow with the size of the document only.

use graphql_tools::{
    parser::parse_query,
    static_graphql::{query as ast, schema::Document},
    validation::{
        rules::default_rules_validation_plan,
        utils::ValidationError,
        validate::{ValidationPlan, validate as check},
    },
};

use super::{ERRORS_MAX, PlanError, fragment_spreads, fragment_spreads::invalid};
use crate::{
    error::{ApiError, GraphqlError},
    schema::PublicSchema,
    schema_excerpt::excerpt,
    supergraph::Supergraph,
};

/// Rules that are implemented here: in `overlapping_fields` and `fragment_spreads`.
const REPLACED_RULES: [&str; 3] =
    ["OverlappingFieldsCanBeMerged", "NoFragmentsCycle", "PossibleFragmentSpreads"];

/// Rules whose number of errors is that of operations times that of variables in fragments.
const VARIABLE_RULES: [&str; 3] =
    ["NoUndefinedVariables", "NoUnusedVariables", "VariablesInAllowedPosition"];

/// The validation rules of the specification, except that on merging fields (`overlapping_fields`).
pub(super) struct ValidationRules {
    of_document: ValidationPlan,
    /// [`VARIABLE_RULES`].
    of_operation: ValidationPlan,
}

impl ValidationRules {
    pub(super) fn new() -> Self {
        let plan = |is_used: &dyn Fn(&str) -> bool| {
            let mut rules = default_rules_validation_plan().rules;
            rules.retain(|rule| is_used(rule.error_code()));
            let mut plan = ValidationPlan::new();
            plan.rules = rules;
            plan
        };
        let is_replaced = |code: &str| REPLACED_RULES.contains(&code);
        let is_of_operation = |code: &str| VARIABLE_RULES.contains(&code);
        Self {
            of_document: plan(&|code| !is_replaced(code) && !is_of_operation(code)),
            of_operation: plan(&is_of_operation),
        }
    }

    /// Parses a document for the planner and validates it.
    ///
    /// # Errors
    /// [`PlanError::Invalid`] with the validation errors, at most [`ERRORS_MAX`](super::ERRORS_MAX).
    pub(super) fn parse_and_validate(
        &self,
        supergraph: &Supergraph,
        text: &str,
    ) -> Result<ast::Document, PlanError> {
        let document = parse_query::<String>(text).map_err(|error| {
            let reason = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
            PlanError::Invalid(vec![ApiError::parse_failed(&reason).into()])
        })?;
        let document = document.into_static();
        let schema = excerpt(supergraph.public(), supergraph.public_index(), &document);
        let errors = self.errors(&schema, supergraph.types(), &document);
        if errors.is_empty() { Ok(document) } else { Err(PlanError::Invalid(errors)) }
    }

    /// Validates a document against an excerpt of a schema.
    pub(super) fn errors(
        &self,
        schema: &Document,
        types: &PublicSchema,
        document: &ast::Document,
    ) -> Vec<GraphqlError> {
        let of_document = check(schema, document, &self.of_document);
        let mut errors: Vec<_> =
            of_document.into_iter().take(ERRORS_MAX).map(validation_error).collect();
        errors.extend(fragment_spreads::cycles(document));
        errors.extend(fragment_spreads::impossible(types, document));
        let (operations, fragments): (Vec<_>, Vec<_>) = document
            .definitions
            .iter()
            .partition(|definition| matches!(definition, ast::Definition::Operation(_)));
        let mut alone = ast::Document { definitions: fragments.into_iter().cloned().collect() };
        for operation in operations {
            if errors.len() >= ERRORS_MAX {
                break;
            }
            alone.definitions.push(operation.clone());
            let of_operation = check(schema, &alone, &self.of_operation);
            errors.extend(of_operation.into_iter().take(ERRORS_MAX).map(validation_error));
            alone.definitions.pop();
        }
        errors.truncate(ERRORS_MAX);
        errors
    }
}

fn validation_error(error: ValidationError) -> GraphqlError {
    invalid(error.message, &error.locations)
}
