//! Which names of an answer are taken at a place, and by what (GraphQL, section 5.3.2: fields of one name
//! must be one field).

use std::collections::BTreeMap;

use super::operation::{Fragment, SelectedField, Selection};

/// The names at one place, and what is below them.
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
    /// Takes the name of a field, if it fits with what has that name.
    pub(super) fn try_add(&mut self, selected: &SelectedField) -> bool {
        let fields = self.fields.entry(selected.key.clone()).or_default();
        // async-graphql does not merge lists of lists that are asked for twice.
        let is_repeated_nested_list = selected.ty.starts_with("[[") && !fields.is_empty();
        let fits = !is_repeated_nested_list
            && fields.iter().all(|one| {
                let same = one.name == selected.name && one.arguments == selected.arguments;
                // No object is of two types, so that leaves of one type may share a name.
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

    /// What is below a name.
    pub(super) fn below(&mut self, key: &str) -> &mut Self {
        self.below.entry(key.to_owned()).or_default()
    }

    /// Takes the names of whole selections, as far as they fit.
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

/// Whether a type of the town has fields.
fn is_composite(ty: &str) -> bool {
    let name = ty.trim_matches(['[', ']', '!']);
    !matches!(name, "Int" | "Float" | "String" | "ID" | "Day" | "Role" | "LoanState")
}
