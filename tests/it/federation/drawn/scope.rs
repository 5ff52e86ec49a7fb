//! Which names of an answer are taken at a place, and by what (GraphQL, section 5.3.2: fields of one name
//! must be one field).

use std::collections::BTreeMap;

use super::operation::{Asked, Fragment, Item};

/// The names at one place, and what is below them.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    taken: BTreeMap<String, Vec<Taken>>,
    below: BTreeMap<String, Scope>,
}

#[derive(Debug, Clone)]
struct Taken {
    name: String,
    of: (String, bool),
    arguments: String,
    ty: String,
}

impl Scope {
    /// Takes the name of a field, if it fits with what has that name.
    pub(super) fn takes(&mut self, asked: &Asked) -> bool {
        let taken = self.taken.entry(asked.key.clone()).or_default();
        // async-graphql does not merge lists of lists that are asked for twice.
        let once = asked.ty.starts_with("[[") && !taken.is_empty();
        let fits = !once
            && taken.iter().all(|one| {
                let same = one.name == asked.name && one.arguments == asked.arguments;
                // No object is of two types, so that leaves of one type may share a name.
                let apart =
                    one.of.0 != asked.of.0 && one.of.1 && asked.of.1 && asked.set.is_empty();
                one.ty == asked.ty && (same || (apart && !is_composite(&asked.ty)))
            });
        if fits {
            let Asked { name, of, arguments, ty, .. } = asked.clone();
            taken.push(Taken { name, of, arguments, ty });
        }
        fits
    }

    /// What is below a name.
    pub(super) fn below(&mut self, key: &str) -> &mut Self {
        self.below.entry(key.to_owned()).or_default()
    }

    /// Takes the names of whole selections, as far as they fit.
    pub(super) fn take_all(&mut self, set: &[Item], fragments: &[Fragment]) -> bool {
        set.iter().all(|item| match item {
            Item::Field(asked) => {
                self.takes(asked) && self.below(&asked.key).take_all(&asked.set, fragments)
            }
            Item::Part(_, _, set) => self.take_all(set, fragments),
            Item::Fragment(number, _) => self.take_all(&fragments[*number].set, fragments),
        })
    }
}

/// Whether a type of the town has fields.
fn is_composite(ty: &str) -> bool {
    let name = ty.trim_matches(['[', ']', '!']);
    !matches!(name, "Int" | "Float" | "String" | "ID" | "Day" | "Role" | "LoanState")
}
