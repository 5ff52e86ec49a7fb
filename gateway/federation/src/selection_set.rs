//! Edits of selection sets, shared by authorization and normalisation.

use graphql_tools::{parser::Pos, static_graphql::query as ast};

/// Selects `__typename` if no field is left, since a selection set cannot be empty.
pub(crate) fn ensure_non_empty(set: &mut ast::SelectionSet, position: Pos) {
    let is_field = |item: &ast::Selection| matches!(item, ast::Selection::Field(_));
    if !set.items.iter().any(is_field) {
        select_typename(set, position);
    }
}

/// Adds `__typename` to a selection set.
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
