//! Checks that variables which must not be null are not. async-graphql lets a null through.

use async_graphql::{Positioned, ServerError, Value, Variables, parser::types::VariableDefinition};

use crate::failure::Failure;

/// Checks the values of the variables that an operation defines.
///
/// # Errors
/// The first variable that has no value although its type is not nullable.
pub(super) fn check(
    definitions: &[Positioned<VariableDefinition>],
    variables: &Variables,
) -> Result<(), ServerError> {
    for definition in definitions {
        let VariableDefinition { name, var_type, default_value, .. } = &definition.node;
        let missing = match variables.get(&name.node) {
            Some(value) => *value == Value::Null,
            None => default_value.is_none(),
        };
        if missing && !var_type.node.nullable {
            let (name, wanted) = (&name.node, &var_type.node);
            let message = format!("the variable `${name}` must have a value of type `{wanted}`");
            return Err(Failure::bad_request(message).at(Some(definition.pos)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_variable_that_must_not_be_null_must_have_a_value() {
        let document = parse_query("query($a: Int!, $b: Int! = 1, $c: Int) { a }").unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        for (variables, right) in [
            (json!({ "a": 1 }), true),
            (json!({ "a": 1, "b": 2, "c": null }), true),
            (json!({}), false),
            (json!({ "a": null }), false),
            (json!({ "a": 1, "b": null }), false),
        ] {
            let given = Variables::from_json(variables.clone());
            let found = check(&operation.node.variable_definitions, &given);
            assert_eq!(found.is_ok(), right, "{variables}");
        }
    }
}
