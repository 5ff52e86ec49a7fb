//! The query with which objects of a service are looked up by their keys.

use async_graphql_parser::types::{BaseType, Field, OperationType, Selection, SelectionSet, Type};
use async_graphql_value::{Name, Value};

use super::is_name;
use crate::operation::Operation;

/// Maximum number of tokens of a lookup.
const TOKENS_MAX: usize = 200;

/// What a lookup must look like.
const EXPECTED: &str = "a query with one variable and one field at each level, which ends at the \
    objects, such as `query($keys: [String!]!) { groups(guids: $keys) { edges } }` or \
    `query($key: String!) { group(guid: $key) }`";

/// A query for the objects with some keys (variable `$keys`), or for the one with a key (`$key`).
#[derive(Debug, Clone)]
pub struct LookupQuery {
    text: String,
    variable_type: Type,
    steps: Vec<LookupStep>,
}

/// A field on the path of a lookup.
#[derive(Debug, Clone)]
pub(crate) struct LookupStep {
    pub(crate) name: String,
    pub(crate) arguments: Vec<(Name, Value)>,
}

impl PartialEq for LookupQuery {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for LookupQuery {}

impl LookupQuery {
    /// Parses the text of a lookup.
    ///
    /// # Errors
    /// What is expected.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let operation =
            Operation::parse_within(text, None, TOKENS_MAX).map_err(|_error| EXPECTED)?;
        let operation = &operation.definition().node;
        let [variable] = operation.variable_definitions.as_slice() else { return Err(EXPECTED) };
        let (name, variable_type) = (&variable.node.name.node, &variable.node.var_type.node);
        let is_list_type = matches!(variable_type.base, BaseType::List(_));
        let is_expected = match name.as_str() {
            "keys" => is_list_type,
            "key" => !is_list_type,
            _ => false,
        } && operation.ty == OperationType::Query
            && operation.directives.is_empty();
        let steps = steps(&operation.selection_set.node).ok_or(EXPECTED)?;
        let uses = steps.iter().flat_map(|step| &step.arguments);
        let uses = uses.map(|(_, value)| uses_of(value, name)).sum::<usize>();
        if !is_expected || uses == 0 {
            return Err(EXPECTED);
        }
        Ok(Self { text: text.to_owned(), variable_type: variable_type.clone(), steps })
    }

    /// The text as configured.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether it returns the objects with several keys.
    pub(crate) fn is_list(&self) -> bool {
        matches!(self.variable_type.base, BaseType::List(_))
    }

    /// The name of its variable.
    pub(crate) fn variable(&self) -> &'static str {
        if self.is_list() { "keys" } else { "key" }
    }

    /// The type of its variable.
    pub(crate) fn variable_type(&self) -> &Type {
        &self.variable_type
    }

    /// The name of the type of a key.
    pub(crate) fn key_type(&self) -> &str {
        named_type(&self.variable_type)
    }

    /// The fields from the root to the objects.
    pub(crate) fn steps(&self) -> &[LookupStep] {
        &self.steps
    }
}

impl LookupStep {
    /// `None` for a field with an alias, a directive or a reserved name.
    fn of(field: &Field) -> Option<Self> {
        let name = field.name.node.as_str();
        let is_plain = field.alias.is_none() && field.directives.is_empty() && is_name(name);
        let arguments = field.arguments.iter();
        let arguments = arguments.map(|(name, value)| (name.node.clone(), value.node.clone()));
        is_plain.then(|| Self { name: name.to_owned(), arguments: arguments.collect() })
    }
}

/// The fields from the root to the objects; `None` if a level has more than one, or something else.
fn steps(mut set: &SelectionSet) -> Option<Vec<LookupStep>> {
    let mut steps = Vec::new();
    while let [item] = set.items.as_slice() {
        let Selection::Field(field) = &item.node else { return None };
        steps.push(LookupStep::of(&field.node)?);
        set = &field.node.selection_set.node;
    }
    Some(steps).filter(|_| set.items.is_empty())
}

/// The name of a type, without lists and non-nulls.
fn named_type(of_type: &Type) -> &str {
    match &of_type.base {
        BaseType::Named(name) => name,
        BaseType::List(item) => named_type(item),
    }
}

/// How often a value has a variable.
fn uses_of(value: &Value, variable: &str) -> usize {
    match value {
        Value::Variable(name) => usize::from(name == variable),
        Value::List(items) => items.iter().map(|item| uses_of(item, variable)).sum(),
        Value::Object(fields) => fields.values().map(|field| uses_of(field, variable)).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lookup_must_be_a_path_with_one_variable() {
        let list =
            "query($keys: [String!]!) { groups(guids: $keys, limit: 100) { edges { node } } }";
        let list = LookupQuery::parse(list).unwrap();
        let names: Vec<_> = list.steps().iter().map(|step| step.name.as_str()).collect();
        assert_eq!(
            (list.is_list(), list.key_type(), names.join(".")),
            (true, "String", "groups.edges.node".to_owned())
        );
        let one = LookupQuery::parse("query One($key: ID!) { node(where: { id: $key }) }").unwrap();
        assert_eq!((one.is_list(), one.key_type(), one.variable()), (false, "ID", "key"));
        for text in [
            "",
            "groups(guids: $keys)",
            "{ groups }",
            "{ groups(guids: $keys) }",
            "query($keys: String!) { groups(guids: $keys) }",
            "query($key: [String!]!) { group(guid: $key) }",
            "query($id: ID!) { group(guid: $id) }",
            "query($key: ID!, $more: Int) { group(guid: $key, first: $more) }",
            "query($key: ID!) { group(guid: \"1\") }",
            "query($key: ID!) { group(guid: $other) }",
            "query($key: ID!) { group(guid: $key) { a b } }",
            "query($key: ID!) { g: group(guid: $key) }",
            "query($key: ID!) { group(guid: $key) @skip(if: true) }",
            "query($key: ID!) { group(guid: $key) { ... on A { b } } }",
            "mutation($key: ID!) { group(guid: $key) }",
            "query($key: ID!) { group(guid: $key) } query { a }",
            "query($key: ID!) { __type(name: $key) }",
        ] {
            assert!(LookupQuery::parse(text).is_err(), "{text}");
        }
        let deep =
            format!("query($key: ID!) {{ a(b: {}$key{}) }}", "[".repeat(9_000), "]".repeat(9_000));
        assert!(LookupQuery::parse(&deep).is_err());
    }
}
