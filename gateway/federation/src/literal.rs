//! Prints values as GraphQL literals; unlike the parser's crate, so that a float stays a float and
//! every string can be read again.

use graphql_tools::static_graphql::query as ast;

use crate::source_text::string_literal;

/// The text of a literal, on one line.
pub(crate) fn print_literal(value: &ast::Value) -> String {
    match value {
        ast::Value::Float(number) => format!("{number:?}"),
        ast::Value::String(text) => string_literal(text),
        ast::Value::List(items) => {
            format!("[{}]", items.iter().map(print_literal).collect::<Vec<_>>().join(", "))
        }
        ast::Value::Object(fields) if fields.is_empty() => "{}".to_owned(),
        ast::Value::Object(fields) => {
            let field = |(name, value): &(String, _)| format!("{name}: {}", print_literal(value));
            format!("{{ {} }}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_must_be_read_again_as_the_same_value() {
        for text in [
            "5.0",
            "-1e300",
            "-7",
            "RED",
            "null",
            "true",
            "$a",
            r#""line\nquote\" 😀""#,
            r#"[1, [2.5], { a: "x", b: [], c: {} }]"#,
        ] {
            let document = format!("{{ a(b: {text}) }}");
            let document = graphql_tools::parser::parse_query::<String>(&document).unwrap();
            let document = document.into_static();
            let ast::Definition::Operation(ast::OperationDefinition::SelectionSet(set)) =
                &document.definitions[0]
            else {
                panic!("{text}")
            };
            let ast::Selection::Field(field) = &set.items[0] else { panic!("{text}") };
            assert_eq!(print_literal(&field.arguments[0].1), text);
        }
    }
}
