//! Which fields are asked for of an object (GraphQL, section 6.3.2), in the order in which they are.

use async_graphql::{
    Name, Positioned, Value, Variables,
    indexmap::IndexMap,
    parser::types::{self as ast, SelectionSet},
};
use async_graphql_value::Value as Given;

use super::Fields;
use crate::{
    failure::Failure,
    pipeline::{guard::Sight, operation::Operation},
    supergraph::Types,
};

/// The same field, as often as it is asked for under one name.
pub(super) type Selected<'a> = Fields<'a>;

/// What selects: an operation with the values of its variables.
pub(super) struct Selection<'a> {
    pub(super) types: &'a Types,
    pub(super) operation: &'a Operation,
    pub(super) variables: &'a Variables,
    pub(super) sight: Sight<'a>,
}

/// What is asked for of one object.
#[derive(Default)]
pub(super) struct Asked<'a> {
    /// Fields by their names in the answer.
    pub(super) fields: IndexMap<&'a Name, Selected<'a>>,
    /// Why some are left out: they stand in parts for things that must not be seen.
    pub(super) hidden: Option<Failure>,
    /// Fragments that were looked at.
    seen: Vec<&'a Name>,
}

impl<'a> Selection<'a> {
    /// What `sets` ask for of an object of the type `name`.
    pub(super) fn fields(&self, name: &str, sets: &[&'a SelectionSet]) -> Asked<'a> {
        let mut asked = Asked::default();
        for set in sets {
            self.collect(name, set, &mut asked);
        }
        asked
    }

    fn collect(&self, name: &str, set: &'a SelectionSet, asked: &mut Asked<'a>) {
        for selection in &set.items {
            if !self.is_asked(selection.node.directives()) {
                continue;
            }
            match &selection.node {
                ast::Selection::Field(field) => {
                    let key = &field.node.response_key().node;
                    asked.fields.entry(key).or_default().push(field);
                }
                ast::Selection::InlineFragment(part) => {
                    let on = part.node.type_condition.as_ref().map(|on| &on.node.on.node);
                    if self.is_for(name, on, asked) {
                        self.collect(name, &part.node.selection_set.node, asked);
                    }
                }
                ast::Selection::FragmentSpread(spread) => {
                    let fragment = &spread.node.fragment_name.node;
                    if asked.seen.contains(&fragment) {
                        continue;
                    }
                    asked.seen.push(fragment);
                    let Some(fragment) = self.operation.document().fragments.get(fragment) else {
                        continue;
                    };
                    if self.is_for(name, Some(&fragment.node.type_condition.node.on.node), asked) {
                        self.collect(name, &fragment.node.selection_set.node, asked);
                    }
                }
            }
        }
    }

    /// Whether a part of the document is for objects of the type `name`.
    fn is_for(&self, name: &str, on: Option<&Name>, asked: &mut Asked<'a>) -> bool {
        let Some(on) = on else { return true };
        if !self.types.is(name, on) {
            return false;
        }
        let hidden = self.sight.hides_type(self.types, on);
        let is_shown = hidden.is_none();
        asked.hidden = asked.hidden.take().or(hidden);
        is_shown
    }

    /// Whether what `sets` ask for depends on which of the types behind an abstract one a thing is of.
    pub(super) fn asks_for_type(&self, declared: &str, sets: &[&SelectionSet]) -> bool {
        sets.iter().any(|set| self.depends_on_type(Some(declared), set))
    }

    /// The same of one set, within fragments that every thing of the type `declared` fits, or some do.
    fn depends_on_type(&self, declared: Option<&str>, set: &SelectionSet) -> bool {
        let inner = |on: Option<&Name>, set: &SelectionSet| {
            let fit = |declared: &&str| on.is_none_or(|on| self.types.is(declared, on));
            self.depends_on_type(declared.filter(fit), set)
        };
        let fragments = &self.operation.document().fragments;
        set.items.iter().any(|selection| {
            self.is_asked(selection.node.directives())
                && match &selection.node {
                    ast::Selection::Field(field) => {
                        declared.is_none() || field.node.name.node == "__typename"
                    }
                    ast::Selection::InlineFragment(part) => {
                        let on = part.node.type_condition.as_ref().map(|on| &on.node.on.node);
                        inner(on, &part.node.selection_set.node)
                    }
                    ast::Selection::FragmentSpread(spread) => {
                        fragments.get(&spread.node.fragment_name.node).is_some_and(|fragment| {
                            let on = &fragment.node.type_condition.node.on.node;
                            inner(Some(on), &fragment.node.selection_set.node)
                        })
                    }
                }
        })
    }

    fn is_asked(&self, directives: &[Positioned<ast::Directive>]) -> bool {
        directives.iter().all(|directive| {
            let holds = || {
                let value = directive.node.get_argument("if").map(|value| &value.node);
                value.and_then(|value| self.value(value)) == Some(Value::Boolean(true))
            };
            match directive.node.name.node.as_str() {
                "skip" => !holds(),
                "include" => holds(),
                _ => true,
            }
        })
    }

    /// A value that stands in the document.
    pub(super) fn value(&self, given: &Given) -> Option<Value> {
        given.clone().into_const_with(|name| self.variables.get(&name).cloned().ok_or(())).ok()
    }
}
