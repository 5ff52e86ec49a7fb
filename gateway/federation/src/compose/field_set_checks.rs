//! Checks the selections in `@key`, `@requires` and `@provides`: each must select fields that the
//! subgraph has.

use std::collections::BTreeMap;

use super::{
    CompositionError,
    subgraph_schema::{SubgraphSchema, field_set},
    type_system::{AppliedDirective, DefinitionKind, FieldDef, TypeDef, has},
};

/// All invalid field sets, and fields that no subgraph resolves.
pub(super) fn errors(schemas: &[SubgraphSchema]) -> Vec<CompositionError> {
    let mut errors: Vec<_> = schemas.iter().flat_map(of_subgraph).collect();
    errors.extend(external_everywhere(schemas));
    errors
}

fn of_subgraph(schema: &SubgraphSchema) -> Vec<CompositionError> {
    let mut errors = Vec::new();
    for of in schema.types.values() {
        for key in of.directives.iter().filter(|one| one.name == "key") {
            let invalid = invalid(schema, key, &of.name);
            errors.extend(invalid.map(|message| schema.error(&of.name, None, message)));
            if of.kind == DefinitionKind::Interface {
                errors.extend(objects_without(schema, of, key));
            }
        }
        for field in &of.fields {
            let mut report =
                |message: String| errors.push(schema.error(&of.name, Some(&field.name), message));
            for one in &field.directives {
                let on = match one.name.as_str() {
                    "requires" => of.name.as_str(),
                    "provides" => field.ty.name(),
                    _ => continue,
                };
                invalid(schema, one, on).into_iter().for_each(&mut report);
                if has(&field.directives, "external") {
                    report(format!("has `@external` and `@{}`: remove one", one.name));
                }
            }
            if of.kind == DefinitionKind::Interface && has(&field.directives, "shareable") {
                let message = "only fields of objects can be `@shareable`: remove it";
                report(message.to_owned());
            }
        }
    }
    errors
}

/// The objects of an interface that cannot be fetched by its key.
fn objects_without(
    schema: &SubgraphSchema,
    interface: &TypeDef,
    key: &AppliedDirective,
) -> Vec<CompositionError> {
    let Some(Ok(wanted)) = field_set(key) else { return Vec::new() };
    let has_key = |of: &TypeDef| {
        let mut keys = of.directives.iter().filter(|one| one.name == "key");
        keys.any(|other| field_set(other) == Some(Ok(wanted.clone())))
    };
    let objects = schema.implementers(&interface.name).filter(|of| !has_key(of));
    let error = |of: &TypeDef| {
        let message = format!(
            "needs `@key(fields: \"{wanted}\")`, which the interface `{}` has: add it",
            interface.name
        );
        schema.error(&of.name, None, message)
    };
    objects.map(error).collect()
}

fn invalid(schema: &SubgraphSchema, directive: &AppliedDirective, on: &str) -> Option<String> {
    let name = &directive.name;
    let text = directive.argument("fields").map(ToString::to_string).unwrap_or_default();
    let reason = match field_set(directive) {
        None => "has no `fields`".to_owned(),
        Some(Err(reason)) => reason,
        Some(Ok(set)) => set.invalid_selection(&schema.types, on)?,
    };
    Some(format!(
        "`@{name}(fields: {text})` {reason}: select fields of `{on}` that this SDL defines"
    ))
}

/// Fields that every subgraph expects another one to resolve.
fn external_everywhere(schemas: &[SubgraphSchema]) -> Vec<CompositionError> {
    let mut external: BTreeMap<(&str, &str), Vec<&SubgraphSchema>> = BTreeMap::new();
    let is_external = |field: &FieldDef| has(&field.directives, "external");
    for schema in schemas {
        for of in schema.types.values().filter(|of| of.kind == DefinitionKind::Object) {
            for field in of.fields.iter().filter(|field| is_external(field)) {
                external.entry((&of.name, &field.name)).or_default().push(schema);
            }
        }
    }
    external.retain(|(name, field), _| {
        let types = || schemas.iter().filter_map(|schema| schema.types.get(*name));
        // An `@interfaceObject` type resolves the field of each of its objects.
        let interfaces = types().flat_map(|of| &of.interfaces);
        let lenders = interfaces.flat_map(|interface| {
            let types = schemas.iter().filter_map(|schema| schema.types.get(interface));
            types.filter(|of| has(&of.directives, "interfaceObject"))
        });
        !types().chain(lenders).any(|of| of.field(field).is_some_and(|field| !is_external(field)))
    });
    let error = |((name, field), schemas): ((&str, &str), Vec<&SubgraphSchema>)| CompositionError {
        message: "is `@external` in every subgraph that has it: define it in one of them"
            .to_owned(),
        type_name: Some(name.to_owned()),
        field: Some(field.to_owned()),
        subgraphs: schemas.iter().map(|schema| schema.name.clone()).collect(),
    };
    external.into_iter().map(error).collect()
}
