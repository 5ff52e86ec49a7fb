//! Variables as specified, where async-graphql deviates: it accepts null for non-nullable types,
//! treats an omitted variable as null, and ignores defaults in `@skip` and `@include`.

use std::collections::HashSet;

use async_graphql::{
    Name, Positioned, Value, Variables,
    parser::types::{
        DocumentOperations, ExecutableDocument, Selection, SelectionSet, VariableDefinition,
    },
};
use async_graphql_value::Value as AstValue;

use crate::error::{ApiError, GraphqlError};
use federation::operation::Operation;

/// Checks the values of the defined variables.
///
/// # Errors
/// The first non-nullable variable without a value.
pub(super) fn check(
    definitions: &[Positioned<VariableDefinition>],
    variables: &Variables,
) -> Result<(), GraphqlError> {
    for definition in definitions {
        let VariableDefinition { name, var_type, default_value, .. } = &definition.node;
        let missing = match variables.get(&name.node) {
            Some(value) => *value == Value::Null,
            None => default_value.is_none(),
        };
        if missing && !var_type.node.nullable {
            let (name, wanted) = (&name.node, &var_type.node);
            let message = format!("variable `${name}` requires a value of type `{wanted}`");
            return Err(ApiError::bad_user_input(message).at(definition.pos));
        }
    }
    Ok(())
}

/// Removes arguments and input fields whose variable was omitted, so that their defaults apply
/// (GraphQL, section 6.4.1).
pub(super) fn without_omitted(
    mut document: ExecutableDocument,
    operation: &Operation,
    variables: &Variables,
) -> ExecutableDocument {
    let definitions = &operation.definition().node.variable_definitions;
    let omitted: HashSet<Name> = definitions
        .iter()
        .map(|definition| &definition.node)
        .filter(|node| node.default_value.is_none() && variables.get(&node.name.node).is_none())
        .map(|node| node.name.node.clone())
        .collect();
    if omitted.is_empty() {
        return document;
    }
    let definitions = match &mut document.operations {
        DocumentOperations::Single(one) => vec![one],
        DocumentOperations::Multiple(several) => several.values_mut().collect(),
    };
    for definition in definitions {
        let definition = &mut definition.node;
        definition.variable_definitions.retain(|one| !omitted.contains(&one.node.name.node));
        remove_omitted(&mut definition.selection_set.node, &omitted);
    }
    for fragment in document.fragments.values_mut() {
        remove_omitted(&mut fragment.node.selection_set.node, &omitted);
    }
    document
}

fn remove_omitted(set: &mut SelectionSet, omitted: &HashSet<Name>) {
    for selection in &mut set.items {
        match &mut selection.node {
            Selection::Field(field) => {
                let field = &mut field.node;
                field.arguments.retain_mut(|(_, value)| has_value(&mut value.node, omitted));
                remove_omitted(&mut field.selection_set.node, omitted);
            }
            Selection::InlineFragment(fragment) => {
                remove_omitted(&mut fragment.node.selection_set.node, omitted);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}

/// Whether a value is not an omitted variable; also removes omitted variables from input objects.
fn has_value(value: &mut AstValue, omitted: &HashSet<Name>) -> bool {
    match value {
        AstValue::Variable(name) => !omitted.contains(name),
        AstValue::Object(fields) => {
            fields.retain(|_, field| has_value(field, omitted));
            true
        }
        AstValue::List(items) => {
            for item in items {
                if !has_value(item, omitted) {
                    *item = AstValue::Null;
                }
            }
            true
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    #[test]
    fn arguments_of_omitted_variables_must_be_removed() {
        let text = "query($a: Int, $b: Int, $c: Int = 1) { x(a: $a, c: $c, d: { a: $a, b: $b }) {
            y(a: [$a]) } ...f } fragment f on Query { z(b: $b, a: $a) }";
        let operation = Operation::parse(text, None).unwrap();
        let values = Variables::from_json(json!({ "b": null }));
        let document = without_omitted(operation.document().clone(), &operation, &values);
        let expected = "query($b: Int, $c: Int = 1) { x(c: $c, d: { b: $b }) {
            y(a: [null]) } ...f } fragment f on Query { z(b: $b) }";
        let expected = parse_query(expected).unwrap();
        let without_positions = |document: &ExecutableDocument| {
            let text = format!("{document:?}");
            strip_positions(&text)
        };
        assert_eq!(without_positions(&document), without_positions(&expected));
    }

    /// Debug output of a document without positions.
    fn strip_positions(text: &str) -> String {
        text.split("pos: Pos(")
            .map(|piece| piece.split_once(')').map_or(piece, |(_, rest)| rest))
            .collect()
    }

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
            let values = Variables::from_json(variables.clone());
            let found = check(&operation.node.variable_definitions, &values);
            assert_eq!(found.is_ok(), right, "{variables}");
        }
    }
}
