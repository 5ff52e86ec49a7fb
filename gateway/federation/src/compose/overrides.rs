//! Fields that one subgraph takes over from another with `@override`.

use std::collections::BTreeSet;

use super::{
    CompositionError,
    subgraph_schema::SubgraphSchema,
    type_system::{DefinitionKind, has},
};

/// Type, field, and the name of the subgraph from which the field is taken over.
type OverriddenField = (String, String, String);

/// All overrides.
#[derive(Debug, Default)]
pub(super) struct Overrides(BTreeSet<OverriddenField>);

impl Overrides {
    pub(super) fn read(schemas: &[SubgraphSchema]) -> (Self, Vec<CompositionError>) {
        let mut overrides = Self::default();
        let mut errors = chained(schemas);
        for schema in schemas {
            for of in schema.types.values() {
                for field in &of.fields {
                    let one = field.directives.iter().find(|one| one.name == "override");
                    let Some(from) = one.and_then(|one| one.text("from")) else { continue };
                    let mut report = |message: String| {
                        errors.push(schema.error(&of.name, Some(&field.name), message));
                    };
                    if of.kind != DefinitionKind::Object {
                        report("only fields of objects can have `@override`: remove it".to_owned());
                    }
                    if has(&field.directives, "external") {
                        report("has `@override` and `@external`: remove one".to_owned());
                    }
                    if from == schema.name {
                        report(format!("overrides its own subgraph `{from}`: name the other one"));
                    }
                    let name = field.name.clone();
                    overrides.0.insert((of.name.clone(), name, from.to_owned()));
                }
            }
        }
        (overrides, errors)
    }

    /// Whether another subgraph has taken over a field of the subgraph with the name `from`.
    pub(super) fn is_overridden(&self, of: &str, field: &str, from: &str) -> bool {
        self.0.contains(&(of.to_owned(), field.to_owned(), from.to_owned()))
    }
}

/// Errors of fields that are taken over from a subgraph which takes them over itself: if two do so
/// from each other, no subgraph would resolve the field.
fn chained(schemas: &[SubgraphSchema]) -> Vec<CompositionError> {
    let mut errors = Vec::new();
    for schema in schemas {
        for of in schema.types.values() {
            for field in &of.fields {
                let one = field.directives.iter().find(|one| one.name == "override");
                let Some(from) = one.and_then(|one| one.text("from")) else { continue };
                let source = schemas.iter().find(|one| one.name == from && from != schema.name);
                let source =
                    source.and_then(|source| source.types.get(&of.name)?.field(&field.name));
                if source.is_some_and(|source| has(&source.directives, "override")) {
                    let message = format!(
                        "overrides the field of `{from}`, which has `@override` as well: remove \
                         one of them"
                    );
                    errors.push(schema.error(&of.name, Some(&field.name), message));
                }
            }
        }
    }
    errors
}
