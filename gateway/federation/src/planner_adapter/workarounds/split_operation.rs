//! Splits operations: if the planner finds no plan for a whole operation, it may find plans for its
//! halves.
//!
//! An operation is split by response path, with all type conditions of a path on one side, or else
//! by type condition.

use std::{collections::HashSet, ops::Range};

use hive_router_query_planner::{
    ast::{selection_item::SelectionItem, selection_set::SelectionSet},
    state::supergraph_state::{SupergraphDefinition, SupergraphState},
};

/// A path of response keys.
type SelectionPath = Vec<String>;

/// Splits a selection set by response path; `None` if it has a single path.
pub(crate) fn split_in_half(set: &SelectionSet) -> Option<[SelectionSet; 2]> {
    let mut paths = Vec::new();
    let mut known = HashSet::new();
    leaves(set, &mut SelectionPath::new(), &mut |path| {
        if known.insert(path.clone()) {
            paths.push(path.clone());
        }
    });
    let (one, other) = paths.split_at(paths.len() / 2);
    let half = |paths: &[SelectionPath]| {
        let paths: HashSet<&SelectionPath> = paths.iter().collect();
        select_paths(set, &mut SelectionPath::new(), &paths)
    };
    (paths.len() > 1).then(|| [half(one), half(other)])
}

/// Splits the selections of a single path by type condition; `None` if there is only one leaf.
pub(crate) fn split_by_type(set: &SelectionSet) -> Option<[SelectionSet; 2]> {
    let mut count = 0;
    leaves(set, &mut SelectionPath::new(), &mut |_| count += 1);
    let middle = count / 2;
    let half = |range: Range<usize>| leaves_within(set, &range, &mut 0);
    (count > 1).then(|| [half(0..middle), half(middle..count)])
}

/// The selections with the leaves in `range`; `next` is the index of the next leaf.
fn leaves_within(set: &SelectionSet, range: &Range<usize>, next: &mut usize) -> SelectionSet {
    let mut items = set.items.clone();
    items.retain_mut(|item| {
        let below = match item {
            SelectionItem::Field(field) if field.selections.items.is_empty() => {
                *next += 1;
                return range.contains(&(*next - 1));
            }
            SelectionItem::Field(field) => &mut field.selections,
            SelectionItem::InlineFragment(fragment) => &mut fragment.selections,
            SelectionItem::FragmentSpread(_) => return true,
        };
        *below = leaves_within(below, range, next);
        !below.items.is_empty()
    });
    SelectionSet { items }
}

/// Visits the path of each leaf.
fn leaves(set: &SelectionSet, at: &mut SelectionPath, visit: &mut impl FnMut(&SelectionPath)) {
    for item in &set.items {
        match item {
            SelectionItem::Field(field) => {
                at.push(field.selection_identifier().to_owned());
                if field.selections.items.is_empty() {
                    visit(at);
                } else {
                    leaves(&field.selections, at, visit);
                }
                at.pop();
            }
            SelectionItem::InlineFragment(fragment) => leaves(&fragment.selections, at, visit),
            SelectionItem::FragmentSpread(_) => {}
        }
    }
}

/// The selections with the leaves at `paths`.
fn select_paths(
    set: &SelectionSet,
    at: &mut SelectionPath,
    paths: &HashSet<&SelectionPath>,
) -> SelectionSet {
    let mut items = set.items.clone();
    items.retain_mut(|item| match item {
        SelectionItem::Field(field) => {
            at.push(field.selection_identifier().to_owned());
            let is_included = if field.selections.items.is_empty() {
                paths.contains(at)
            } else {
                field.selections = select_paths(&field.selections, at, paths);
                !field.selections.items.is_empty()
            };
            at.pop();
            is_included
        }
        SelectionItem::InlineFragment(fragment) => {
            fragment.selections = select_paths(&fragment.selections, at, paths);
            !fragment.selections.items.is_empty()
        }
        SelectionItem::FragmentSpread(_) => true,
    });
    SelectionSet { items }
}

/// Removes `__typename` from object types with other selected fields, since it need not be fetched.
pub(crate) fn remove_redundant_typenames(
    set: &mut SelectionSet,
    of: &str,
    state: &SupergraphState,
) {
    for item in &mut set.items {
        match item {
            SelectionItem::Field(field) => {
                if let Some(of) = state.field_return_type_name(of, &field.name) {
                    remove_redundant_typenames(&mut field.selections, of, state);
                }
            }
            SelectionItem::InlineFragment(fragment) => {
                remove_redundant_typenames(
                    &mut fragment.selections,
                    &fragment.type_condition,
                    state,
                );
            }
            SelectionItem::FragmentSpread(_) => {}
        }
    }
    let is_type = |item: &SelectionItem| matches!(item, SelectionItem::Field(field) if field.name == "__typename");
    let is_object = matches!(state.definitions.get(of), Some(SupergraphDefinition::Object(_)));
    if is_object && !set.items.iter().all(is_type) {
        set.items.retain(|item| !is_type(item));
    }
}

/// The first path, by field names, and the number of other paths.
pub(crate) fn describe(set: &SelectionSet) -> String {
    let mut names = Vec::new();
    let mut open = set.items.first();
    while let Some(item) = open {
        let below = match item {
            SelectionItem::Field(field) => {
                names.push(field.name.as_str());
                &field.selections
            }
            SelectionItem::InlineFragment(fragment) => &fragment.selections,
            SelectionItem::FragmentSpread(_) => break,
        };
        open = below.items.first();
    }
    let mut paths = HashSet::new();
    leaves(set, &mut SelectionPath::new(), &mut |path| {
        paths.insert(path.clone());
    });
    let first_path = names.join(".");
    match paths.len() {
        0 | 1 => first_path,
        count => format!("{first_path} and {} more", count - 1),
    }
}

#[cfg(test)]
mod tests {
    use graphql_tools::{parser::parse_query, static_graphql::query as ast};

    use super::*;

    fn set(text: &str) -> SelectionSet {
        let document: ast::Document = parse_query::<String>(text).unwrap().into_static();
        match document.definitions.into_iter().next() {
            Some(ast::Definition::Operation(ast::OperationDefinition::SelectionSet(set))) => {
                set.into()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn halves_must_hold_every_path_once() {
        let whole = set("{ a { b ... on T { c x: d } ... on U { c } } e { f } }");
        let [one, other] = split_in_half(&whole).unwrap();
        let expected = set("{ a { b ... on T { c } ... on U { c } } }");
        assert_eq!(one.to_string(), expected.to_string());
        assert_eq!(other.to_string(), set("{ a { ... on T { x: d } } e { f } }").to_string());
        let typed = set("{ a { ... on T { c } ... on U { c } } }");
        assert!(split_in_half(&typed).is_none());
        let [first, second] = split_by_type(&typed).unwrap();
        assert_eq!(first.to_string(), set("{ a { ... on T { c } } }").to_string());
        assert_eq!(second.to_string(), set("{ a { ... on U { c } } }").to_string());
        assert!(split_by_type(&first).is_none());
        assert_eq!(describe(&one), "a.b and 1 more");
        assert_eq!(describe(&set("{ a { ... on T { c } } }")), "a.c");
    }
}
