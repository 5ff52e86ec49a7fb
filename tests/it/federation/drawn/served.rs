//! The town as a GraphQL service of async-graphql: one of its subgraphs, or all of it.

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
    definitions::{Definition, Definitions, Kind, named},
    world::{Thing, Whose, World},
};

/// A service that answers what `definitions` define.
pub(super) fn service(definitions: &Definitions, world: &Arc<World>, whose: Whose) -> Schema {
    let mut builder = Schema::build("Query", None, None);
    for (name, definition) in &definitions.types {
        builder = match definition.kind {
            Kind::Object => builder.register(object(name, definition, definitions, world, whose)),
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
    if whose == Whose::Subgraph {
        let world = Arc::clone(world);
        builder = builder.enable_federation().entity_resolver(move |context| {
            let given = arguments(&context);
            let things = given["representations"].as_array().unwrap().iter();
            let things = things.map(|representation| {
                let thing = world
                    .entity(representation)
                    .unwrap_or_else(|| panic!("nothing is represented by {representation}"));
                let of = thing.of.clone();
                FieldValue::owned_any(thing).with_type(of)
            });
            FieldFuture::Value(Some(FieldValue::list(things)))
        });
    }
    builder.finish().unwrap()
}

fn object(
    name: &str,
    definition: &Definition,
    definitions: &Definitions,
    world: &Arc<World>,
    whose: Whose,
) -> Object {
    let mut object = Object::new(name);
    for interface in &definition.interfaces {
        object = object.implement(interface);
    }
    if whose == Whose::Subgraph {
        for key in &definition.keys {
            object = object.key(key);
        }
    }
    for field in &definition.fields {
        object = object.field(answered(field, definitions, world, whose));
    }
    object
}

/// A field with its arguments and where its value comes from.
fn answered(
    field: &FieldDefinition,
    definitions: &Definitions,
    world: &Arc<World>,
    whose: Whose,
) -> Field {
    let kind = definitions.get(named(&field.ty.node)).map(|one| one.kind);
    let (world, asked) = (Arc::clone(world), field.clone());
    let ty = type_ref(&field.ty.node);
    let own = Field::new(field.name.node.as_str(), ty, move |context| {
        let thing = context.parent_value.downcast_ref::<Thing>().cloned();
        let thing = thing.unwrap_or_else(|| world.root());
        let value = world.value(&thing, &asked, &arguments(&context), whose);
        FieldFuture::Value(shaped(&world, &asked, kind, &value))
    });
    field.arguments.iter().map(|one| input(&one.node)).fold(own, Field::argument)
}

/// A value as async-graphql wants it: a thing as one, with its type where several are possible.
fn shaped(
    world: &World,
    field: &FieldDefinition,
    kind: Option<Kind>,
    value: &Json,
) -> Option<FieldValue<'static>> {
    if let Json::Array(items) = value {
        let items = items.iter().filter_map(|item| shaped(world, field, kind, item));
        return Some(FieldValue::list(items));
    }
    if value.is_null() {
        return None;
    }
    Some(match kind {
        None | Some(Kind::Enum | Kind::Input) => {
            FieldValue::value(Value::from_json(value.clone()).unwrap())
        }
        Some(Kind::Object) => FieldValue::owned_any(world.thing(field, value)),
        Some(Kind::Interface | Kind::Union) => {
            let thing = world.thing(field, value);
            let of = thing.of.clone();
            FieldValue::owned_any(thing).with_type(of)
        }
    })
}

fn arguments(context: &ResolverContext<'_>) -> Map<String, Json> {
    let given = context.args.iter();
    let json = |value: &Value| value.clone().into_json().unwrap();
    given.map(|(name, value)| (name.to_string(), json(value.as_value()))).collect()
}

fn interface_field(field: &FieldDefinition) -> InterfaceField {
    let own = InterfaceField::new(field.name.node.as_str(), type_ref(&field.ty.node));
    field.arguments.iter().map(|one| input(&one.node)).fold(own, InterfaceField::argument)
}

fn input(given: &InputValueDefinition) -> InputValue {
    let input = InputValue::new(given.name.node.as_str(), type_ref(&given.ty.node));
    match &given.default_value {
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
