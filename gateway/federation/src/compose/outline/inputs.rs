//! Arguments and input fields that differ between subgraphs: what the supergraph accepts, every
//! subgraph that has it must accept. It has those that all subgraphs have, with the narrowest type.

use std::collections::BTreeSet;

use super::{FieldPosition, Outlines};
use crate::compose::type_system::{DefinitionKind, FieldDef, Literal, TypeRef, has};

/// One argument or input field, in the subgraphs that have it.
type Inputs = Vec<(usize, FieldDef)>;

/// Gives each argument of a field the same type and default in all subgraphs.
pub(super) fn unify_arguments(
    outlines: &mut Outlines<'_>,
    of: (&str, &str),
    positions: &[FieldPosition],
) {
    let with_field = outlines.copies(of.0, positions);
    if with_field.iter().all(|(_, one)| one.arguments == with_field[0].1.arguments) {
        return;
    }
    let mut unified: Vec<FieldDef> = Vec::new();
    let mut known = BTreeSet::new();
    let all = with_field.iter().flat_map(|(_, field)| &field.arguments);
    for argument in all.filter(|argument| known.insert(argument.name.clone())) {
        let named = |field: &FieldDef| {
            field.arguments.iter().find(|other| other.name == argument.name).cloned()
        };
        let inputs: Inputs =
            with_field.iter().filter_map(|(graph, field)| Some((*graph, named(field)?))).collect();
        let coordinate = format!("argument `{}`", argument.name);
        if inputs.len() < with_field.len() {
            let without = with_field.iter().filter(|(_, field)| named(field).is_none());
            let without: Vec<usize> = without.map(|(graph, _)| *graph).collect();
            report_required(outlines, of, &coordinate, &inputs, &without);
        } else {
            unified.extend(unify_one(outlines, of, &coordinate, &inputs));
        }
    }
    outlines.change(of.0, positions, |field| field.arguments.clone_from(&unified));
}

/// Gives each input object the same fields in all subgraphs.
pub(super) fn unify(outlines: &mut Outlines<'_>) {
    for (name, graphs) in outlines.by_name() {
        if outlines.types[graphs[0]][&name].kind != DefinitionKind::InputObject || graphs.len() < 2
        {
            continue;
        }
        let mut unified: Vec<FieldDef> = Vec::new();
        for (field, positions) in outlines.fields(&name, &graphs) {
            let inputs = outlines.copies(&name, &positions);
            let is_hidden = is_hidden(outlines, &name, &field);
            if inputs.len() == graphs.len() || is_hidden {
                unified.extend(unify_one(outlines, (&name, &field), "input field", &inputs));
                continue;
            }
            let has = |graph: &usize| inputs.iter().any(|(other, _)| other == graph);
            let without: Vec<usize> = graphs.iter().copied().filter(|graph| !has(graph)).collect();
            report_required(outlines, (&name, &field), "input field", &inputs, &without);
        }
        if unified.is_empty() {
            let message = "has no input field that all subgraphs have: add one, or rename the type";
            outlines.report(&name, None, &graphs, message.to_owned());
        }
        for graph in &graphs {
            if let Some(of) = outlines.types[*graph].get_mut(&name) {
                of.fields.clone_from(&unified);
            }
        }
    }
}

/// Whether clients cannot see an input field: then the router never sends it.
fn is_hidden(outlines: &Outlines<'_>, name: &str, field: &str) -> bool {
    let types = outlines.schemas.iter().filter_map(|schema| schema.types.get(name));
    types.filter_map(|of| of.field(field)).any(|field| has(&field.directives, "inaccessible"))
}

fn report_required(
    outlines: &mut Outlines<'_>,
    of: (&str, &str),
    what: &str,
    inputs: &Inputs,
    without: &[usize],
) {
    let required: Vec<_> = inputs
        .iter()
        .filter(|(_, input)| input.is_required())
        .map(|(graph, input)| (*graph, input.ty.clone()))
        .collect();
    if required.is_empty() {
        return;
    }
    let missing: Vec<String> =
        without.iter().map(|graph| format!("`{}`", outlines.schemas[*graph].name)).collect();
    let message = format!(
        "{what} is required ({}), but {} does not have it: add it there, or make it optional",
        outlines.listed(&required),
        missing.join(", ")
    );
    let graphs = required.iter().map(|(graph, _)| *graph).chain(without.iter().copied());
    outlines.report(of.0, Some(of.1), &graphs.collect::<Vec<_>>(), message);
}

/// The argument or input field with the narrowest type, and the default that all have.
fn unify_one(
    outlines: &mut Outlines<'_>,
    of: (&str, &str),
    what: &str,
    inputs: &Inputs,
) -> Option<FieldDef> {
    let (_, first) = inputs.first()?;
    let graphs: Vec<usize> = inputs.iter().map(|(graph, _)| *graph).collect();
    let mut ty = Some(first.ty.clone());
    for (_, input) in inputs {
        ty = ty.and_then(|so_far| narrower(&so_far, &input.ty));
    }
    if ty.is_none() {
        let types: Vec<_> = inputs.iter().map(|(graph, one)| (*graph, one.ty.clone())).collect();
        let message = format!(
            "{what} has types that do not fit together: {}; they may differ only in `!`",
            outlines.listed(&types)
        );
        outlines.report(of.0, Some(of.1), &graphs, message);
    }
    let defaults: Vec<(usize, &Literal)> = inputs
        .iter()
        .filter_map(|(graph, input)| Some((*graph, input.default.as_ref()?)))
        .collect();
    if defaults.iter().any(|(_, default)| *default != defaults[0].1) {
        let message = format!(
            "{what} has different defaults: {}; give it the same or none",
            outlines.listed(&defaults)
        );
        outlines.report(of.0, Some(of.1), &graphs, message);
    }
    let default = first.default.clone().filter(|_| defaults.len() == inputs.len());
    Some(FieldDef { ty: ty.unwrap_or_else(|| first.ty.clone()), default, ..first.clone() })
}

/// The narrower of two input types: with `!` if either is.
fn narrower(one: &TypeRef, other: &TypeRef) -> Option<TypeRef> {
    match (one, other) {
        (TypeRef::NonNull(one), TypeRef::NonNull(other)) => {
            Some(TypeRef::NonNull(Box::new(narrower(one, other)?)))
        }
        (TypeRef::NonNull(one), other) | (other, TypeRef::NonNull(one)) => {
            Some(TypeRef::NonNull(Box::new(narrower(one, other)?)))
        }
        (TypeRef::List(one), TypeRef::List(other)) => {
            Some(TypeRef::List(Box::new(narrower(one, other)?)))
        }
        (TypeRef::Named(one), TypeRef::Named(other)) => {
            (one == other).then(|| TypeRef::Named(one.clone()))
        }
        _ => None,
    }
}
