//! `__schema` and `__type`: what clients see of the supergraph, told by its tables.

use async_graphql::{
    Name, Positioned, Value,
    indexmap::IndexMap,
    parser::types::{Field as Asked, SelectionSet},
};

use super::select::{Selected, Selection};
use crate::supergraph::{Definition, Directive, EnumValue, Field, InputValue, Shape, Type, Types};

/// What answers.
pub(super) struct Schema<'s, 'a> {
    pub(super) types: &'a Types,
    pub(super) select: &'s Selection<'a>,
}

/// A thing that introspection tells of.
#[derive(Clone, Copy)]
enum Thing<'a> {
    Schema,
    Definition(&'a Definition),
    /// A list or a non-null type; named ones are [`Thing::Definition`].
    Wrapped(&'a Type),
    Field(&'a Field),
    Input(&'a InputValue),
    EnumValue(&'a EnumValue),
    Directive(&'a Directive),
}

/// What a field of a thing is.
enum Told<'a> {
    Leaf(Value),
    One(Thing<'a>),
    Many(Vec<Thing<'a>>),
}

impl<'a> Schema<'_, 'a> {
    /// The value of a field at the root.
    pub(super) fn root(&self, first: &'a Asked, fields: &Selected<'a>) -> Value {
        if first.name.node == "__schema" {
            return self.thing(Thing::Schema, fields);
        }
        let name = first.get_argument("name").and_then(|name| self.select.value(&name.node));
        let Some(Value::String(name)) = name else { return Value::Null };
        match self.types.get(&name) {
            Some(definition) => self.thing(Thing::Definition(definition), fields),
            None => Value::Null,
        }
    }

    fn thing(&self, thing: Thing<'a>, fields: &[&'a Positioned<Asked>]) -> Value {
        let sets: Vec<&SelectionSet> =
            fields.iter().map(|field| &field.node.selection_set.node).collect();
        let mut object: IndexMap<Name, Value> = IndexMap::new();
        for (key, fields) in self.select.fields(thing.type_name(), &sets).fields {
            let Some(first) = fields.first() else { continue };
            let value = match first.node.name.node.as_str() {
                "__typename" => Told::Leaf(Value::from(thing.type_name())),
                name => self.tell(thing, name, &first.node),
            };
            let value = match value {
                Told::Leaf(value) => value,
                Told::One(thing) => self.thing(thing, &fields),
                Told::Many(things) => {
                    Value::List(things.into_iter().map(|one| self.thing(one, &fields)).collect())
                }
            };
            object.insert(key.clone(), value);
        }
        Value::Object(object)
    }

    fn tell(&self, thing: Thing<'a>, name: &str, asked: &Asked) -> Told<'a> {
        let all = self.includes_deprecated(asked);
        match thing {
            Thing::Schema => self.schema(name),
            Thing::Definition(definition) => self.definition(definition, name, all),
            Thing::Wrapped(ty) => match (ty, name) {
                (Type::List(_), "kind") => leaf("LIST"),
                (Type::NonNull(_), "kind") => leaf("NON_NULL"),
                (Type::List(inner) | Type::NonNull(inner), "ofType") => self.one(inner),
                _ => Told::Leaf(Value::Null),
            },
            Thing::Field(field) => match name {
                "name" => leaf(&field.name),
                "description" => optional(field.description.as_deref()),
                "args" => inputs(field.arguments.values(), all),
                "type" => self.one(&field.ty),
                other => deprecated(other, field.deprecated.as_deref()),
            },
            Thing::Input(input) => match name {
                "name" => leaf(&input.name),
                "description" => optional(input.description.as_deref()),
                "type" => self.one(&input.ty),
                "defaultValue" => optional(input.default.as_deref()),
                other => deprecated(other, input.deprecated.as_deref()),
            },
            Thing::EnumValue(value) => match name {
                "name" => leaf(&value.name),
                "description" => optional(value.description.as_deref()),
                other => deprecated(other, value.deprecated.as_deref()),
            },
            Thing::Directive(directive) => match name {
                "name" => leaf(&directive.name),
                "description" => optional(directive.description.as_deref()),
                "isRepeatable" => Told::Leaf(Value::Boolean(directive.repeatable)),
                "locations" => {
                    let locations = directive.locations.iter().map(|l| Value::from(&**l));
                    Told::Leaf(Value::List(locations.collect()))
                }
                "args" => inputs(directive.arguments.values(), all),
                _ => Told::Leaf(Value::Null),
            },
        }
    }

    fn schema(&self, name: &str) -> Told<'a> {
        let types = self.types;
        let root = |name: Option<&str>| match name.and_then(|name| types.get(name)) {
            Some(definition) => Told::One(Thing::Definition(definition)),
            None => Told::Leaf(Value::Null),
        };
        match name {
            "types" => Told::Many(types.all().map(Thing::Definition).collect()),
            "queryType" => root(Some(&types.query)),
            "mutationType" => root(types.mutation.as_deref()),
            "subscriptionType" => root(types.subscription.as_deref()),
            "directives" => Told::Many(types.directives.iter().map(Thing::Directive).collect()),
            _ => Told::Leaf(Value::Null),
        }
    }

    fn definition(&self, definition: &'a Definition, name: &str, all: bool) -> Told<'a> {
        match (name, &definition.shape) {
            ("kind", shape) => leaf(kind(shape)),
            ("name", _) => leaf(&definition.name),
            ("description", _) => optional(definition.description.as_deref()),
            ("specifiedByURL", Shape::Scalar { specified_by }) => optional(specified_by.as_deref()),
            ("fields", Shape::Object { fields, .. } | Shape::Interface { fields, .. }) => {
                let shown = fields.values().filter(|field| all || field.deprecated.is_none());
                Told::Many(shown.map(Thing::Field).collect())
            }
            (
                "interfaces",
                Shape::Object { interfaces, .. } | Shape::Interface { interfaces, .. },
            ) => {
                let interfaces = interfaces.iter().filter_map(|name| self.types.get(name));
                Told::Many(interfaces.map(Thing::Definition).collect())
            }
            ("possibleTypes", Shape::Interface { .. } | Shape::Union) => {
                let behind = self.types.behind(&definition.name);
                let objects = behind
                    .filter_map(|name| self.types.get(name))
                    .filter(|definition| matches!(definition.shape, Shape::Object { .. }));
                Told::Many(objects.map(Thing::Definition).collect())
            }
            ("enumValues", Shape::Enum { values }) => {
                let shown = values.values().filter(|value| all || value.deprecated.is_none());
                Told::Many(shown.map(Thing::EnumValue).collect())
            }
            ("inputFields", Shape::Input { fields }) => inputs(fields.values(), all),
            ("isOneOf", Shape::Input { .. }) => Told::Leaf(Value::Boolean(false)),
            _ => Told::Leaf(Value::Null),
        }
    }

    fn one(&self, ty: &'a Type) -> Told<'a> {
        match ty {
            Type::Named(name) => match self.types.get(name) {
                Some(definition) => Told::One(Thing::Definition(definition)),
                None => Told::Leaf(Value::Null),
            },
            wrapped => Told::One(Thing::Wrapped(wrapped)),
        }
    }

    fn includes_deprecated(&self, asked: &Asked) -> bool {
        let value = asked.get_argument("includeDeprecated");
        value.and_then(|value| self.select.value(&value.node)) == Some(Value::Boolean(true))
    }
}

impl Thing<'_> {
    const fn type_name(self) -> &'static str {
        match self {
            Self::Schema => "__Schema",
            Self::Definition(_) | Self::Wrapped(_) => "__Type",
            Self::Field(_) => "__Field",
            Self::Input(_) => "__InputValue",
            Self::EnumValue(_) => "__EnumValue",
            Self::Directive(_) => "__Directive",
        }
    }
}

const fn kind(shape: &Shape) -> &'static str {
    match shape {
        Shape::Scalar { .. } => "SCALAR",
        Shape::Object { .. } => "OBJECT",
        Shape::Interface { .. } => "INTERFACE",
        Shape::Union => "UNION",
        Shape::Enum { .. } => "ENUM",
        Shape::Input { .. } => "INPUT_OBJECT",
    }
}

fn leaf<'a>(text: &str) -> Told<'a> {
    Told::Leaf(Value::from(text))
}

fn optional<'a>(text: Option<&str>) -> Told<'a> {
    Told::Leaf(text.map_or(Value::Null, Value::from))
}

fn inputs<'a>(given: impl Iterator<Item = &'a InputValue>, all: bool) -> Told<'a> {
    let shown = given.filter(|input| all || input.deprecated.is_none());
    Told::Many(shown.map(Thing::Input).collect())
}

fn deprecated<'a>(name: &str, reason: Option<&str>) -> Told<'a> {
    match name {
        "isDeprecated" => Told::Leaf(Value::Boolean(reason.is_some())),
        "deprecationReason" => optional(reason),
        _ => Told::Leaf(Value::Null),
    }
}
