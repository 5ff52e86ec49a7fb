//! Random arguments, as literals or variables.

use async_graphql_parser::types::{BaseType, FieldDefinition, Type};
use serde_json::{Map, Value, json};

use super::definitions::{Definitions, Kind};
use crate::support::Rng;

/// Keys and fragments of names, some of which exist.
const TEXTS: [&str; 12] =
    ["ee", "ho", "me", "wi", "a", "b", "c", "d", "e", "nobody", "pa", "\"een\" \\ é"];

/// Variables of an operation.
#[derive(Debug, Default)]
pub(super) struct Variables(Vec<Variable>);

#[derive(Debug)]
struct Variable {
    ty: String,
    /// Default value, as a literal.
    default: Option<String>,
    value: Value,
}

/// A value, as a GraphQL literal and as JSON.
#[derive(Debug)]
pub(super) struct ArgumentValue {
    pub(super) literal: String,
    pub(super) json: Value,
}

impl From<Value> for ArgumentValue {
    fn from(json: Value) -> Self {
        Self { literal: json.to_string(), json }
    }
}

impl Variables {
    /// The variable definitions of the operation.
    pub(super) fn definitions(&self) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let each = self.0.iter().enumerate().map(|(number, variable)| {
            let default = variable.default.as_ref().map(|default| format!(" = {default}"));
            format!("$v{number}: {}{}", variable.ty, default.unwrap_or_default())
        });
        format!("({})", each.collect::<Vec<_>>().join(", "))
    }

    /// The variables to send; those with their default value are omitted.
    pub(super) fn values(&self) -> Value {
        self.collect_values(|variable| variable.default.is_none())
    }

    /// The values of all variables.
    pub(super) fn all_values(&self) -> Value {
        self.collect_values(|_| true)
    }

    fn collect_values(&self, include: impl Fn(&Variable) -> bool) -> Value {
        let each = self.0.iter().enumerate().filter(|(_, variable)| include(variable));
        let each = each.map(|(number, one)| (format!("v{number}"), one.value.clone()));
        Value::Object(each.collect::<Map<_, _>>())
    }

    /// Declares a variable of type `ty` whose value is sent or is the default.
    pub(super) fn declare(&mut self, ty: &str, value: ArgumentValue, rng: &mut Rng) -> String {
        let number = self.0.len();
        let default = (rng.below(3) == 0).then_some(value.literal);
        self.0.push(Variable { ty: ty.to_owned(), default, value: value.json });
        format!("$v{number}")
    }

    /// The arguments of a field, as GraphQL.
    pub(super) fn arguments(
        &mut self,
        field: &FieldDefinition,
        definitions: &Definitions,
        rng: &mut Rng,
    ) -> String {
        let mut all = Vec::new();
        for argument in &field.arguments {
            let (argument, ty) = (&argument.node, &argument.node.ty.node);
            let is_required = !ty.nullable && argument.default_value.is_none();
            if !is_required && rng.below(2) == 0 {
                continue;
            }
            let argument_value = value(ty, definitions, rng);
            let literal = if rng.below(2) == 0 {
                self.declare(&ty.to_string(), argument_value, rng)
            } else {
                argument_value.literal
            };
            all.push(format!("{}: {literal}", argument.name.node));
        }
        if all.is_empty() { String::new() } else { format!("({})", all.join(", ")) }
    }
}

/// A random value of type `ty`.
fn value(ty: &Type, definitions: &Definitions, rng: &mut Rng) -> ArgumentValue {
    if ty.nullable && rng.below(8) == 0 {
        return Value::Null.into();
    }
    let name = match &ty.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(inner) => {
            let items = 0..rng.below(3);
            return list(items.map(|_| value(inner, definitions, rng)).collect());
        }
    };
    match (name, definitions.get(name)) {
        ("Int", _) => json!(rng.below(4)).into(),
        ("Float", _) => {
            let whole = f64::from(u32::try_from(rng.below(1_000_000)).unwrap());
            json!(whole / 7_919.0).into()
        }
        (_, Some(one)) if one.kind == Kind::Enum => {
            let members: Vec<&str> = one.members.iter().map(String::as_str).collect();
            let chosen = rng.pick(&members);
            ArgumentValue { literal: chosen.to_owned(), json: json!(chosen) }
        }
        (_, Some(one)) => {
            let mut fields = Vec::new();
            for input in &one.inputs {
                if !input.ty.node.nullable || rng.below(2) == 0 {
                    let field_value = value(&input.ty.node, definitions, rng);
                    fields.push((input.name.node.to_string(), field_value));
                }
            }
            object(fields)
        }
        _ => json!(rng.pick(&TEXTS)).into(),
    }
}

fn list(items: Vec<ArgumentValue>) -> ArgumentValue {
    let literals: Vec<_> = items.iter().map(|item| item.literal.as_str()).collect();
    let literal = format!("[{}]", literals.join(", "));
    ArgumentValue { literal, json: items.into_iter().map(|item| item.json).collect() }
}

fn object(fields: Vec<(String, ArgumentValue)>) -> ArgumentValue {
    let literals: Vec<_> =
        fields.iter().map(|(name, value)| format!("{name}: {}", value.literal)).collect();
    let literal = format!("{{ {} }}", literals.join(", "));
    let json = fields.into_iter().map(|(name, value)| (name, value.json)).collect();
    ArgumentValue { literal, json: Value::Object(json) }
}
