//! Collects the selected fields of an object (GraphQL, section 6.3.2), in the order of the
//! document.

use std::{borrow::Cow, cell::RefCell, rc::Rc};

use async_graphql_parser::{
    Positioned,
    types::{self as ast, SelectionSet},
};
use async_graphql_value::{
    ConstValue as Value, Name, Value as AstValue, Variables, indexmap::IndexMap,
};

use super::Fields;
use crate::{
    error::ApiError,
    filter_operation::AuthContext,
    operation::Operation,
    schema::{Definition, PublicSchema, Type},
};

/// The occurrences of a field with the same response key.
pub(super) type FieldGroup<'a> = Fields<'a>;

/// Collects fields of an operation with given variables.
pub(super) struct FieldCollector<'a> {
    pub(super) types: &'a PublicSchema,
    pub(super) operation: &'a Operation,
    pub(super) variables: &'a Variables,
    pub(super) auth: AuthContext<'a>,
}

/// The selected fields of one object.
#[derive(Default)]
pub(super) struct CollectedFields<'a> {
    /// Fields by response key.
    pub(super) fields: IndexMap<&'a Name, FieldGroup<'a>>,
    /// The error if fragments were skipped because access to their type is denied.
    pub(super) denial: Option<ApiError>,
    /// Fragments that were already spread.
    visited_fragments: Vec<&'a Name>,
}

/// What is projected of objects of one type at one position of the operation.
pub(super) struct ObjectProjection<'a> {
    /// The error if fragments were skipped because access to their type is denied.
    pub(super) denial: Option<ApiError>,
    pub(super) fields: Vec<FieldProjection<'a>>,
    /// Whether what is selected depends on the type of an object of which only an abstract type is
    /// known.
    pub(super) needs_concrete_type: bool,
}

/// How a field is projected.
pub(super) struct FieldProjection<'a> {
    /// Response key of the client.
    pub(super) key: &'a Name,
    /// Key in the merged data.
    pub(super) planned: Cow<'a, str>,
    pub(super) occurrences: FieldGroup<'a>,
    pub(super) source: FieldSource<'a>,
    /// The definition of the named type of the data, if it is public.
    pub(super) definition: Option<&'a Definition>,
    /// Projections of the objects below the field, by the name of their type.
    pub(super) below: RefCell<Vec<(&'a str, Rc<ObjectProjection<'a>>)>>,
}

/// Where the value of a field comes from.
pub(super) enum FieldSource<'a> {
    /// The name of the type of the object.
    TypeName(&'a str),
    /// The public schema.
    Introspection,
    /// The merged data, with a value of this type.
    Data(&'a Type),
    /// Access to the field, of this type, is denied.
    Denied(&'a Type, ApiError),
}

impl<'a> FieldCollector<'a> {
    /// The projection of the fields that `sets` select on objects of type `name`.
    pub(super) fn project_object(
        &self,
        name: &'a str,
        sets: &[&'a SelectionSet],
    ) -> ObjectProjection<'a> {
        let CollectedFields { fields, denial, .. } = self.collect_fields(name, sets);
        let fields = fields.into_iter().filter_map(|(key, occurrences)| {
            let field = &occurrences.first()?.node.name.node;
            let source = self.source(name, field)?;
            let definition = match source {
                FieldSource::Data(ty) => self.types.get(ty.name()),
                _ => None,
            };
            Some(FieldProjection {
                key,
                planned: self.types.name_in_plan(key, field),
                source,
                definition,
                occurrences,
                below: RefCell::default(),
            })
        });
        ObjectProjection { fields: fields.collect(), denial, needs_concrete_type: false }
    }

    /// The source of a field; `None` if the type has no such field.
    fn source(&self, owner: &'a str, field: &str) -> Option<FieldSource<'a>> {
        match field {
            "__typename" => return Some(FieldSource::TypeName(owner)),
            "__schema" | "__type" if owner == self.types.query => {
                return Some(FieldSource::Introspection);
            }
            _ => {}
        }
        let ty = &self.types.get(owner)?.fields()?.get(field)?.ty;
        Some(match self.auth.deny_field(self.types, owner, field, ty.name()) {
            Some(denial) => FieldSource::Denied(ty, denial),
            None => FieldSource::Data(ty),
        })
    }

    /// Collects the fields that `sets` select on an object of type `name`.
    pub(super) fn collect_fields(
        &self,
        name: &str,
        sets: &[&'a SelectionSet],
    ) -> CollectedFields<'a> {
        let mut collected = CollectedFields::default();
        for set in sets {
            self.collect(name, set, &mut collected);
        }
        collected
    }

    fn collect(&self, name: &str, set: &'a SelectionSet, collected: &mut CollectedFields<'a>) {
        for selection in &set.items {
            if !self.is_included(selection.node.directives()) {
                continue;
            }
            match &selection.node {
                ast::Selection::Field(field) => {
                    let key = &field.node.response_key().node;
                    collected.fields.entry(key).or_default().push(field);
                }
                ast::Selection::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref().map(|on| &on.node.on.node);
                    if self.applies_to(name, on, collected) {
                        self.collect(name, &fragment.node.selection_set.node, collected);
                    }
                }
                ast::Selection::FragmentSpread(spread) => {
                    let fragment = &spread.node.fragment_name.node;
                    if collected.visited_fragments.contains(&fragment) {
                        continue;
                    }
                    collected.visited_fragments.push(fragment);
                    let Some(fragment) = self.operation.document().fragments.get(fragment) else {
                        continue;
                    };
                    if self.applies_to(
                        name,
                        Some(&fragment.node.type_condition.node.on.node),
                        collected,
                    ) {
                        self.collect(name, &fragment.node.selection_set.node, collected);
                    }
                }
            }
        }
    }

    /// Whether a fragment applies to objects of type `name`.
    fn applies_to(
        &self,
        name: &str,
        on: Option<&Name>,
        collected: &mut CollectedFields<'a>,
    ) -> bool {
        let Some(on) = on else { return true };
        if !self.types.is(name, on) {
            return false;
        }
        let denial = self.auth.deny_type(self.types, on);
        let is_shown = denial.is_none();
        collected.denial = collected.denial.take().or(denial);
        is_shown
    }

    /// Whether what is selected below `fields` depends on the concrete type of an object of an
    /// abstract type.
    pub(super) fn needs_concrete_type(&self, declared: &str, fields: &FieldGroup<'_>) -> bool {
        let mut sets = fields.iter().map(|field| &field.node.selection_set.node);
        sets.any(|set| self.depends_on_type(Some(declared), set))
    }

    /// As [`Self::needs_concrete_type`], for one set. `declared` is `None` inside fragments that
    /// apply only to some objects of the declared type.
    fn depends_on_type(&self, declared: Option<&str>, set: &SelectionSet) -> bool {
        let inner = |on: Option<&Name>, set: &SelectionSet| {
            let matching = |declared: &&str| on.is_none_or(|on| self.types.is(declared, on));
            self.depends_on_type(declared.filter(matching), set)
        };
        let fragments = &self.operation.document().fragments;
        set.items.iter().any(|selection| {
            self.is_included(selection.node.directives())
                && match &selection.node {
                    ast::Selection::Field(field) => {
                        declared.is_none() || field.node.name.node == "__typename"
                    }
                    ast::Selection::InlineFragment(fragment) => {
                        let on = fragment.node.type_condition.as_ref().map(|on| &on.node.on.node);
                        inner(on, &fragment.node.selection_set.node)
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

    fn is_included(&self, directives: &[Positioned<ast::Directive>]) -> bool {
        directives.iter().all(|directive| {
            let is_true = || {
                let value = directive.node.get_argument("if").map(|value| &value.node);
                value.and_then(|value| self.value(value)) == Some(Value::Boolean(true))
            };
            match directive.node.name.node.as_str() {
                "skip" => !is_true(),
                "include" => is_true(),
                _ => true,
            }
        })
    }

    /// The value of a literal or variable.
    pub(super) fn value(&self, literal: &AstValue) -> Option<Value> {
        literal.clone().into_const_with(|name| self.variables.get(&name).cloned().ok_or(())).ok()
    }
}

/// The selection sets of all fields with response key `key` in `sets`, on any type.
pub(super) fn selected_below<'a>(
    operation: &'a Operation,
    sets: &[&'a SelectionSet],
    key: &str,
) -> Vec<&'a SelectionSet> {
    let mut found = Vec::new();
    let mut visited_fragments = Vec::new();
    let mut open = sets.to_vec();
    while let Some(set) = open.pop() {
        for selection in &set.items {
            match &selection.node {
                ast::Selection::Field(field) if field.node.response_key().node == key => {
                    found.push(&field.node.selection_set.node);
                }
                ast::Selection::Field(_) => {}
                ast::Selection::InlineFragment(fragment) => {
                    open.push(&fragment.node.selection_set.node);
                }
                ast::Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if !visited_fragments.contains(&name) {
                        visited_fragments.push(name);
                        open.extend(operation.fragment(name));
                    }
                }
            }
        }
    }
    found
}
