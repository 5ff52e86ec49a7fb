//! Directives of the subgraphs' own: those named in `@composeDirective` stay in the supergraph, and
//! those for operations stay if every subgraph defines them.

use std::collections::BTreeMap;

use super::{
    CompositionError,
    subgraph_schema::SubgraphSchema,
    type_system::{AppliedDirective, DirectiveDef, Literal, SchemaDocument},
};

/// Adds the definitions of the directives, and the links to their specifications.
pub(super) fn add(
    document: &mut SchemaDocument,
    schemas: &[SubgraphSchema],
) -> Vec<CompositionError> {
    let mut errors = Vec::new();
    let mut definitions: BTreeMap<&str, Vec<(&SubgraphSchema, &DirectiveDef)>> = BTreeMap::new();
    for schema in schemas {
        for definition in &schema.directive_definitions {
            definitions.entry(&definition.name).or_default().push((schema, definition));
        }
        for name in &schema.composed {
            let is_defined =
                schema.directive_definitions.iter().any(|definition| definition.name == *name);
            let is_linked = schema.link_of(name).is_some();
            if !is_defined || !is_linked {
                let missing = if is_defined { "linked with `@link`" } else { "defined" };
                errors.push(CompositionError {
                    message: format!(
                        "`@composeDirective(name: \"@{name}\")` names a directive that is not \
                         {missing} in this SDL: add that, or remove `@composeDirective`"
                    ),
                    subgraphs: vec![schema.name.clone()],
                    ..CompositionError::default()
                });
            }
        }
    }
    for (name, defined) in definitions {
        let composed = schemas.iter().find(|schema| schema.composed.contains(name));
        let (_, first) = defined[0];
        let mut definition = first.clone();
        if composed.is_some() {
            // Definitions of several versions: the last one of the newest version.
            let newest = defined.iter().max_by_key(|(schema, _)| schema.link_of(name).map(version));
            let (schema, newest) = newest.unwrap_or(&defined[0]);
            definition = (*newest).clone();
            add_link(document, schema, name);
        } else if defined.len() < schemas.len() {
            continue;
        } else {
            definition.is_repeatable = defined.iter().all(|(_, one)| one.is_repeatable);
            let in_all =
                |location: &&str| defined.iter().all(|(_, one)| one.locations.contains(location));
            definition.locations.retain(|location| in_all(location) && is_executable(location));
            if definition.locations.is_empty() {
                continue;
            }
            if defined.iter().any(|(_, one)| one.arguments != first.arguments) {
                errors.push(different(name, &defined));
            }
        }
        document.directive_definitions.push(definition);
    }
    errors
}

/// The numbers of the version at the end of a URL, as in `v1.10`.
fn version(url: &str) -> Vec<u64> {
    let segment = url.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let numbers = segment.trim_start_matches('v').split('.');
    numbers.map(|number| number.parse().unwrap_or_default()).collect()
}

fn different(name: &str, defined: &[(&SubgraphSchema, &DirectiveDef)]) -> CompositionError {
    CompositionError {
        message: format!(
            "`directive @{name}` has different arguments in these subgraphs: give it the same, or \
             rename it"
        ),
        subgraphs: defined.iter().map(|(schema, _)| schema.name.clone()).collect(),
        ..CompositionError::default()
    }
}

fn is_executable(location: &str) -> bool {
    super::subgraph_schema::EXECUTABLE.contains(&location)
}

/// Links to the specification of a composed directive, which the supergraph imports.
fn add_link(document: &mut SchemaDocument, schema: &SubgraphSchema, name: &str) {
    let Some(url) = schema.link_of(name) else { return };
    let import = Literal::Text(format!("@{name}"));
    let existing =
        document.directives.iter_mut().find(|existing| existing.text("url") == Some(url));
    let Some(existing) = existing else {
        let text = Literal::Text(url.to_owned());
        let link = AppliedDirective::new("link").with("url", text);
        document.directives.push(link.with("import", Literal::List(vec![import])));
        return;
    };
    for (argument, value) in &mut existing.arguments {
        if let ("import", Literal::List(items)) = (argument.as_str(), value) {
            items.push(import.clone());
        }
    }
}
