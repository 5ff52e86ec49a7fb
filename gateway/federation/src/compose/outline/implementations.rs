//! Fields of objects that implement fields of interfaces, in the merged types: a type that became
//! more general must still fit, and an argument must exist in both.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql_value::indexmap::IndexMap;

use super::{
    Outlines,
    output_types::{Members, members, more_general},
};
use crate::compose::type_system::FieldDef;

/// Number of errors after which no more types are checked: each of them can lack each field.
const ERRORS_MAX: usize = 1_000;

/// The fields of a type, from all subgraphs.
type MergedFields<'a> = BTreeMap<&'a str, &'a FieldDef>;

/// Reports fields that do not fit the interface of their type.
pub(super) fn check(outlines: &mut Outlines<'_>) {
    let members = members(outlines);
    let mut fields: IndexMap<&str, MergedFields<'_>> = IndexMap::new();
    let mut pairs: BTreeSet<(&str, &str)> = BTreeSet::new();
    for types in &outlines.types {
        let mut names: BTreeSet<&str> = BTreeSet::new();
        for of in types.values() {
            for interface in &of.interfaces {
                pairs.insert((&of.name, interface));
                names.extend([of.name.as_str(), interface]);
            }
        }
        for name in names {
            let of_type = fields.entry(name).or_default();
            if let Some(of) = types.get(name) {
                of_type.extend(of.fields.iter().map(|field| (field.name.as_str(), field)));
            }
        }
    }
    let mut found = Vec::new();
    for (name, interface) in &pairs {
        let (Some(own), Some(expected)) = (fields.get(name), fields.get(interface)) else {
            continue;
        };
        if found.len() >= ERRORS_MAX {
            break;
        }
        for (field, expected) in expected {
            let message = match own.get(field) {
                None => Some(format!(
                    "is missing, although `{name}` implements `{interface}`, which has the field \
                     in another subgraph: add it, or remove it there"
                )),
                Some(own) => mismatch(own, expected, &members)
                    .map(|reason| format!("does not fit `{interface}.{field}`: {reason}")),
            };
            let coordinate = || ((*name).to_owned(), (*field).to_owned());
            found.extend(message.map(|message| (coordinate(), message)));
        }
    }
    let names = outlines.by_name();
    for ((name, field), message) in found {
        let graphs = names.get(&name).map(Vec::as_slice).unwrap_or_default();
        outlines.report(&name, Some(&field), graphs, message);
    }
}

fn mismatch(own: &FieldDef, expected: &FieldDef, members: &Members) -> Option<String> {
    if more_general(&own.ty, &expected.ty, members).as_ref() != Some(&expected.ty) {
        return Some(format!(
            "the merged types are `{}` and `{}`; give both the same `!` in every subgraph",
            own.ty, expected.ty
        ));
    }
    let named = |of: &FieldDef, name: &str| {
        of.arguments.iter().find(|argument| argument.name == name).cloned()
    };
    let missing = expected
        .arguments
        .iter()
        .find(|argument| named(own, &argument.name).is_none_or(|own| own.ty != argument.ty));
    let required = own
        .arguments
        .iter()
        .find(|argument| argument.is_required() && named(expected, &argument.name).is_none());
    let argument = missing.or(required)?;
    Some(format!("argument `{}` differs; give it the same type in both", argument.name))
}
