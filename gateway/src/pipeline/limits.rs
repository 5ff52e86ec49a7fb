//! Checks the limits of an operation in one bounded walk.

use async_graphql::{
    Name, Pos, Positioned, Value, Variables,
    parser::types::{Directive, Field, Selection, SelectionSet},
};

use serde::Serialize;

use super::{complexity, complexity::ListSize};
use crate::{
    config::Limits,
    error::{ApiError, GraphqlError},
};
use federation::{operation::Operation, whole_number};

/// Maximum nesting of fields and fragments: more than people write, less than overflows the stack.
const NESTING_MAX: usize = 32;
/// Maximum nesting of lists of introspected types (`fields { type { fields`), as needed by tools.
const INTROSPECTION_NESTING_MAX: usize = 2;

/// Checks an operation against the limits.
///
/// The complexity of an operation is the maximum number of fields in its response: each field
/// counts once, multiplied by the sizes of the pages that contain it; a search has a higher cost.
pub(super) fn check(
    operation: &Operation,
    variables: &Variables,
    limits: &Limits,
) -> Result<Cost, GraphqlError> {
    let mut walk = Walk { operation, variables, limits, aliases: 0, depth: 0, complexity: 0 };
    let root = &operation.definition().node;
    if operation.root_fields().len() > limits.root_fields_max {
        let position = operation.definition().pos;
        return excess("root_fields_max", limits.root_fields_max as u64, position);
    }
    walk.directives(&root.directives)?;
    walk.visit(&root.selection_set.node, SelectionContext::ROOT)?;
    Ok(Cost {
        complexity: walk.complexity,
        complexity_max: limits.complexity_max,
        depth: walk.depth,
        depth_max: limits.depth_max,
        aliases: walk.aliases,
        aliases_max: limits.aliases_max,
    })
}

/// The cost of an operation and its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// Maximum number of fields in the response; a search counts more.
    pub complexity: u64,
    /// Maximum complexity.
    pub complexity_max: u64,
    /// Nesting of fields.
    pub depth: usize,
    /// Maximum nesting of fields.
    pub depth_max: usize,
    /// Number of aliases.
    pub aliases: usize,
    /// Maximum number of aliases.
    pub aliases_max: usize,
}

/// Position of the walk in the operation.
#[derive(Debug, Clone, Copy)]
struct SelectionContext {
    /// Number of parent fields.
    depth: usize,
    /// Number of parent fields and fragments.
    nesting: usize,
    /// Maximum number of occurrences of this selection in the response.
    times: u64,
    /// Page size of the parent field.
    page: u64,
    /// Within introspection: number of parent lists of introspected types.
    introspection: Option<usize>,
}

impl SelectionContext {
    const ROOT: Self = Self { depth: 0, nesting: 0, times: 1, page: 1, introspection: None };
}

/// State of the walk.
struct Walk<'a> {
    operation: &'a Operation,
    variables: &'a Variables,
    limits: &'a Limits,
    aliases: usize,
    depth: usize,
    complexity: u64,
}

impl Walk<'_> {
    fn visit(&mut self, set: &SelectionSet, context: SelectionContext) -> Result<(), GraphqlError> {
        for selection in &set.items {
            let position = selection.pos;
            if context.nesting >= NESTING_MAX {
                return excess("depth_max", self.limits.depth_max as u64, position);
            }
            let within = SelectionContext { nesting: context.nesting + 1, ..context };
            self.directives(selection.node.directives())?;
            match &selection.node {
                Selection::Field(field) => self.field(&field.node, position, within)?,
                Selection::InlineFragment(fragment) => {
                    self.visit(&fragment.node.selection_set.node, within)?;
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(set) = self.operation.fragment(&spread.node.fragment_name.node) {
                        // At least 1, also within an empty page: fragments can multiply the walk.
                        self.count(context.times.max(1), position)?;
                        self.visit(set, within)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn field(
        &mut self,
        field: &Field,
        position: Pos,
        context: SelectionContext,
    ) -> Result<(), GraphqlError> {
        let name = field.name.node.as_str();
        let depth = context.depth + 1;
        if depth > self.limits.depth_max {
            return excess("depth_max", self.limits.depth_max as u64, position);
        }
        self.depth = self.depth.max(depth);
        self.aliases += usize::from(field.alias.is_some());
        if self.aliases > self.limits.aliases_max {
            return excess("aliases_max", self.limits.aliases_max as u64, position);
        }
        let introspection = match name {
            "__schema" | "__type" => Some(0),
            "fields" | "inputFields" | "interfaces" | "possibleTypes" => {
                context.introspection.map(|above| above + 1)
            }
            _ => context.introspection,
        };
        if introspection.is_some_and(|above| above > INTROSPECTION_NESTING_MAX) {
            let value = INTROSPECTION_NESTING_MAX as u64;
            return excess("introspection_nesting_max", value, position);
        }
        let price = if complexity::is_search(name, depth) { complexity::SEARCH } else { 1 };
        self.count(context.times.saturating_mul(price), position)?;
        let ListSize { items, direct } = complexity::list_size(name);
        let page = self.page_size(field, items);
        let on_page = matches!(name, "nodes" | "edges");
        let times =
            if on_page { context.times.saturating_mul(context.page) } else { context.times };
        let times = if direct { times.saturating_mul(page) } else { times };
        let times = times.saturating_mul(self.ids(field));
        let within = SelectionContext { depth, times, page, introspection, ..context };
        self.visit(&field.selection_set.node, within)
    }

    fn count(&mut self, times: u64, position: Pos) -> Result<(), GraphqlError> {
        self.complexity = self.complexity.saturating_add(times);
        if self.complexity > self.limits.complexity_max {
            return excess("complexity_max", self.limits.complexity_max, position);
        }
        Ok(())
    }

    fn directives(&self, directives: &[Positioned<Directive>]) -> Result<(), GraphqlError> {
        match directives.get(self.limits.directives_max) {
            Some(one) => excess("directives_max", self.limits.directives_max as u64, one.pos),
            None => Ok(()),
        }
    }

    /// The page size of a field; an invalid size is rejected during execution.
    fn page_size(&self, field: &Field, otherwise: u64) -> u64 {
        let requested = ["first", "last"].into_iter().find_map(|name| {
            let value = field.get_argument(name)?.node.clone();
            let value = value.into_const_with(|variable| self.variable(&variable).ok_or(())).ok();
            value.filter(|value| *value != Value::Null)
        });
        match requested {
            Some(Value::Number(size)) => {
                let size = whole_number(&size).and_then(|size| u64::try_from(size).ok());
                size.unwrap_or(0).min(self.limits.page_size_max as u64)
            }
            _ => otherwise,
        }
    }

    /// Number of ids or keys that are passed to a field; 1 for other fields.
    fn ids(&self, field: &Field) -> u64 {
        let argument =
            ["ids", "representations"].into_iter().find_map(|name| field.get_argument(name));
        let ids = argument.and_then(|ids| {
            ids.node.clone().into_const_with(|variable| self.variable(&variable).ok_or(())).ok()
        });
        match ids {
            Some(Value::List(ids)) => (ids.len() as u64).max(1),
            _ => 1,
        }
    }

    fn variable(&self, name: &Name) -> Option<Value> {
        let definitions = &self.operation.definition().node.variable_definitions;
        self.variables.get(name).cloned().or_else(|| {
            let definition = definitions.iter().find(|one| one.node.name.node == *name)?;
            definition.node.default_value.as_ref().map(|default| default.node.clone())
        })
    }
}

fn excess<T>(name: &'static str, value: u64, position: Pos) -> Result<T, GraphqlError> {
    Err(ApiError::limit(name, value).at(position))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn limits() -> Limits {
        Limits {
            depth_max: 4,
            complexity_max: 50,
            aliases_max: 2,
            directives_max: 1,
            root_fields_max: 3,
            page_size_max: 20,
            ..Limits::default()
        }
    }

    /// The name of the limit that `query` exceeds.
    fn exceeded(query: &str, variables: serde_json::Value) -> Option<String> {
        let operation = Operation::parse(query, None).unwrap();
        let error = check(&operation, &Variables::from_json(variables), &limits()).err()?;
        Some(error.error.limit?.name.into_owned())
    }

    #[test]
    fn each_limit_must_be_exact() {
        let directive = "@include(if: true)";
        for (query, limit) in [
            ("{ a { b { c { d } } } }".to_owned(), None),
            ("{ a { b { c { d { e } } } } }".to_owned(), Some("depth_max")),
            ("{ x: a y: a }".to_owned(), None),
            ("{ x: a y: a z: a }".to_owned(), Some("aliases_max")),
            (format!("{{ a {directive} }}"), None),
            (format!("{{ a {directive} {directive} }}"), Some("directives_max")),
            ("{ a(first: 12) { nodes { b c d e } } }".to_owned(), None),
            ("{ a(first: 13) { nodes { b c d e } } }".to_owned(), Some("complexity_max")),
            ("{ a b ... { c } }".to_owned(), None),
            ("{ a b ...f } fragment f on Q { c d }".to_owned(), Some("root_fields_max")),
            ("{ a { nodes { b c } } }".to_owned(), None),
            ("{ a { edges { b c d } } }".to_owned(), Some("complexity_max")),
        ] {
            assert_eq!(exceeded(&query, json!({})).as_deref(), limit, "{query}");
        }
    }

    #[test]
    fn a_page_size_in_a_variable_must_count() {
        let query = "query A($n: Int = 20) { a(last: $n) { nodes { b c d } } }";
        assert_eq!(exceeded(query, json!({})).as_deref(), Some("complexity_max"));
        assert_eq!(exceeded(query, json!({ "n": 5 })), None);
        let hidden = "{ a(first: null, last: 20) { nodes { b c d } } }";
        assert_eq!(exceeded(hidden, json!({})).as_deref(), Some("complexity_max"));
        assert_eq!(exceeded(query, json!({ "n": 2_000 })).as_deref(), Some("complexity_max"));
    }

    #[test]
    fn a_search_must_cost_more_than_a_field_and_lists_without_pages_must_count() {
        assert_eq!(exceeded("{ search }", json!({})), None);
        assert_eq!(exceeded("{ search { a } }", json!({})).as_deref(), Some("complexity_max"));
        assert_eq!(exceeded("{ communities }", json!({})), None);
        assert_eq!(exceeded("{ a { communities { b } } }", json!({})), None);
        assert_eq!(exceeded("{ occurrences { a b c d } }", json!({})), None);
        let eleven = "{ occurrences(first: 11) { a b c d e } }";
        assert_eq!(exceeded(eleven, json!({})).as_deref(), Some("complexity_max"));
    }

    #[test]
    fn nodes_selected_by_id_must_each_count() {
        let query = "query A($ids: [ID!]!) { nodes(ids: $ids) { a b c } }";
        let ids = |count: usize| json!({ "ids": vec!["a"; count] });
        assert_eq!(exceeded(query, ids(16)), None);
        assert_eq!(exceeded(query, ids(17)).as_deref(), Some("complexity_max"));
    }

    #[test]
    fn fragments_must_not_hide_anything_nor_loop() {
        let doubled = "{ ...a ...a } fragment a on Q { ...b ...b } fragment b on Q { ...c ...c }
            fragment c on Q { ...d ...d } fragment d on Q { ...e ...e } fragment e on Q { x }";
        assert_eq!(exceeded(doubled, json!({})).as_deref(), Some("complexity_max"));
        let mut within_empty_page = "{ x(first: 0) { nodes { ...f0 } } }".to_owned();
        for number in 0..26 {
            let spread = format!("...f{} ", number + 1).repeat(3);
            let fragment = format!(" fragment f{number} on Q {{ {spread} }}");
            within_empty_page.push_str(&fragment);
        }
        within_empty_page += " fragment f26 on Q { id }";
        assert_eq!(exceeded(&within_empty_page, json!({})).as_deref(), Some("complexity_max"));
        let cycle = "{ ...a } fragment a on Q { ...a }";
        assert_eq!(exceeded(cycle, json!({})).as_deref(), Some("depth_max"));
    }

    #[test]
    fn introspection_must_not_go_round_in_circles() {
        let round =
            "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }";
        let operation = Operation::parse(round, None).unwrap();
        let error = check(&operation, &Variables::default(), &Limits::default()).unwrap_err();
        assert!(
            error.error.message.contains("introspection_nesting_max"),
            "{}",
            error.error.message
        );
    }
}
