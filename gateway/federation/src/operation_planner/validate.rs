//! Validates a document against the public schema of a supergraph, in a time and with a result that
//! grow with the size of the document only.

use std::time::Instant;

use async_graphql_parser::Pos;
use graphql_tools::{
    parser::{Pos as Position, parse_query},
    static_graphql::{query as ast, schema::Document},
    validation::{
        rules::default_rules_validation_plan,
        utils::ValidationError,
        validate::{ValidationPlan, validate as check},
    },
};

use super::{
    ERRORS_MAX, arguments, fragment_spreads, fragment_spreads::invalid, overlapping_fields,
};
use crate::{
    error::{ApiError, GraphqlError},
    schema::PublicSchema,
    schema_excerpt::{ValidationSchema, excerpt},
};

/// Rules that are implemented here: in `overlapping_fields`, `fragment_spreads` and `arguments`.
const REPLACED_RULES: [&str; 10] = [
    "OverlappingFieldsCanBeMerged",
    "NoFragmentsCycle",
    "PossibleFragmentSpreads",
    "KnownArgumentNames",
    "UniqueArgumentNames",
    "ProvidedRequiredArguments",
    "ValuesOfCorrectType",
    "UniqueInputFieldNames",
    "KnownDirectives",
    "UniqueDirectivesPerLocation",
];

/// Rules whose number of errors is that of operations times that of variables in fragments.
const VARIABLE_RULES: [&str; 3] =
    ["NoUndefinedVariables", "NoUnusedVariables", "VariablesInAllowedPosition"];

/// Why a document is not known to be valid.
#[derive(Debug)]
pub(super) enum Invalid {
    /// It is invalid.
    Errors(Vec<GraphqlError>),
    /// Validation did not finish in time.
    DeadlineExceeded,
}

/// The validation rules of the specification.
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
    /// [`Invalid::Errors`] with at most [`ERRORS_MAX`](super::ERRORS_MAX) errors;
    /// [`Invalid::DeadlineExceeded`] if it does not finish in time.
    pub(super) fn parse_and_validate(
        &self,
        schema: &ValidationSchema<'_>,
        source: &str,
        deadline: Instant,
    ) -> Result<ast::Document, Invalid> {
        let document = parse_query::<String>(source)
            .map_err(|error| Invalid::Errors(vec![parse_error(&error.to_string())]))?
            .into_static();
        let excerpt = excerpt(schema.document, schema.index, &document);
        let errors = self.errors(&excerpt, schema.types, &document);
        if !errors.is_empty() {
            return Err(Invalid::Errors(errors));
        }
        match overlapping_fields::conflicts(schema.types, &document, deadline) {
            Ok(conflicts) if conflicts.is_empty() => Ok(document),
            Ok(conflicts) => Err(Invalid::Errors(conflicts)),
            Err(overlapping_fields::DeadlineExceeded) => Err(Invalid::DeadlineExceeded),
        }
    }

    /// Validates a document against an excerpt of a schema.
    pub(super) fn errors(
        &self,
        schema: &Document,
        types: &PublicSchema,
        document: &ast::Document,
    ) -> Vec<GraphqlError> {
        let of_document = check(schema, document, &self.of_document);
        let located = |error| validation_error(error, document);
        let mut errors: Vec<_> = of_document.into_iter().take(ERRORS_MAX).map(located).collect();
        errors.extend(arguments::errors(types, document));
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
            let of_operation = of_operation.into_iter().take(ERRORS_MAX);
            errors.extend(of_operation.map(|error| validation_error(error, &alone)));
            alone.definitions.pop();
        }
        // The crate collects names in sets: the same document always has the same errors.
        errors.sort_by(|one, other| {
            let key = |error: &GraphqlError| error.locations.first().map(|at| (at.line, at.column));
            key(one).cmp(&key(other)).then_with(|| one.error.message.cmp(&other.error.message))
        });
        errors.truncate(ERRORS_MAX);
        errors
    }
}

/// An error of the validation crate. Some have no position: theirs is that of the fragment or
/// variable that they name, or else of the last operation.
fn validation_error(error: ValidationError, document: &ast::Document) -> GraphqlError {
    let ValidationError { message, mut locations, .. } = error;
    if locations.is_empty() {
        locations.extend(position_of(document, &message));
    }
    invalid(message, &locations)
}

fn position_of(document: &ast::Document, message: &str) -> Option<Position> {
    use ast::OperationDefinition as Operation;
    let named = message.split('"').nth(1).unwrap_or_default();
    let mut last = None;
    for definition in &document.definitions {
        let (position, variables) = match definition {
            ast::Definition::Fragment(fragment) if fragment.name == named => {
                return Some(fragment.position);
            }
            ast::Definition::Fragment(_) => continue,
            ast::Definition::Operation(operation) => match operation {
                Operation::SelectionSet(set) => (set.span.0, &[][..]),
                Operation::Query(query) => (query.position, &query.variable_definitions[..]),
                Operation::Mutation(mutation) => {
                    (mutation.position, &mutation.variable_definitions[..])
                }
                Operation::Subscription(subscription) => {
                    (subscription.position, &subscription.variable_definitions[..])
                }
            },
        };
        let variable = named.strip_prefix('$');
        if let Some(variable) = variables.iter().find(|one| Some(&*one.name) == variable) {
            return Some(variable.position);
        }
        last = Some(position);
    }
    last
}

/// A syntax error that only the planner's parser finds, such as a directive on a variable.
fn parse_error(message: &str) -> GraphqlError {
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some((position, reason)) = message
        .split_once("Parse error at ")
        .and_then(|(_, found)| found.split_once(' '))
        .and_then(|(position, reason)| Some((position.split_once(':')?, reason)))
    else {
        return ApiError::parse_failed(&message).into();
    };
    let error = ApiError::parse_failed(reason);
    match (position.0.parse(), position.1.parse()) {
        (Ok(line), Ok(column)) => error.at(Pos { line, column }),
        _ => error.into(),
    }
}
