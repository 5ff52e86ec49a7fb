//! Response names in use, and their fields (GraphQL specification, section 5.3.2: fields with the
//! same response name must be mergeable).

use std::collections::BTreeMap;

use super::operation::{Fragment, SelectedField, Selection};

/// The response names of a selection set, and those of its subselections.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    fields: BTreeMap<String, Vec<ResponseField>>,
    below: BTreeMap<String, Scope>,
}

#[derive(Debug, Clone)]
struct ResponseField {
    name: String,
    parent_type: (String, bool),
    arguments: String,
    ty: String,
}

impl Scope {
    /// Adds a field if it can be merged with existing fields of the same response name.
    pub(super) fn try_add(&mut self, selected: &SelectedField) -> bool {
        let fields = self.fields.entry(selected.key.clone()).or_default();
        // async-graphql does not merge nested lists that are selected twice.
        let is_repeated_nested_list = selected.ty.starts_with("[[") && !fields.is_empty();
        let fits = !is_repeated_nested_list
            && fields.iter().all(|one| {
                let same = one.name == selected.name && one.arguments == selected.arguments;
                // No object has two types, so leaves on different object types may share a response
                // name.
                let disjoint = one.parent_type.0 != selected.parent_type.0
                    && one.parent_type.1
                    && selected.parent_type.1
                    && selected.set.is_empty();
                one.ty == selected.ty && (same || (disjoint && !is_composite(&selected.ty)))
            });
        if fits {
            let SelectedField { name, parent_type: of, arguments, ty, .. } = selected.clone();
            fields.push(ResponseField { name, parent_type: of, arguments, ty });
        }
        fits
    }

    /// The scope below a response name.
    pub(super) fn below(&mut self, key: &str) -> &mut Self {
        self.below.entry(key.to_owned()).or_default()
    }

    /// Adds selections. Stops and fails at the first one that cannot be merged.
    pub(super) fn try_add_all(&mut self, set: &[Selection], fragments: &[Fragment]) -> bool {
        set.iter().all(|item| match item {
            Selection::Field(selected) => {
                self.try_add(selected)
                    && self.below(&selected.key).try_add_all(&selected.set, fragments)
            }
            Selection::InlineFragment(_, _, set) => self.try_add_all(set, fragments),
            Selection::FragmentSpread(number, _) => {
                self.try_add_all(&fragments[*number].set, fragments)
            }
        })
    }
}

/// Whether a type has fields.
fn is_composite(ty: &str) -> bool {
    let name = ty.trim_matches(['[', ']', '!']);
    !matches!(name, "Int" | "Float" | "String" | "ID" | "Day" | "Role" | "LoanState")
}
