//! Field sets: the selections in `@key`, `@requires` and `@provides`.

use std::{borrow::Cow, collections::BTreeSet, fmt};

use async_graphql_value::indexmap::IndexMap;
use graphql_tools::{parser::parse_query, static_graphql::query};

use super::type_system::{DefinitionKind, TypeDef};

/// One selection of a field set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FieldSetItem {
    /// A field: name, arguments as in the text, and its selection.
    Field(String, String, FieldSet),
    /// `... on Type { … }`.
    OnType(String, FieldSet),
}

/// Selections in the order of the text.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FieldSet(pub(super) Vec<FieldSetItem>);

impl FieldSet {
    /// Parses the text of a field set; commas, line ends and comments separate its fields.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        // Some servers print the outer braces too.
        let trimmed = text.trim();
        let document = if trimmed.starts_with('{') {
            Cow::from(trimmed)
        } else {
            format!("{{\n{text}\n}}").into()
        };
        let parsed = parse_query::<String>(&document);
        let parsed = parsed.map_err(|_| "is not a selection of fields")?.into_static();
        match parsed.definitions.as_slice() {
            [query::Definition::Operation(query::OperationDefinition::SelectionSet(set))] => {
                Self::of(set)
            }
            _ => Err("is not one selection of fields".to_owned()),
        }
    }

    /// Recursion is limited by the nesting of the SDL.
    fn of(set: &query::SelectionSet) -> Result<Self, String> {
        let item = |item: &query::Selection| match item {
            query::Selection::Field(field) if field.alias.is_some() => {
                Err("has an alias".to_owned())
            }
            query::Selection::Field(field) => {
                let arguments: Vec<_> = field
                    .arguments
                    .iter()
                    .map(|(name, value)| format!("{name}: {value}"))
                    .collect();
                let arguments = if arguments.is_empty() {
                    String::new()
                } else {
                    format!("({})", arguments.join(", "))
                };
                let below = Self::of(&field.selection_set)?;
                Ok(FieldSetItem::Field(field.name.clone(), arguments, below))
            }
            query::Selection::InlineFragment(fragment) => {
                let Some(query::TypeCondition::On(name)) = &fragment.type_condition else {
                    return Err("has a fragment without a type".to_owned());
                };
                Ok(FieldSetItem::OnType(name.clone(), Self::of(&fragment.selection_set)?))
            }
            query::Selection::FragmentSpread(_) => Err("has a named fragment".to_owned()),
        };
        Ok(Self(set.items.iter().map(item).collect::<Result<_, _>>()?))
    }

    /// Calls `visit` with the type and name of each field, on a type that has it or not.
    pub(super) fn visit<'a>(
        &'a self,
        types: &'a IndexMap<String, TypeDef>,
        on: &'a str,
        visit: &mut impl FnMut(&'a str, &'a str),
    ) {
        for item in &self.0 {
            match item {
                FieldSetItem::OnType(name, below) => below.visit(types, name, visit),
                FieldSetItem::Field(name, _, _) if name == "__typename" => {}
                FieldSetItem::Field(name, _, below) => {
                    visit(on, name);
                    let field = types.get(on).and_then(|of| of.field(name));
                    if let Some(field) = field {
                        below.visit(types, field.ty.name(), visit);
                    }
                }
            }
        }
    }

    /// The first field or type that does not exist, or an object without a selection.
    pub(super) fn invalid_selection(
        &self,
        types: &IndexMap<String, TypeDef>,
        on: &str,
    ) -> Option<String> {
        if self.0.is_empty() {
            return Some("selects nothing".to_owned());
        }
        self.0.iter().find_map(|item| match item {
            FieldSetItem::Field(name, _, _) if name == "__typename" => None,
            FieldSetItem::OnType(name, below) => match types.get(name) {
                None => Some(format!("names the unknown type `{name}`")),
                Some(_) => below.invalid_selection(types, name),
            },
            FieldSetItem::Field(name, _, below) => {
                let Some(field) = types.get(on).and_then(|of| of.field(name)) else {
                    return Some(format!("names the unknown field `{on}.{name}`"));
                };
                let of = types.get(field.ty.name());
                let is_composite = of.is_some_and(is_composite);
                match (is_composite, below.0.is_empty()) {
                    (true, true) => Some(format!("needs a selection of `{on}.{name}`")),
                    (false, false) => Some(format!("selects fields of the leaf `{on}.{name}`")),
                    (true, false) => below.invalid_selection(types, field.ty.name()),
                    (false, true) => None,
                }
            }
        })
    }
}

pub(super) const fn is_composite(of: &TypeDef) -> bool {
    matches!(of.kind, DefinitionKind::Object | DefinitionKind::Interface | DefinitionKind::Union)
}

impl fmt::Display for FieldSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, item) in self.0.iter().enumerate() {
            f.write_str(if number == 0 { "" } else { " " })?;
            let below = match item {
                FieldSetItem::Field(name, arguments, below) => {
                    write!(f, "{name}{arguments}")?;
                    below
                }
                FieldSetItem::OnType(name, below) => {
                    write!(f, "... on {name}")?;
                    below
                }
            };
            if !below.0.is_empty() {
                write!(f, " {{ {below} }}")?;
            }
        }
        Ok(())
    }
}

/// Type and name of fields.
pub(super) type FieldNames = BTreeSet<(String, String)>;
