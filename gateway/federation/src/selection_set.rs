//! Edits of selection sets that authorization and normalisation share.

use graphql_tools::{parser::Pos, static_graphql::query as ast};

/// Selects `__typename` if no field is left: the object itself is still selected.
pub(crate) fn ensure_non_empty(set: &mut ast::SelectionSet, position: Pos) {
    let is_field = |item: &ast::Selection| matches!(item, ast::Selection::Field(_));
    if !set.items.iter().any(is_field) {
        select_typename(set, position);
    }
}

/// Selects `__typename` as well.
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
