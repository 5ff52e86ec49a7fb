//! Variables as specified, where async-graphql deviates: it treats an omitted variable as null.

use std::collections::HashSet;

use async_graphql::{
    Name, Variables,
    parser::types::{DocumentOperations, ExecutableDocument, Selection, SelectionSet},
};
use async_graphql_value::Value as AstValue;

/// Removes arguments and input fields whose variable was omitted, so that their defaults apply
/// (GraphQL, section 6.4.1). The document has one operation.
pub(super) fn without_omitted(
    mut document: ExecutableDocument,
    variables: &Variables,
) -> ExecutableDocument {
    let operations = document.operations.iter();
    let definitions = operations.flat_map(|(_, operation)| &operation.node.variable_definitions);
    let omitted: HashSet<Name> = definitions
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
        let values = Variables::from_json(json!({ "b": null }));
        let document = without_omitted(parse_query(text).unwrap(), &values);
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
}
