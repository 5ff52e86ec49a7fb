//! Fields that several subgraphs resolve: each of them must mark its field as shareable.

use std::collections::BTreeSet;

use async_graphql_value::indexmap::IndexMap;

use super::Outlines;
use crate::compose::{
    overrides::Overrides,
    subgraph_schema::SubgraphSchema,
    type_system::{DefinitionKind, has},
};

/// A subgraph that resolves a field.
#[derive(Clone, Copy)]
struct FieldResolver {
    graph: usize,
    is_shareable: bool,
}

/// By type and field.
type FieldResolvers<'a> = IndexMap<(&'a str, &'a str), Vec<FieldResolver>>;

/// Reports fields that are resolved by several subgraphs and not marked in each.
///
/// A type that the local subgraph shares is open to all: otherwise any subgraph with the `PageInfo`
/// of its library would have to rename it.
pub(super) fn check(outlines: &mut Outlines<'_>, overrides: &Overrides) {
    let resolvers = resolvers(outlines.schemas, overrides);
    let is_open = |resolver: &FieldResolver| {
        outlines.schemas[resolver.graph].is_exposed && resolver.is_shareable
    };
    let unmarked_fields: Vec<_> = resolvers
        .into_iter()
        .filter(|(_, of_field)| of_field.len() > 1 && !of_field.iter().any(is_open))
        .filter(|(_, of_field)| of_field.iter().any(|resolver| !resolver.is_shareable))
        .map(|((name, field), of_field)| {
            let graphs: BTreeSet<usize> = of_field.iter().map(|one| one.graph).collect();
            let unmarked: Vec<String> = of_field
                .iter()
                .filter(|one| !one.is_shareable)
                .map(|one| format!("`{}`", outlines.schemas[one.graph].name))
                .collect();
            (
                name.to_owned(),
                field.to_owned(),
                graphs.into_iter().collect::<Vec<_>>(),
                unmarked.join(", "),
            )
        })
        .collect();
    for (name, field, graphs, unmarked) in unmarked_fields {
        let message = format!(
            "is resolved by several subgraphs: mark it `@shareable` in {unmarked}, or remove it \
             from all but one"
        );
        outlines.report(&name, Some(&field), &graphs, message);
    }
}

fn resolvers<'a>(schemas: &'a [SubgraphSchema], overrides: &Overrides) -> FieldResolvers<'a> {
    let mut resolvers = FieldResolvers::new();
    let mut objects: IndexMap<&str, BTreeSet<&str>> = IndexMap::new();
    for of in schemas.iter().flat_map(|schema| schema.types.values()) {
        if of.kind == DefinitionKind::Object {
            for interface in &of.interfaces {
                objects.entry(interface).or_default().insert(&of.name);
            }
        }
    }
    for (graph, schema) in schemas.iter().enumerate() {
        let keys = schema.key_fields();
        for of in schema.types.values().filter(|of| of.kind == DefinitionKind::Object) {
            let lent_to = if has(&of.directives, "interfaceObject") {
                objects.get(of.name.as_str()).cloned().unwrap_or_default()
            } else {
                BTreeSet::from([of.name.as_str()])
            };
            for field in &of.fields {
                if has(&field.directives, "external")
                    || overrides.is_overridden(&of.name, &field.name, &schema.name)
                {
                    continue;
                }
                let is_key = keys.contains(&(of.name.clone(), field.name.clone()));
                let is_shareable = is_key || has(&field.directives, "shareable");
                for name in &lent_to {
                    let of_field = resolvers.entry((name, &field.name)).or_default();
                    of_field.push(FieldResolver { graph, is_shareable });
                }
            }
        }
    }
    resolvers
}
