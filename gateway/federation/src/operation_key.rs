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
    pub(crate) text: Arc<str>,
    pub(crate) name: Option<String>,
    pub(crate) conditions: Vec<(String, bool)>,
}

impl OperationKey {
    /// The key of an operation of the document `text`.
    pub(crate) fn new(text: &Arc<str>, operation: &Operation, variables: &Variables) -> Self {
        let name = operation.name().map(str::to_owned);
        Self { text: Arc::clone(text), name, conditions: conditions(operation, variables) }
    }

    /// The key of the only operation of a document, without variable values.
    pub(crate) fn from_single_operation(text: &Arc<str>) -> Option<Self> {
        let operation = Operation::parse(text, None).ok()?;
        let conditions = conditions(&operation, &Variables::default());
        Some(Self { text: Arc::clone(text), name: None, conditions })
    }

    /// The name of the operation, or a prefix of the hash of its document.
    pub(crate) fn describe(&self) -> String {
        let operation = Operation::parse(&self.text, self.name.as_deref()).ok();
        let name = operation.as_ref().and_then(Operation::name);
        let digest = || format!("document {}", &blake3::hash(self.text.as_bytes()).to_hex()[..12]);
        name.map_or_else(digest, |name| format!("`{name}`"))
    }
}

/// The variables of `@skip` and `@include`, and whether each is true.
fn conditions(operation: &Operation, variables: &Variables) -> Vec<(String, bool)> {
    let mut found: Vec<Name> = Vec::new();
    let definition = &operation.definition().node;
    collect_condition_variables(&definition.selection_set.node, &mut found);
    for fragment in operation.document().fragments.values() {
        collect_directive_variables(&fragment.node.directives, &mut found);
        collect_condition_variables(&fragment.node.selection_set.node, &mut found);
    }
    found.sort_unstable();
    found.dedup();
    let is_true = |name: &Name| {
        let value = variables.get(name).cloned().or_else(|| {
            let definitions = &definition.variable_definitions;
            let definition = definitions.iter().find(|one| one.node.name.node == *name)?;
            definition.node.default_value.as_ref().map(|value| value.node.clone())
        });
        value == Some(Value::Boolean(true))
    };
    found.into_iter().map(|name| (name.to_string(), is_true(&name))).collect()
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
