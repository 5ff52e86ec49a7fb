//! Fields that the local subgraph marks `@inaccessible` for other routers, and that are visible in
//! its own supergraph: `PageInfo.continuedFromGeneration`.
//!
//! Other subgraphs can have the type without such a field. Their objects then get it from the local
//! subgraph, which resolves the type by its name alone (`@key(fields: "__typename")`) and returns
//! null. That works for every nullable field of the type; each subgraph must have the others.

use std::collections::BTreeSet;

use super::{
    CompositionError,
    subgraph_schema::SubgraphSchema,
    type_system::{DefinitionKind, TypeDef, has},
};

/// The shared types with exposed fields.
#[derive(Debug, Default)]
pub(super) struct ExposedFields {
    /// Index of the local subgraph.
    graph: usize,
    types: BTreeSet<String>,
}

impl ExposedFields {
    /// Removes the marks in the local subgraph; also returns the types that others cannot share,
    /// and the elements of the local schema that others hide.
    pub(super) fn expose(schemas: &mut [SubgraphSchema]) -> (Self, Vec<CompositionError>) {
        let Some(graph) = schemas.iter().position(|schema| schema.is_exposed) else {
            return (Self::default(), Vec::new());
        };
        let mut errors = Vec::new();
        let mut types = BTreeSet::new();
        let marked: Vec<String> = schemas[graph]
            .types
            .values_mut()
            .filter(|of| of.kind == DefinitionKind::Object)
            .filter_map(|of| expose_fields(of).then(|| of.name.clone()))
            .collect();
        let (before, rest) = schemas.split_at(graph);
        let Some((local, after)) = rest.split_first() else {
            return (Self::default(), Vec::new());
        };
        for other in before.iter().chain(after) {
            errors.extend(hidden_local_elements(local, other));
            for name in &marked {
                let Some(of) = other.types.get(name).filter(|of| of.kind == DefinitionKind::Object)
                else {
                    continue;
                };
                types.insert(name.clone());
                let fields = local.types[name].fields.iter();
                let missing = fields
                    .filter(|field| field.ty.is_non_null() && of.field(&field.name).is_none());
                errors.extend(missing.map(|field| {
                    let message = format!(
                        "is missing, although clients of the local schema rely on it: add it \
                         with the type `{}`, or rename the type",
                        field.ty
                    );
                    other.error(name, Some(&field.name), message)
                }));
            }
        }
        (Self { graph, types }, errors)
    }

    /// Whether a subgraph has a type with exposed fields, and can resolve it by its name.
    pub(super) fn key_by_type(&self, name: &str, graph: usize) -> Option<bool> {
        self.types.contains(name).then_some(graph == self.graph)
    }
}

/// Removes `@inaccessible` from the fields of a type; `false` if there is none.
fn expose_fields(of: &mut TypeDef) -> bool {
    let mut has_marks = false;
    for field in &mut of.fields {
        has_marks |= has(&field.directives, "inaccessible");
        field.directives.retain(|one| one.name != "inaccessible");
    }
    has_marks
}

/// The elements of the local schema that another subgraph marks `@inaccessible`: hiding them would
/// change the schema for its clients.
fn hidden_local_elements(local: &SubgraphSchema, other: &SubgraphSchema) -> Vec<CompositionError> {
    let mut errors = Vec::new();
    let mut report = |name: &str, element: Option<&str>| {
        let message = "is `@inaccessible` here, but visible in the local schema: remove the \
            directive, or give the type another name";
        errors.push(other.error(name, element, message.to_owned()));
    };
    for of in other.types.values() {
        let Some(ours) = local.types.get(&of.name) else { continue };
        let is_hidden = |directives| has(directives, "inaccessible");
        if is_hidden(&of.directives) && !is_hidden(&ours.directives) {
            report(&of.name, None);
        }
        for field in &of.fields {
            let Some(our_field) = ours.field(&field.name) else { continue };
            let mut hidden = is_hidden(&field.directives) && !is_hidden(&our_field.directives);
            for argument in field.arguments.iter().filter(|one| is_hidden(&one.directives)) {
                let mut our_arguments = our_field.arguments.iter();
                hidden |= our_arguments.any(|one| one.name == argument.name);
            }
            if hidden {
                report(&of.name, Some(&field.name));
            }
        }
        for value in of.values.iter().filter(|value| is_hidden(&value.directives)) {
            if ours.values.iter().any(|other| other.name == value.name) {
                report(&of.name, Some(&value.name));
            }
        }
    }
    errors
}
