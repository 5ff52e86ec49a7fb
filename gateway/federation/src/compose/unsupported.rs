//! Features of federation that this router does not serve. A subgraph that uses one is rejected:
//! without the feature, its responses would be incomplete or reveal too much.

use super::{
    CompositionError,
    subgraph_schema::SubgraphSchema,
    type_system::{AppliedDirective, FieldDef},
};

/// Directives that are not served, with the remedy.
const DIRECTIVES: [(&str, &str); 6] = [
    ("policy", "it would not be enforced; use `@authenticated` or `@requiresScopes`"),
    ("context", "pass the value as an argument or with `@requires`"),
    ("fromContext", "pass the value as an argument or with `@requires`"),
    ("connect", "let a subgraph resolve it"),
    ("source", "let a subgraph resolve it"),
    ("cacheTag", "remove it; the router caches no entities"),
];

/// All uses of features that are not served.
pub(super) fn unsupported(schema: &SubgraphSchema) -> Vec<CompositionError> {
    let mut errors: Vec<_> = version(schema).into_iter().collect();
    for of in schema.types.values() {
        let mut report = |field: Option<&str>, directives: &[AppliedDirective]| {
            let messages = directives.iter().filter_map(message);
            errors.extend(messages.map(|message| schema.error(&of.name, field, message)));
        };
        report(None, &of.directives);
        for field in &of.fields {
            report(Some(&field.name), &field.directives);
            for FieldDef { directives, .. } in &field.arguments {
                report(Some(&field.name), directives);
            }
        }
        for value in &of.values {
            report(Some(&value.name), &value.directives);
        }
        if of.name == "Subscription" {
            let message = "subscriptions are not supported: remove the type from the SDL that this \
                router composes";
            let fields = of.fields.iter();
            errors.extend(
                fields.map(|field| schema.error(&of.name, Some(&field.name), message.to_owned())),
            );
        }
    }
    errors
}

fn message(directive: &AppliedDirective) -> Option<String> {
    if directive.name == "override" {
        let label = directive.text("label")?;
        return Some(format!(
            "progressive `@override` (`label: \"{label}\"`) is not supported: remove `label` to \
             override the field completely"
        ));
    }
    let (name, remedy) = DIRECTIVES.iter().find(|(name, _)| *name == directive.name)?;
    Some(format!("`@{name}` is not supported: {remedy}"))
}

/// The error for a version of federation with other rules.
fn version(schema: &SubgraphSchema) -> Option<CompositionError> {
    let version = schema.version.as_deref()?;
    (!version.starts_with("v2.")).then(|| CompositionError {
        message: format!("federation `{version}` is not supported: link to `v2.0` or later"),
        subgraphs: vec![schema.name.clone()],
        ..CompositionError::default()
    })
}
