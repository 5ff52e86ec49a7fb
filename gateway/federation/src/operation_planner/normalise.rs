//! Normalises an operation for the planner: evaluates conditions, and removes introspection, which
//! no subgraph resolves.
//!
//! Evaluating conditions here and not in the plan requires one plan per combination of values, but
//! makes plans smaller. It also works around two defects of the planner: it confuses two fields
//! that differ only in their conditions, and a field with an alias that is the name of another
//! field; the latter is avoided by renaming.

use graphql_tools::static_graphql::query as ast;

use crate::{operation::is_introspection, schema::PublicSchema, selection_set::ensure_non_empty};

/// Evaluates all conditions of a document, and removes introspection.
pub(super) fn evaluate_conditions(
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
        remove_introspection(set);
        if is_root {
            remove_fields(set, |name| name == "__typename");
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

/// Renames response keys that the planner would confuse with other fields.
fn rename_set(set: &mut ast::SelectionSet, types: &PublicSchema) {
    for item in &mut set.items {
        match item {
            ast::Selection::Field(field) => {
                if field.name == "__typename" {
                    // The projection adds `__typename` under its alias; plans need it under its own
                    // name.
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
                rename_set(&mut fragment.selection_set, types);
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

/// Removes introspection at any level: other objects than the root can have the type of the root.
fn remove_introspection(set: &mut ast::SelectionSet) {
    remove_fields(set, is_introspection);
    for item in &mut set.items {
        match item {
            ast::Selection::Field(field) if !field.selection_set.items.is_empty() => {
                remove_introspection(&mut field.selection_set);
                ensure_non_empty(&mut field.selection_set, field.position);
            }
            ast::Selection::InlineFragment(fragment) => {
                remove_introspection(&mut fragment.selection_set);
            }
            _ => {}
        }
    }
}

/// Removes fields, including those in inline fragments.
fn remove_fields(set: &mut ast::SelectionSet, is_removed: fn(&str) -> bool) {
    set.items.retain_mut(|item| match item {
        ast::Selection::Field(field) => !is_removed(&field.name),
        ast::Selection::InlineFragment(fragment) => {
            remove_fields(&mut fragment.selection_set, is_removed);
            !fragment.selection_set.items.is_empty()
        }
        ast::Selection::FragmentSpread(_) => true,
    });
}
