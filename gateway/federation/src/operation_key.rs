//! The key of a plan: an operation and the values of its conditions.

use std::sync::Arc;

use async_graphql_parser::{
    Positioned,
    types::{Directive, Selection, SelectionSet},
};
use async_graphql_value::{ConstValue as Value, Name, Value as AstValue, Variables};

use crate::operation::Operation;

/// An operation with the values of its conditions: with the grants, they determine its plan.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct OperationKey {
    /// The document, rewritten for the planner's parser.
    pub(crate) source: Arc<str>,
    pub(crate) name: Option<String>,
    pub(crate) conditions: Vec<(String, bool)>,
}

impl OperationKey {
    /// The key of an operation with the given variables.
    pub(crate) fn new(operation: &Operation, variables: &Variables) -> Self {
        let name = operation.name().map(str::to_owned);
        let source = Arc::clone(operation.source());
        Self { source, name, conditions: conditions(operation, variables) }
    }

    /// The key of the only operation of a document, without variable values.
    pub(crate) fn from_single_operation(text: &Arc<str>) -> Option<Self> {
        let operation = Operation::parse(text, None).ok()?;
        Some(Self { name: None, ..Self::new(&operation, &Variables::default()) })
    }

    /// The name of the operation, or a prefix of the hash of its document.
    pub(crate) fn describe(&self) -> String {
        let operation = Operation::parse(&self.source, self.name.as_deref()).ok();
        let name = operation.as_ref().and_then(Operation::name);
        let digest =
            || format!("document {}", &blake3::hash(self.source.as_bytes()).to_hex()[..12]);
        name.map_or_else(digest, |name| format!("`{name}`"))
    }
}

/// The variables of `@skip` and `@include`.
pub(crate) fn condition_variables(operation: &Operation) -> Vec<Name> {
    let mut found: Vec<Name> = Vec::new();
    let definition = &operation.definition().node;
    collect_condition_variables(&definition.selection_set.node, &mut found);
    for fragment in operation.document().fragments.values() {
        collect_directive_variables(&fragment.node.directives, &mut found);
        collect_condition_variables(&fragment.node.selection_set.node, &mut found);
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The variables of `@skip` and `@include`, and whether each is true.
fn conditions(operation: &Operation, variables: &Variables) -> Vec<(String, bool)> {
    let definition = &operation.definition().node;
    let is_true = |name: &Name| {
        let value = variables.get(name).cloned().or_else(|| {
            let definitions = &definition.variable_definitions;
            let definition = definitions.iter().find(|one| one.node.name.node == *name)?;
            definition.node.default_value.as_ref().map(|value| value.node.clone())
        });
        value == Some(Value::Boolean(true))
    };
    let names = condition_variables(operation).into_iter();
    names.map(|name| (name.to_string(), is_true(&name))).collect()
}

fn collect_condition_variables(set: &SelectionSet, found: &mut Vec<Name>) {
    for selection in &set.items {
        collect_directive_variables(selection.node.directives(), found);
        match &selection.node {
            Selection::Field(field) => {
                collect_condition_variables(&field.node.selection_set.node, found);
            }
            Selection::InlineFragment(fragment) => {
                collect_condition_variables(&fragment.node.selection_set.node, found);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn collect_directive_variables(directives: &[Positioned<Directive>], found: &mut Vec<Name>) {
    for directive in directives {
        if !matches!(directive.node.name.node.as_str(), "skip" | "include") {
            continue;
        }
        if let Some(AstValue::Variable(name)) =
            directive.node.get_argument("if").map(|value| &value.node)
        {
            found.push(name.clone());
        }
    }
}
