//! Tests of the contract: descriptions, deprecations and facets.

use async_graphql::{
    Positioned, Value,
    parser::{
        parse_schema,
        types::{ConstDirective, InputValueDefinition, TypeKind, TypeSystemDefinition},
    },
};

use super::sdl;

/// An element of the contract: its path, description and directives.
struct SchemaElement {
    path: String,
    description: Option<String>,
    directives: Vec<ConstDirective>,
}

fn element(
    path: String,
    description: Option<&Positioned<String>>,
    directives: &[Positioned<ConstDirective>],
) -> SchemaElement {
    let directives = directives.iter().map(|directive| directive.node.clone()).collect();
    SchemaElement { path, description: description.map(|text| text.node.clone()), directives }
}

fn inputs(path: &str, inputs: &[Positioned<InputValueDefinition>]) -> Vec<SchemaElement> {
    let of = |input: &Positioned<InputValueDefinition>| {
        let input = &input.node;
        let path = format!("{path}.{}", input.name.node);
        element(path, input.description.as_ref(), &input.directives)
    };
    inputs.iter().map(of).collect()
}

/// Every type, field, argument and value of the contract.
fn elements() -> Vec<SchemaElement> {
    let document = parse_schema(sdl()).unwrap();
    let mut elements = Vec::new();
    for definition in document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let definition = definition.node;
        let name = definition.name.node.to_string();
        match &definition.kind {
            TypeKind::Object(object) => elements.extend(fields(&name, &object.fields)),
            TypeKind::Interface(interface) => elements.extend(fields(&name, &interface.fields)),
            TypeKind::InputObject(input) => elements.extend(inputs(&name, &input.fields)),
            TypeKind::Enum(enumeration) => {
                elements.extend(enumeration.values.iter().map(|value| {
                    let path = format!("{name}.{}", value.node.value.node);
                    element(path, value.node.description.as_ref(), &value.node.directives)
                }));
            }
            TypeKind::Scalar | TypeKind::Union(_) => {}
        }
        elements.push(element(name, definition.description.as_ref(), &definition.directives));
    }
    elements
}

fn fields(
    name: &str,
    fields: &[Positioned<async_graphql::parser::types::FieldDefinition>],
) -> Vec<SchemaElement> {
    let mut elements = Vec::new();
    for field in fields {
        let field = &field.node;
        let path = format!("{name}.{}", field.name.node);
        elements.extend(inputs(&path, &field.arguments));
        elements.push(element(path, field.description.as_ref(), &field.directives));
    }
    elements
}

#[test]
fn every_element_of_the_contract_must_have_a_description() {
    let elements = elements();
    assert!(elements.len() > 400, "{}", elements.len());
    for SchemaElement { path, description, .. } in elements {
        let description = description.unwrap_or_default();
        let sentence = description.ends_with(['.', '`']) && description.len() > 4;
        assert!(sentence, "{path} has no sentence as description: {description:?}");
    }
}

#[test]
fn a_deprecation_must_name_its_removal_date() {
    for SchemaElement { path, directives, .. } in elements() {
        for directive in directives.iter().filter(|one| one.name.node == "deprecated") {
            let reason = match directive.get_argument("reason").map(|reason| &reason.node) {
                Some(Value::String(reason)) => reason.clone(),
                _ => String::new(),
            };
            let has_date =
                reason.split([' ', ',', '.']).any(|word| word.parse::<jiff::civil::Date>().is_ok());
            assert!(has_date, "{path} is deprecated without a removal date: {reason:?}");
        }
    }
}

#[test]
fn every_facet_must_have_a_filter_and_counts() {
    let paths: Vec<String> = elements().into_iter().map(|element| element.path).collect();
    for facet in schema::Facet::ALL {
        let mut words = facet.field().split('_');
        let first = words.next().unwrap_or_default().to_owned();
        let field =
            words.fold(first, |name, word| name + &word[..1].to_ascii_uppercase() + &word[1..]);
        for object in ["SearchFilter", "SearchFacets"] {
            assert!(paths.contains(&format!("{object}.{field}")), "{object} lacks {field}");
        }
    }
}
