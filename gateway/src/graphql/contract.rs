//! Holds the contract to what people who build on it may expect of every part of it.

use async_graphql::parser::{
    parse_schema,
    types::{ConstDirective, InputValueDefinition, TypeKind, TypeSystemDefinition},
};
use async_graphql::{Positioned, Value};

use super::sdl;

/// A part of the contract: its path, its description, its directives.
struct Part {
    path: String,
    description: Option<String>,
    directives: Vec<ConstDirective>,
}

fn part(
    path: String,
    description: Option<&Positioned<String>>,
    directives: &[Positioned<ConstDirective>],
) -> Part {
    let directives = directives.iter().map(|directive| directive.node.clone()).collect();
    Part { path, description: description.map(|text| text.node.clone()), directives }
}

fn inputs(path: &str, inputs: &[Positioned<InputValueDefinition>]) -> Vec<Part> {
    let of = |input: &Positioned<InputValueDefinition>| {
        let input = &input.node;
        let path = format!("{path}.{}", input.name.node);
        part(path, input.description.as_ref(), &input.directives)
    };
    inputs.iter().map(of).collect()
}

/// Every type, field, argument and value of the contract.
fn parts() -> Vec<Part> {
    let document = parse_schema(sdl()).unwrap();
    let mut parts = Vec::new();
    for definition in document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let definition = definition.node;
        let name = definition.name.node.to_string();
        match &definition.kind {
            TypeKind::Object(object) => parts.extend(fields(&name, &object.fields)),
            TypeKind::Interface(interface) => parts.extend(fields(&name, &interface.fields)),
            TypeKind::InputObject(input) => parts.extend(inputs(&name, &input.fields)),
            TypeKind::Enum(words) => parts.extend(words.values.iter().map(|value| {
                let path = format!("{name}.{}", value.node.value.node);
                part(path, value.node.description.as_ref(), &value.node.directives)
            })),
            TypeKind::Scalar | TypeKind::Union(_) => {}
        }
        parts.push(part(name, definition.description.as_ref(), &definition.directives));
    }
    parts
}

fn fields(
    name: &str,
    fields: &[Positioned<async_graphql::parser::types::FieldDefinition>],
) -> Vec<Part> {
    let mut parts = Vec::new();
    for field in fields {
        let field = &field.node;
        let path = format!("{name}.{}", field.name.node);
        parts.extend(inputs(&path, &field.arguments));
        parts.push(part(path, field.description.as_ref(), &field.directives));
    }
    parts
}

#[test]
fn every_part_of_the_contract_must_say_what_it_is() {
    let parts = parts();
    assert!(parts.len() > 400, "{}", parts.len());
    for Part { path, description, .. } in parts {
        let description = description.unwrap_or_default();
        let sentence = description.ends_with(['.', '`']) && description.len() > 4;
        assert!(sentence, "{path} is described as {description:?}");
    }
}

#[test]
fn a_deprecation_must_name_the_day_from_which_the_part_may_be_gone() {
    for Part { path, directives, .. } in parts() {
        for directive in directives.iter().filter(|one| one.name.node == "deprecated") {
            let reason = match directive.get_argument("reason").map(|reason| &reason.node) {
                Some(Value::String(reason)) => reason.clone(),
                _ => String::new(),
            };
            let dated =
                reason.split([' ', ',', '.']).any(|word| word.parse::<jiff::civil::Date>().is_ok());
            assert!(dated, "{path} is deprecated for {reason:?}, without a day");
        }
    }
}
