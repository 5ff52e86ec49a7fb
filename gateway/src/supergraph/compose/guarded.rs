//! Fields that a subgraph guards: only who may see them is to get them. That is not done here, and what
//! is composed would open them to everybody.

use cynic_parser::{
    TypeSystemDocument,
    type_system::{Definition, Directive, TypeDefinition},
};

use super::{CompositionProblem, SubgraphSdl};

/// What guards, under the names that `@link` gives without a word of its own.
const GUARDS: [&str; 3] = ["authenticated", "requiresScopes", "policy"];

/// Everything that is guarded.
pub(super) fn guarded(
    subgraphs: &[SubgraphSdl],
    documents: &[TypeSystemDocument],
) -> Vec<CompositionProblem> {
    let mut problems = Vec::new();
    for (subgraph, document) in subgraphs.iter().zip(documents) {
        let mut note = |type_name: &str, field: Option<&str>, guard: &str| {
            problems.push(CompositionProblem {
                message: format!(
                    "it is guarded by `@{guard}`, which is not kept here: it would be open to everybody"
                ),
                type_name: Some(type_name.to_owned()),
                field: field.map(str::to_owned),
                subgraphs: vec![subgraph.name.clone()],
            });
        };
        for definition in document.definitions() {
            let (Definition::Type(one) | Definition::TypeExtension(one)) = definition else {
                continue;
            };
            if let Some(guard) = guard(one.directives()) {
                note(one.name(), None, guard);
            }
            let fields = match one {
                TypeDefinition::Object(object) => object.fields(),
                TypeDefinition::Interface(interface) => interface.fields(),
                _ => continue,
            };
            for field in fields {
                if let Some(guard) = guard(field.directives()) {
                    note(one.name(), Some(field.name()), guard);
                }
            }
        }
    }
    problems
}

fn guard<'a>(directives: impl IntoIterator<Item = Directive<'a>>) -> Option<&'a str> {
    let names = directives.into_iter().map(|directive| directive.name());
    let plain = |name: &'a str| name.strip_prefix("federation__").unwrap_or(name);
    names.map(plain).find(|name| GUARDS.contains(name))
}
