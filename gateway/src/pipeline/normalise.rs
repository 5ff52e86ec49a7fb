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
use async_graphql_value::Value as Given;
use graphql_tools::{parser::Pos, static_graphql::query as ast};

use super::{
    guard,
    operation::Operation,
    plan::Plan,
    validate::{Rules, Wrong},
};
use crate::supergraph::{Access, Supergraph, Types};

/// Each variable that decides whether something is asked for, and whether it holds.
pub(super) fn conditions(operation: &Operation, variables: &Variables) -> Vec<(String, bool)> {
    let mut found: Vec<Name> = Vec::new();
    let definition = &operation.definition().node;
    note(&definition.selection_set.node, &mut found);
    for fragment in operation.document().fragments.values() {
        note_directives(&fragment.node.directives, &mut found);
        note(&fragment.node.selection_set.node, &mut found);
    }
    found.sort_unstable();
    found.dedup();
    let holds = |name: &Name| {
        let given = variables.get(name).cloned().or_else(|| {
            let definitions = &definition.variable_definitions;
            let definition = definitions.iter().find(|one| one.node.name.node == *name)?;
            definition.node.default_value.as_ref().map(|value| value.node.clone())
        });
        given == Some(Value::Boolean(true))
    };
    found.into_iter().map(|name| (name.to_string(), holds(&name))).collect()
}

fn note(set: &SelectionSet, found: &mut Vec<Name>) {
    for selection in &set.items {
        note_directives(selection.node.directives(), found);
        match &selection.node {
            Selection::Field(field) => note(&field.node.selection_set.node, found),
            Selection::InlineFragment(part) => note(&part.node.selection_set.node, found),
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn note_directives(directives: &[Positioned<Directive>], found: &mut Vec<Name>) {
    for directive in directives {
        if !matches!(directive.node.name.node.as_str(), "skip" | "include") {
            continue;
        }
        if let Some(Given::Variable(name)) =
            directive.node.get_argument("if").map(|value| &value.node)
        {
            found.push(name.clone());
        }
    }
}

/// How plans are made.
#[derive(Clone)]
pub(super) struct Planning {
    pub(super) rules: Arc<Rules>,
    /// So long may one plan take.
    pub(super) time: Duration,
    /// So many errors of one document are told.
    pub(super) errors_max: usize,
}

impl Planning {
    /// Validates, normalises and plans an operation for those who have `access`.
    pub(super) fn plan(
        &self,
        supergraph: &Supergraph,
        text: &str,
        operation: Option<&str>,
        conditions: &[(String, bool)],
        access: &Access,
    ) -> Result<Plan, Wrong> {
        let mut document = self.rules.valid(supergraph, text)?;
        let types = supergraph.types();
        let is_part = guard::leave_out(&mut document, types, access);
        decide(&mut document, conditions, types);
        let plan = supergraph.plan(&document, operation, self.time).map_err(Wrong::NoPlan)?;
        Ok(Plan { is_part, ..plan })
    }
}

/// Decides every condition of a document, and leaves out what is about the schema.
fn decide(document: &mut ast::Document, conditions: &[(String, bool)], types: &Types) {
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
        decide_set(set, conditions);
        rename_set(set, types);
        if is_root {
            leave_out_schema(set);
        }
    }
    // What is about the schema stands at the root alone, so that fragments on it are of the root.
    for definition in &mut document.definitions {
        if let ast::Definition::Fragment(fragment) = definition {
            leave_out_fields(&mut fragment.selection_set, &["__schema", "__type"]);
        }
    }
}

fn decide_set(set: &mut ast::SelectionSet, conditions: &[(String, bool)]) {
    set.items.retain_mut(|item| {
        let (directives, below) = match item {
            ast::Selection::Field(field) => (&mut field.directives, Some(&mut field.selection_set)),
            ast::Selection::InlineFragment(part) => {
                (&mut part.directives, Some(&mut part.selection_set))
            }
            ast::Selection::FragmentSpread(spread) => (&mut spread.directives, None),
        };
        let has_fields = below.as_ref().is_some_and(|below| !below.items.is_empty());
        let asked = directives.iter().all(|directive| match directive.name.as_str() {
            "skip" => !holds(directive, conditions),
            "include" => holds(directive, conditions),
            _ => true,
        });
        directives.retain(|directive| !matches!(directive.name.as_str(), "skip" | "include"));
        if let Some(below) = below {
            decide_set(below, conditions);
        }
        if let ast::Selection::Field(field) = item
            && has_fields
        {
            ask_something(&mut field.selection_set, field.position);
        }
        let empty = matches!(item, ast::Selection::InlineFragment(part)
            if part.selection_set.items.is_empty());
        asked && !empty
    });
}

/// Asks for the type of a thing of which no field may be left to ask for: it is a thing still.
pub(super) fn ask_something(set: &mut ast::SelectionSet, position: Pos) {
    let is_field = |item: &ast::Selection| matches!(item, ast::Selection::Field(_));
    if !set.items.iter().any(is_field) {
        ask_for_type(set, position);
    }
}

/// Asks for the type of a thing, too.
pub(super) fn ask_for_type(set: &mut ast::SelectionSet, position: Pos) {
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
fn rename_set(set: &mut ast::SelectionSet, types: &Types) {
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
            ast::Selection::InlineFragment(part) => rename_set(&mut part.selection_set, types),
            ast::Selection::FragmentSpread(_) => {}
        }
    }
}

fn holds(directive: &ast::Directive, conditions: &[(String, bool)]) -> bool {
    let value = directive.arguments.iter().find(|(name, _)| name == "if").map(|(_, value)| value);
    match value {
        Some(ast::Value::Boolean(holds)) => *holds,
        Some(ast::Value::Variable(name)) => {
            conditions.iter().any(|(condition, holds)| condition == name && *holds)
        }
        _ => false,
    }
}

/// Leaves out fields about the schema, also in parts of the root.
fn leave_out_schema(set: &mut ast::SelectionSet) {
    leave_out_fields(set, &["__schema", "__type", "__typename"]);
}

fn leave_out_fields(set: &mut ast::SelectionSet, names: &[&str]) {
    set.items.retain_mut(|item| match item {
        ast::Selection::Field(field) => !names.contains(&field.name.as_str()),
        ast::Selection::InlineFragment(part) => {
            leave_out_fields(&mut part.selection_set, names);
            !part.selection_set.items.is_empty()
        }
        ast::Selection::FragmentSpread(_) => true,
    });
}
