//! Resolves `__schema` and `__type` from the public schema of the supergraph.

use async_graphql_parser::{
    Positioned,
    types::{Field as FieldNode, SelectionSet},
};
use async_graphql_value::{ConstValue as Value, Name, indexmap::IndexMap};

use super::select::{FieldCollector, FieldGroup};
use crate::schema::{
    Definition, Directive, EnumValue, Field, InputValue, PublicSchema, Type, TypeKind,
};

/// Resolves introspection fields.
pub(super) struct IntrospectionResolver<'s, 'a> {
    pub(super) types: &'a PublicSchema,
    pub(super) collector: &'s FieldCollector<'a>,
}

/// An object of the introspection schema.
#[derive(Clone, Copy)]
enum IntrospectedItem<'a> {
    Schema,
    Definition(&'a Definition),
    /// A list or non-null type; named types are [`IntrospectedItem::Definition`].
    Wrapped(&'a Type),
    Field(&'a Field),
    Input(&'a InputValue),
    EnumValue(&'a EnumValue),
    Directive(&'a Directive),
}

/// The value of an introspection field.
enum IntrospectionValue<'a> {
    Leaf(Value),
    One(IntrospectedItem<'a>),
    Many(Vec<IntrospectedItem<'a>>),
}

impl<'a> IntrospectionResolver<'_, 'a> {
    /// The value of a root field.
    pub(super) fn root(&self, fields: &FieldGroup<'a>) -> Value {
        let Some(first) = fields.first().map(|field| &field.node) else { return Value::Null };
        if first.name.node == "__schema" {
            return self.item(IntrospectedItem::Schema, fields);
        }
        let name = first.get_argument("name").and_then(|name| self.collector.value(&name.node));
        let Some(Value::String(name)) = name else { return Value::Null };
        match self.types.get(&name) {
            Some(definition) => self.item(IntrospectedItem::Definition(definition), fields),
            None => Value::Null,
        }
    }

    fn item(&self, item: IntrospectedItem<'a>, fields: &[&'a Positioned<FieldNode>]) -> Value {
        let sets: Vec<&SelectionSet> =
            fields.iter().map(|field| &field.node.selection_set.node).collect();
        let mut object: IndexMap<Name, Value> = IndexMap::new();
        for (key, fields) in self.collector.collect_fields(item.type_name(), &sets).fields {
            let Some(first) = fields.first() else { continue };
            let value = match first.node.name.node.as_str() {
                "__typename" => IntrospectionValue::Leaf(Value::from(item.type_name())),
                name => self.resolve(item, name, &first.node),
            };
            let value = match value {
                IntrospectionValue::Leaf(value) => value,
                IntrospectionValue::One(item) => self.item(item, &fields),
                IntrospectionValue::Many(items) => {
                    Value::List(items.into_iter().map(|one| self.item(one, &fields)).collect())
                }
            };
            object.insert(key.clone(), value);
        }
        Value::Object(object)
    }

    fn resolve(
        &self,
        item: IntrospectedItem<'a>,
        name: &str,
        node: &FieldNode,
    ) -> IntrospectionValue<'a> {
        let all = self.includes_deprecated(node);
        match item {
            IntrospectedItem::Schema => self.schema(name),
            IntrospectedItem::Definition(definition) => self.definition(definition, name, all),
            IntrospectedItem::Wrapped(ty) => match (ty, name) {
                (Type::List(_), "kind") => leaf("LIST"),
                (Type::NonNull(_), "kind") => leaf("NON_NULL"),
                (Type::List(inner) | Type::NonNull(inner), "ofType") => self.one(inner),
                _ => IntrospectionValue::Leaf(Value::Null),
            },
            IntrospectedItem::Field(field) => match name {
                "name" => leaf(&field.name),
                "description" => optional(field.description.as_deref()),
                "args" => input_values(field.arguments.values(), all),
                "type" => self.one(&field.ty),
                other => deprecated(other, field.deprecated.as_deref()),
            },
            IntrospectedItem::Input(input) => match name {
                "name" => leaf(&input.name),
                "description" => optional(input.description.as_deref()),
                "type" => self.one(&input.ty),
                "defaultValue" => optional(input.default.as_deref()),
                other => deprecated(other, input.deprecated.as_deref()),
            },
            IntrospectedItem::EnumValue(value) => match name {
                "name" => leaf(&value.name),
                "description" => optional(value.description.as_deref()),
                other => deprecated(other, value.deprecated.as_deref()),
            },
            IntrospectedItem::Directive(directive) => match name {
                "name" => leaf(&directive.name),
                "description" => optional(directive.description.as_deref()),
                "isRepeatable" => IntrospectionValue::Leaf(Value::Boolean(directive.repeatable)),
                "locations" => {
                    let locations = directive.locations.iter().map(|l| Value::from(&**l));
                    IntrospectionValue::Leaf(Value::List(locations.collect()))
                }
                "args" => input_values(directive.arguments.values(), all),
                _ => IntrospectionValue::Leaf(Value::Null),
            },
        }
    }

    fn schema(&self, name: &str) -> IntrospectionValue<'a> {
        let types = self.types;
        let root = |name: Option<&str>| match name.and_then(|name| types.get(name)) {
            Some(definition) => IntrospectionValue::One(IntrospectedItem::Definition(definition)),
            None => IntrospectionValue::Leaf(Value::Null),
        };
        match name {
            "types" => {
                IntrospectionValue::Many(types.all().map(IntrospectedItem::Definition).collect())
            }
            "queryType" => root(Some(&types.query)),
            "mutationType" => root(types.mutation.as_deref()),
            "subscriptionType" => root(types.subscription.as_deref()),
            "directives" => IntrospectionValue::Many(
                types.directives.iter().map(IntrospectedItem::Directive).collect(),
            ),
            _ => IntrospectionValue::Leaf(Value::Null),
        }
    }

    fn definition(
        &self,
        definition: &'a Definition,
        name: &str,
        all: bool,
    ) -> IntrospectionValue<'a> {
        match (name, &definition.kind) {
            ("kind", shape) => leaf(kind_name(shape)),
            ("name", _) => leaf(&definition.name),
            ("description", _) => optional(definition.description.as_deref()),
            ("specifiedByURL", TypeKind::Scalar { specified_by }) => {
                optional(specified_by.as_deref())
            }
            ("fields", TypeKind::Object { fields, .. } | TypeKind::Interface { fields, .. }) => {
                let shown = fields.values().filter(|field| all || field.deprecated.is_none());
                IntrospectionValue::Many(shown.map(IntrospectedItem::Field).collect())
            }
            (
                "interfaces",
                TypeKind::Object { interfaces, .. } | TypeKind::Interface { interfaces, .. },
            ) => {
                let interfaces = interfaces.iter().filter_map(|name| self.types.get(name));
                IntrospectionValue::Many(interfaces.map(IntrospectedItem::Definition).collect())
            }
            ("possibleTypes", TypeKind::Interface { .. } | TypeKind::Union) => {
                let possible_types = self.types.possible_types(&definition.name);
                let objects = possible_types
                    .filter_map(|name| self.types.get(name))
                    .filter(|definition| matches!(definition.kind, TypeKind::Object { .. }));
                IntrospectionValue::Many(objects.map(IntrospectedItem::Definition).collect())
            }
            ("enumValues", TypeKind::Enum { values }) => {
                let shown = values.values().filter(|value| all || value.deprecated.is_none());
                IntrospectionValue::Many(shown.map(IntrospectedItem::EnumValue).collect())
            }
            ("inputFields", TypeKind::Input { fields, .. }) => input_values(fields.values(), all),
            ("isOneOf", TypeKind::Input { is_one_of, .. }) => {
                IntrospectionValue::Leaf(Value::Boolean(*is_one_of))
            }
            _ => IntrospectionValue::Leaf(Value::Null),
        }
    }

    fn one(&self, ty: &'a Type) -> IntrospectionValue<'a> {
        match ty {
            Type::Named(name) => match self.types.get(name) {
                Some(definition) => {
                    IntrospectionValue::One(IntrospectedItem::Definition(definition))
                }
                None => IntrospectionValue::Leaf(Value::Null),
            },
            wrapped => IntrospectionValue::One(IntrospectedItem::Wrapped(wrapped)),
        }
    }

    fn includes_deprecated(&self, node: &FieldNode) -> bool {
        let value = node.get_argument("includeDeprecated");
        value.and_then(|value| self.collector.value(&value.node)) == Some(Value::Boolean(true))
    }
}

impl IntrospectedItem<'_> {
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

const fn kind_name(shape: &TypeKind) -> &'static str {
    match shape {
        TypeKind::Scalar { .. } => "SCALAR",
        TypeKind::Object { .. } => "OBJECT",
        TypeKind::Interface { .. } => "INTERFACE",
        TypeKind::Union => "UNION",
        TypeKind::Enum { .. } => "ENUM",
        TypeKind::Input { .. } => "INPUT_OBJECT",
    }
}

fn leaf<'a>(text: &str) -> IntrospectionValue<'a> {
    IntrospectionValue::Leaf(Value::from(text))
}

fn optional<'a>(text: Option<&str>) -> IntrospectionValue<'a> {
    IntrospectionValue::Leaf(text.map_or(Value::Null, Value::from))
}

fn input_values<'a>(
    values: impl Iterator<Item = &'a InputValue>,
    all: bool,
) -> IntrospectionValue<'a> {
    let shown = values.filter(|input| all || input.deprecated.is_none());
    IntrospectionValue::Many(shown.map(IntrospectedItem::Input).collect())
}

fn deprecated<'a>(name: &str, reason: Option<&str>) -> IntrospectionValue<'a> {
    match name {
        "isDeprecated" => IntrospectionValue::Leaf(Value::Boolean(reason.is_some())),
        "deprecationReason" => optional(reason),
        _ => IntrospectionValue::Leaf(Value::Null),
    }
}
