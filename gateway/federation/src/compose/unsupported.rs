//! Features of federation that this router does not serve. A subgraph that uses one is rejected:
//! without the feature, its responses would be incomplete or reveal too much.

use super::{
    CompositionError,
    links::{is_authorization, not_enforced},
    subgraph_schema::SubgraphSchema,
    type_system::{AppliedDirective, DefinitionKind, TypeDef},
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
        for (field, directives) in elements(of) {
            report(field, directives);
        }
        let unenforced = unenforced(of).into_iter().flat_map(|(field, directives)| {
            let found = directives.iter().filter(|one| is_authorization(&one.name));
            found.map(move |one| (field, not_enforced(&one.name)))
        });
        errors.extend(unenforced.map(|(field, message)| schema.error(&of.name, field, message)));
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

/// An element of a type by the name of its field or value, with its directives.
type Element<'a> = (Option<&'a str>, &'a [AppliedDirective]);

fn elements(of: &TypeDef) -> Vec<Element<'_>> {
    let mut elements: Vec<Element<'_>> = vec![(None, &of.directives)];
    for field in &of.fields {
        elements.push((Some(&field.name), &field.directives));
        let arguments = field.arguments.iter();
        elements.extend(
            arguments.map(|argument| (Some(field.name.as_str()), argument.directives.as_slice())),
        );
    }
    let values = of.values.iter();
    elements.extend(values.map(|value| (Some(value.name.as_str()), value.directives.as_slice())));
    elements
}

/// Elements that clients do not select, so no rule about selections can protect them.
fn unenforced(of: &TypeDef) -> Vec<Element<'_>> {
    if matches!(of.kind, DefinitionKind::Union | DefinitionKind::InputObject) {
        return elements(of);
    }
    let of_argument = of.fields.iter().flat_map(|field| {
        let arguments = field.arguments.iter();
        arguments.map(|argument| (Some(field.name.as_str()), argument.directives.as_slice()))
    });
    let values = of.values.iter();
    let of_value = values.map(|value| (Some(value.name.as_str()), value.directives.as_slice()));
    of_argument.chain(of_value).collect()
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
