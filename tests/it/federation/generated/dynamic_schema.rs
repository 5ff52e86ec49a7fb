//! The town as an async-graphql schema: one of its subgraphs, or all of it.

use std::sync::Arc;

use async_graphql::{
    Value,
    dynamic::{
        Enum, Field, FieldFuture, FieldValue, InputObject, InputValue, Interface, InterfaceField,
        Object, ResolverContext, Schema, TypeRef, Union,
    },
};
use async_graphql_parser::types::{BaseType, FieldDefinition, InputValueDefinition, Type};
use serde_json::{Map, Value as Json};

use super::{
    dataset::{Dataset, Entity, Owner},
    definitions::{Definition, Definitions, Kind, base_name},
};

/// A schema that resolves all `definitions`.
pub(super) fn build_schema(
    definitions: &Definitions,
    dataset: &Arc<Dataset>,
    owner: Owner,
) -> Schema {
    let mut builder = Schema::build("Query", None, None);
    for (name, definition) in &definitions.types {
        builder = match definition.kind {
            Kind::Object => builder.register(object(name, definition, definitions, dataset, owner)),
            Kind::Interface => {
                let fields = definition.fields.iter().map(interface_field);
                builder.register(fields.fold(Interface::new(name), Interface::field))
            }
            Kind::Union => {
                let members = definition.members.iter();
                builder.register(members.fold(Union::new(name), Union::possible_type))
            }
            Kind::Enum => builder.register(Enum::new(name).items(definition.members.clone())),
            Kind::Input => {
                let inputs = definition.inputs.iter().map(input);
                builder.register(inputs.fold(InputObject::new(name), InputObject::field))
            }
        };
    }
    if owner == Owner::Subgraph {
        let dataset = Arc::clone(dataset);
        builder = builder.enable_federation().entity_resolver(move |context| {
            let arguments = arguments(&context);
            let representations = arguments["representations"].as_array().unwrap().iter();
            let entities = representations.map(|representation| {
                let entity = dataset
                    .entity(representation)
                    .unwrap_or_else(|| panic!("no entity for the representation {representation}"));
                let type_name = entity.type_name.clone();
                FieldValue::owned_any(entity).with_type(type_name)
            });
            FieldFuture::Value(Some(FieldValue::list(entities)))
        });
    }
    builder.finish().unwrap()
}

fn object(
    name: &str,
    definition: &Definition,
    definitions: &Definitions,
    dataset: &Arc<Dataset>,
    owner: Owner,
) -> Object {
    let mut object = Object::new(name);
    for interface in &definition.interfaces {
        object = object.implement(interface);
    }
    if owner == Owner::Subgraph {
        for key in &definition.keys {
            object = object.key(key);
        }
    }
    for field in &definition.fields {
        object = object.field(resolved_field(field, definitions, dataset, owner));
    }
    object
}

/// A field with its arguments and resolver.
fn resolved_field(
    field: &FieldDefinition,
    definitions: &Definitions,
    dataset: &Arc<Dataset>,
    owner: Owner,
) -> Field {
    let kind = definitions.get(base_name(&field.ty.node)).map(|one| one.kind);
    let (dataset, definition) = (Arc::clone(dataset), field.clone());
    let ty = type_ref(&field.ty.node);
    let own = Field::new(field.name.node.as_str(), ty, move |context| {
        let entity = context.parent_value.downcast_ref::<Entity>().cloned();
        let entity = entity.unwrap_or_else(|| dataset.root());
        let value = dataset.value(&entity, &definition, &arguments(&context), owner);
        FieldFuture::Value(to_field_value(&dataset, &definition, kind, &value))
    });
    field.arguments.iter().map(|one| input(&one.node)).fold(own, Field::argument)
}

/// Converts a JSON value for async-graphql; entities of abstract types get their type name.
fn to_field_value(
    dataset: &Dataset,
    field: &FieldDefinition,
    kind: Option<Kind>,
    value: &Json,
) -> Option<FieldValue<'static>> {
    if let Json::Array(items) = value {
        let items = items
            .iter()
            .map(|item| to_field_value(dataset, field, kind, item).unwrap_or(FieldValue::NULL));
        return Some(FieldValue::list(items));
    }
    if value.is_null() {
        return None;
    }
    Some(match kind {
        None | Some(Kind::Enum | Kind::Input) => {
            FieldValue::value(Value::from_json(value.clone()).unwrap())
        }
        Some(Kind::Object) => FieldValue::owned_any(dataset.resolve(field, value)),
        Some(Kind::Interface | Kind::Union) => {
            let entity = dataset.resolve(field, value);
            let type_name = entity.type_name.clone();
            FieldValue::owned_any(entity).with_type(type_name)
        }
    })
}

fn arguments(context: &ResolverContext<'_>) -> Map<String, Json> {
    let entries = context.args.iter();
    let json = |value: &Value| value.clone().into_json().unwrap();
    entries.map(|(name, value)| (name.to_string(), json(value.as_value()))).collect()
}

fn interface_field(field: &FieldDefinition) -> InterfaceField {
    let own = InterfaceField::new(field.name.node.as_str(), type_ref(&field.ty.node));
    field.arguments.iter().map(|one| input(&one.node)).fold(own, InterfaceField::argument)
}

fn input(definition: &InputValueDefinition) -> InputValue {
    let input = InputValue::new(definition.name.node.as_str(), type_ref(&definition.ty.node));
    match &definition.default_value {
        Some(value) => input.default_value(value.node.clone()),
        None => input,
    }
}

fn type_ref(ty: &Type) -> TypeRef {
    let base = match &ty.base {
        BaseType::Named(name) => TypeRef::named(name.as_str()),
        BaseType::List(inner) => TypeRef::List(Box::new(type_ref(inner))),
    };
    if ty.nullable { base } else { TypeRef::NonNull(Box::new(base)) }
}
