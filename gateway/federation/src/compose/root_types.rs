//! Adds the subgraphs of each root type. The composition crate omits them, and planners then find
//! no path to any root field.

use cynic_parser::{
    TypeSystemDocument,
    common::OperationType,
    type_system::{Definition, TypeDefinition},
};

use super::{SubgraphSdl, edits::SdlEdits};

/// Default names of the root types.
const ROOTS: [(OperationType, &str); 3] = [
    (OperationType::Query, "Query"),
    (OperationType::Mutation, "Mutation"),
    (OperationType::Subscription, "Subscription"),
];

/// Adds `@join__type(graph:)` to the root types of the supergraph `sdl`.
pub(super) fn with_graphs(
    sdl: &str,
    supergraph: &TypeSystemDocument,
    subgraphs: &[SubgraphSdl],
    documents: &[TypeSystemDocument],
) -> String {
    let graphs = graphs(supergraph);
    let mut edits = SdlEdits::default();
    for (kind, usual) in ROOTS {
        let root = root_name(supergraph, kind).unwrap_or(usual);
        let objects = supergraph.definitions().filter_map(|definition| match definition {
            Definition::Type(TypeDefinition::Object(object)) => Some(object),
            _ => None,
        });
        for object in objects.filter(|object| object.name() == root) {
            let declared: Vec<_> = object.directives().filter_map(|one| graph_of(&one)).collect();
            for (subgraph, document) in subgraphs.iter().zip(documents) {
                let id = graphs.iter().find(|(_, name)| *name == subgraph.name).map(|(id, _)| *id);
                let Some(id) = id.filter(|id| !declared.contains(id)) else { continue };
                // No root type implements interfaces, so its name is followed by directives.
                if has_type(document, root_name(document, kind).unwrap_or(usual)) {
                    edits.insert(object.name_span().end, format!(" @join__type(graph: {id})"));
                }
            }
        }
    }
    edits.apply(sdl)
}

/// The subgraphs of a supergraph: value of `join__Graph`, and name.
pub(super) fn graphs(supergraph: &TypeSystemDocument) -> Vec<(&str, &str)> {
    let mut graphs = Vec::new();
    for definition in supergraph.definitions() {
        let Definition::Type(TypeDefinition::Enum(graph_enum)) = definition else { continue };
        if graph_enum.name() == "join__Graph" {
            graphs.extend(graph_enum.values().map(|value| {
                let mut directives = value.directives();
                let join_graph = directives.find(|one| one.name() == "join__graph");
                let name = join_graph.and_then(|one| one.argument("name")?.value().as_str());
                (value.value(), name.unwrap_or(value.value()))
            }));
        }
    }
    graphs
}

/// The value of `graph` of a `@join__…` directive.
pub(super) fn graph_of<'a>(
    directive: &cynic_parser::type_system::Directive<'a>,
) -> Option<&'a str> {
    if !directive.name().starts_with("join__") {
        return None;
    }
    directive.argument("graph")?.value().as_enum_value()
}

/// The name of a root type, if the document declares one in `schema`.
fn root_name(document: &TypeSystemDocument, kind: OperationType) -> Option<&str> {
    document.definitions().find_map(|definition| match definition {
        Definition::Schema(schema) | Definition::SchemaExtension(schema) => schema
            .root_operations()
            .find(|root| root.operation_type() == kind)
            .map(|root| root.named_type()),
        _ => None,
    })
}

fn has_type(document: &TypeSystemDocument, name: &str) -> bool {
    document.definitions().any(|definition| match definition {
        Definition::Type(one) | Definition::TypeExtension(one) => one.name() == name,
        _ => false,
    })
}
