//! Types of fields that differ between subgraphs: the supergraph has the most general one, which
//! each of the others can take the place of.

use std::collections::BTreeSet;

use super::{FieldPosition, Outlines, inputs};
use crate::compose::type_system::{DefinitionKind, TypeRef};

/// Interfaces and unions with their object types, as pairs of abstract type and member.
pub(super) type Members = BTreeSet<(String, String)>;

/// Gives each field the same type and arguments in all subgraphs.
pub(super) fn unify(outlines: &mut Outlines<'_>) {
    let members = members(outlines);
    for (name, graphs) in outlines.by_name() {
        let kind = outlines.types[graphs[0]][&name].kind;
        if graphs.len() < 2 || !matches!(kind, DefinitionKind::Object | DefinitionKind::Interface) {
            continue;
        }
        for (field, positions) in outlines.fields(&name, &graphs) {
            if positions.len() > 1 {
                unify_type(outlines, (&name, &field), &positions, &members);
                inputs::unify_arguments(outlines, (&name, &field), &positions);
            }
        }
    }
}

pub(super) fn members(outlines: &Outlines<'_>) -> Members {
    let mut members = Members::new();
    for of in outlines.types.iter().flat_map(|types| types.values()) {
        let implemented = of.interfaces.iter();
        members.extend(implemented.map(|interface| (interface.clone(), of.name.clone())));
        members.extend(of.members.iter().map(|member| (of.name.clone(), member.clone())));
    }
    members
}

fn unify_type(
    outlines: &mut Outlines<'_>,
    of: (&str, &str),
    positions: &[FieldPosition],
    members: &Members,
) {
    let copies = outlines.copies(of.0, positions);
    let types: Vec<(usize, TypeRef)> =
        copies.into_iter().map(|(graph, field)| (graph, field.ty)).collect();
    if types.iter().all(|(_, ty)| *ty == types[0].1) {
        return;
    }
    let general = most_general(&types, members);
    if general.is_none() {
        let listed = outlines.listed(&types);
        let message = format!(
            "has types that do not fit together: {listed}; they may differ in `!`, or be an object \
             and an interface or union that contains it"
        );
        let graphs: Vec<usize> = types.iter().map(|(graph, _)| *graph).collect();
        outlines.report(of.0, Some(of.1), &graphs, message);
    }
    let ty = general.unwrap_or_else(|| types[0].1.clone());
    outlines.change(of.0, positions, |field| field.ty.clone_from(&ty));
}

/// The type that all others can take the place of. Two of them may have no order, so the name is
/// that of any type that is more general than all others.
fn most_general(types: &[(usize, TypeRef)], members: &Members) -> Option<TypeRef> {
    types.iter().find_map(|(_, widest)| {
        let general = |so_far: TypeRef, (_, ty): &(usize, TypeRef)| {
            more_general(&so_far, ty, members).filter(|one| one.name() == widest.name())
        };
        types.iter().try_fold(widest.clone(), general)
    })
}

/// The more general of two output types: without `!` if either is, and the abstract type of an
/// object.
pub(super) fn more_general(one: &TypeRef, other: &TypeRef, members: &Members) -> Option<TypeRef> {
    let contains = |of: &str, member: &str| members.contains(&(of.to_owned(), member.to_owned()));
    match (one, other) {
        (TypeRef::NonNull(one), TypeRef::NonNull(other)) => {
            Some(TypeRef::NonNull(Box::new(more_general(one, other, members)?)))
        }
        (TypeRef::NonNull(one), other) => more_general(one, other, members),
        (one, TypeRef::NonNull(other)) => more_general(one, other, members),
        (TypeRef::List(one), TypeRef::List(other)) => {
            Some(TypeRef::List(Box::new(more_general(one, other, members)?)))
        }
        (TypeRef::Named(one), TypeRef::Named(other)) if one == other || contains(one, other) => {
            Some(TypeRef::Named(one.clone()))
        }
        (TypeRef::Named(one), TypeRef::Named(other)) if contains(other, one) => {
            Some(TypeRef::Named(other.clone()))
        }
        _ => None,
    }
}
