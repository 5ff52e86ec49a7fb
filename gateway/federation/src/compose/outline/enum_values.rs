//! Enums with different values in several subgraphs: the supergraph has all values if clients only
//! receive them, and those of every subgraph if clients only send them. If they do both, the values
//! must be the same; those that clients cannot see do not count.

use std::collections::BTreeSet;

use async_graphql_value::indexmap::IndexSet;

use super::Outlines;
use crate::compose::type_system::{DefinitionKind, EnumValueDef, FieldDef, has};

/// Gives each enum the same values in all subgraphs.
pub(super) fn unify(outlines: &mut Outlines<'_>) {
    let (sent, received) = uses(outlines);
    for (name, graphs) in outlines.by_name() {
        if outlines.types[graphs[0]][&name].kind != DefinitionKind::Enum || graphs.len() < 2 {
            continue;
        }
        let mut unified: Vec<EnumValueDef> = Vec::new();
        for value in value_names(outlines, &name, &graphs) {
            let has_value = |graph: &usize| {
                outlines.types[*graph][&name].values.iter().any(|other| other.name == value)
            };
            let without: Vec<usize> =
                graphs.iter().copied().filter(|graph| !has_value(graph)).collect();
            let is_in_all = without.is_empty() || is_hidden(outlines, &name, &value);
            if !is_in_all && sent.contains(&name) {
                if received.contains(&name) {
                    report(outlines, &name, &value, &graphs, &without);
                }
                continue;
            }
            let directives = Vec::new();
            unified.push(EnumValueDef { description: None, name: value, directives });
        }
        if unified.is_empty() && !received.contains(&name) {
            let message = "has no value that all subgraphs have: add one, or rename the type";
            outlines.report(&name, None, &graphs, message.to_owned());
        }
        for graph in &graphs {
            if let Some(of) = outlines.types[*graph].get_mut(&name) {
                of.values.clone_from(&unified);
            }
        }
    }
}

fn value_names(outlines: &Outlines<'_>, name: &str, graphs: &[usize]) -> IndexSet<String> {
    let values = graphs.iter().flat_map(|graph| &outlines.types[*graph][name].values);
    values.map(|value| value.name.clone()).collect()
}

/// Names of types of arguments and input fields, and of types of fields.
fn uses(outlines: &Outlines<'_>) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut sent, mut received) = (BTreeSet::new(), BTreeSet::new());
    let name = |field: &FieldDef| field.ty.name().to_owned();
    for of in outlines.types.iter().flat_map(|types| types.values()) {
        let fields = of.fields.iter();
        if of.kind == DefinitionKind::InputObject {
            sent.extend(fields.map(name));
        } else {
            sent.extend(fields.clone().flat_map(|field| &field.arguments).map(name));
            received.extend(fields.map(name));
        }
    }
    (sent, received)
}

fn is_hidden(outlines: &Outlines<'_>, name: &str, value: &str) -> bool {
    let types = outlines.schemas.iter().filter_map(|schema| schema.types.get(name));
    let mut values = types.flat_map(|of| &of.values).filter(|other| other.name == value);
    values.any(|value| has(&value.directives, "inaccessible"))
}

fn report(
    outlines: &mut Outlines<'_>,
    name: &str,
    value: &str,
    graphs: &[usize],
    without: &[usize],
) {
    let missing: Vec<String> =
        without.iter().map(|graph| format!("`{}`", outlines.schemas[*graph].name)).collect();
    let message = format!(
        "is a value that {} does not have, of an enum that clients both send and receive: add it \
         there, or make it `@inaccessible`",
        missing.join(", ")
    );
    outlines.report(name, Some(value), graphs, message);
}
