//! Brings an operation into the form that is planned: conditions are decided, and what is about the
//! schema is left out, since no subgraph is asked for it.
//!
//! That conditions are decided before, and not by the plan, costs a plan for each combination that
//! occurs and makes plans smaller. It is also the way round the planner taking two fields that differ
//! in their conditions alone for one; and the renaming of aliases that which it has when an alias is the
//! name of another field.

use std::{sync::Arc, time::Duration};

use async_graphql::{
    Name, Positioned, Value, Variables,
    parser::types::{Directive, Selection, SelectionSet},
};
use async_graphql_value::Value as AstValue;
use graphql_tools::{parser::Pos, static_graphql::query as ast};

use super::{
    authorization::filter_operation,
    operation::Operation,
    plan::Plan,
    validate::{PlanError, ValidationRules},
};
use crate::federation::{Grants, PublicSchema, Supergraph};

/// Each variable that decides whether something is asked for, and whether it holds.
pub(crate) fn conditions(operation: &Operation, variables: &Variables) -> Vec<(String, bool)> {
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
                collect_condition_variables(&field.node.selection_set.node, found)
            }
            Selection::InlineFragment(fragment) => {
                collect_condition_variables(&fragment.node.selection_set.node, found)
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

/// How plans are made.
#[derive(Clone)]
pub(crate) struct OperationPlanner {
    pub(crate) rules: Arc<ValidationRules>,
    /// So long may one plan take.
    pub(crate) timeout: Duration,
    /// So many errors of one document are told.
    pub(crate) errors_max: usize,
}

impl OperationPlanner {
    /// Validates, normalises and plans an operation for those who have `access`.
    pub(crate) fn plan(
        &self,
        supergraph: &Supergraph,
        text: &str,
        operation: Option<&str>,
        conditions: &[(String, bool)],
        grants: &Grants,
    ) -> Result<Plan, PlanError> {
        let mut document = self.rules.parse_and_validate(supergraph, text)?;
        let types = supergraph.types();
        let is_filtered = filter_operation::remove_unauthorized(&mut document, types, grants);
        evaluate_conditions(&mut document, conditions, types);
        let plan =
            supergraph.plan(&document, operation, self.timeout).map_err(PlanError::NoPlan)?;
        Ok(Plan { is_filtered, ..plan })
    }
}

/// Decides every condition of a document, and leaves out what is about the schema.
fn evaluate_conditions(
    document: &mut ast::Document,
    conditions: &[(String, bool)],
    types: &PublicSchema,
) {
    use ast::OperationDefinition as Operation;
    for definition in &mut document.definitions {
        let (set, is_root) = match definition {
            ast::Definition::Operation(operation) => match operation {
                Operation::SelectionSet(set) => (set, true),
                Operation::Query(query) => (&mut query.selection_set, true),
                Operation::Mutation(mutation) => (&mut mutation.selection_set, true),
                Operation::Subscription(subscription) => (&mut subscription.selection_set, true),
            },
            ast::Definition::Fragment(fragment) => (&mut fragment.selection_set, false),
        };
        evaluate_set_conditions(set, conditions);
        rename_set(set, types);
        if is_root {
            remove_introspection(set);
        }
    }
    // What is about the schema stands at the root alone, so that fragments on it are of the root.
    for definition in &mut document.definitions {
        if let ast::Definition::Fragment(fragment) = definition {
            remove_fields(&mut fragment.selection_set, &["__schema", "__type"]);
        }
    }
}

fn evaluate_set_conditions(set: &mut ast::SelectionSet, conditions: &[(String, bool)]) {
    set.items.retain_mut(|item| {
        let (directives, below) = match item {
            ast::Selection::Field(field) => (&mut field.directives, Some(&mut field.selection_set)),
            ast::Selection::InlineFragment(fragment) => {
                (&mut fragment.directives, Some(&mut fragment.selection_set))
            }
            ast::Selection::FragmentSpread(spread) => (&mut spread.directives, None),
        };
        let has_fields = below.as_ref().is_some_and(|below| !below.items.is_empty());
        let is_included = directives.iter().all(|directive| match directive.name.as_str() {
            "skip" => !is_true(directive, conditions),
            "include" => is_true(directive, conditions),
            _ => true,
        });
        directives.retain(|directive| !matches!(directive.name.as_str(), "skip" | "include"));
        if let Some(below) = below {
            evaluate_set_conditions(below, conditions);
        }
        if let ast::Selection::Field(field) = item
            && has_fields
        {
            ensure_non_empty(&mut field.selection_set, field.position);
        }
        let empty = matches!(item, ast::Selection::InlineFragment(fragment)
            if fragment.selection_set.items.is_empty());
        is_included && !empty
    });
}

/// Asks for the type of a thing of which no field may be left to ask for: it is a thing still.
pub(crate) fn ensure_non_empty(set: &mut ast::SelectionSet, position: Pos) {
    let is_field = |item: &ast::Selection| matches!(item, ast::Selection::Field(_));
    if !set.items.iter().any(is_field) {
        select_typename(set, position);
    }
}

/// Asks for the type of a thing, too.
pub(crate) fn select_typename(set: &mut ast::SelectionSet, position: Pos) {
    set.items.push(ast::Selection::Field(ast::Field {
        position,
        alias: None,
        name: "__typename".to_owned(),
        arguments: Vec::new(),
        directives: Vec::new(),
        selection_set: ast::SelectionSet { span: set.span, items: Vec::new() },
    }));
}

/// Renames what a plan would mistake for something else.
fn rename_set(set: &mut ast::SelectionSet, types: &PublicSchema) {
    for item in &mut set.items {
        match item {
            ast::Selection::Field(field) => {
                if field.name == "__typename" {
                    // The answer names types where they were asked for; plans need them by this name.
                    field.alias = None;
                }
                let alias = field.alias.as_ref().unwrap_or(&field.name);
                let name = types.name_in_plan(alias, &field.name);
                if *name != *field.name {
                    field.alias = Some(name.into_owned());
                }
                rename_set(&mut field.selection_set, types);
            }
            ast::Selection::InlineFragment(fragment) => {
                rename_set(&mut fragment.selection_set, types)
            }
            ast::Selection::FragmentSpread(_) => {}
        }
    }
}

fn is_true(directive: &ast::Directive, conditions: &[(String, bool)]) -> bool {
    let value = directive.arguments.iter().find(|(name, _)| name == "if").map(|(_, value)| value);
    match value {
        Some(ast::Value::Boolean(literal)) => *literal,
        Some(ast::Value::Variable(name)) => {
            conditions.iter().any(|(condition, value)| condition == name && *value)
        }
        _ => false,
    }
}

/// Leaves out fields about the schema, also in parts of the root.
fn remove_introspection(set: &mut ast::SelectionSet) {
    remove_fields(set, &["__schema", "__type", "__typename"]);
}

fn remove_fields(set: &mut ast::SelectionSet, names: &[&str]) {
    set.items.retain_mut(|item| match item {
        ast::Selection::Field(field) => !names.contains(&field.name.as_str()),
        ast::Selection::InlineFragment(fragment) => {
            remove_fields(&mut fragment.selection_set, names);
            !fragment.selection_set.items.is_empty()
        }
        ast::Selection::FragmentSpread(_) => true,
    });
}
