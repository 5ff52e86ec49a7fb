//! Arguments drawn at random, as they are written or by variables.

use async_graphql_parser::types::{BaseType, FieldDefinition, Type};
use serde_json::{Map, Value, json};

use super::definitions::{Definitions, Kind};
use crate::support::Dice;

/// Keys and parts of names, some of which there are.
const TEXTS: [&str; 12] =
    ["ee", "ho", "me", "wi", "a", "b", "c", "d", "e", "nobody", "pa", "\"een\" \\ é"];

/// The variables of one operation.
#[derive(Debug, Default)]
pub(super) struct Variables(Vec<Variable>);

#[derive(Debug)]
struct Variable {
    ty: String,
    /// Its default, as it is written.
    default: Option<String>,
    value: Value,
}

/// A value, as GraphQL writes it and as JSON.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) written: String,
    pub(super) sent: Value,
}

impl From<Value> for Given {
    fn from(sent: Value) -> Self {
        Self { written: sent.to_string(), sent }
    }
}

impl Variables {
    /// How the operation defines them.
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

    /// What a client sends for them: nothing where the default is meant.
    pub(super) fn values(&self) -> Value {
        self.those(|variable| variable.default.is_none())
    }

    /// The values of all.
    pub(super) fn all_values(&self) -> Value {
        self.those(|_| true)
    }

    fn those(&self, wanted: impl Fn(&Variable) -> bool) -> Value {
        let each = self.0.iter().enumerate().filter(|(_, variable)| wanted(variable));
        let each = each.map(|(number, one)| (format!("v{number}"), one.value.clone()));
        Value::Object(each.collect::<Map<_, _>>())
    }

    /// A variable of the type `ty` that has a value, by itself or by default.
    pub(super) fn of(&mut self, ty: &str, given: Given, dice: &mut Dice) -> String {
        let number = self.0.len();
        let default = (dice.below(3) == 0).then_some(given.written);
        self.0.push(Variable { ty: ty.to_owned(), default, value: given.sent });
        format!("$v{number}")
    }

    /// Arguments of a field, as they are written.
    pub(super) fn arguments(
        &mut self,
        field: &FieldDefinition,
        definitions: &Definitions,
        dice: &mut Dice,
    ) -> String {
        let mut all = Vec::new();
        for argument in &field.arguments {
            let (argument, ty) = (&argument.node, &argument.node.ty.node);
            let must = !ty.nullable && argument.default_value.is_none();
            if !must && dice.below(2) == 0 {
                continue;
            }
            let given = value(ty, definitions, dice);
            let given = if dice.below(2) == 0 {
                self.of(&ty.to_string(), given, dice)
            } else {
                given.written
            };
            all.push(format!("{}: {given}", argument.name.node));
        }
        if all.is_empty() { String::new() } else { format!("({})", all.join(", ")) }
    }
}

/// A value of the type `ty`.
fn value(ty: &Type, definitions: &Definitions, dice: &mut Dice) -> Given {
    if ty.nullable && dice.below(8) == 0 {
        return Value::Null.into();
    }
    let name = match &ty.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(inner) => {
            let items = 0..dice.below(3);
            return list(items.map(|_| value(inner, definitions, dice)).collect());
        }
    };
    match (name, definitions.get(name)) {
        ("Int", _) => json!(dice.below(4)).into(),
        (_, Some(one)) if one.kind == Kind::Enum => {
            let of: Vec<&str> = one.members.iter().map(String::as_str).collect();
            let chosen = dice.pick(&of);
            Given { written: chosen.to_owned(), sent: json!(chosen) }
        }
        (_, Some(one)) => {
            let mut parts = Vec::new();
            for input in &one.inputs {
                if !input.ty.node.nullable || dice.below(2) == 0 {
                    let given = value(&input.ty.node, definitions, dice);
                    parts.push((input.name.node.to_string(), given));
                }
            }
            object(parts)
        }
        _ => json!(dice.pick(&TEXTS)).into(),
    }
}

fn list(items: Vec<Given>) -> Given {
    let written: Vec<_> = items.iter().map(|item| item.written.as_str()).collect();
    let written = format!("[{}]", written.join(", "));
    Given { written, sent: items.into_iter().map(|item| item.sent).collect() }
}

fn object(parts: Vec<(String, Given)>) -> Given {
    let written: Vec<_> =
        parts.iter().map(|(name, given)| format!("{name}: {}", given.written)).collect();
    let written = format!("{{ {} }}", written.join(", "));
    let sent = parts.into_iter().map(|(name, given)| (name, given.sent)).collect();
    Given { written, sent: Value::Object(sent) }
}
