//! The values of variables by the specification (section 6.1.2): defaults, lists of one, enums,
//! inputs, and numbers within their range.

use async_graphql::{
    Name, Positioned, ServerError, Value, Variables,
    indexmap::IndexMap,
    parser::types::{BaseType, Type as Given, VariableDefinition},
};

use crate::{
    failure::Failure,
    supergraph::{InputValue, Shape, Type, Types},
};

/// Coerces what was given for the variables of an operation. What was neither given nor has a default
/// has no value.
///
/// # Errors
/// The first value that is none of the type of its variable.
pub(super) fn variables(
    types: &Types,
    definitions: &[Positioned<VariableDefinition>],
    given: &Variables,
) -> Result<Variables, ServerError> {
    let mut coerced = Variables::default();
    for definition in definitions {
        let VariableDefinition { name, var_type, default_value, .. } = &definition.node;
        let default = default_value.as_ref().map(|value| &value.node);
        let Some(value) = given.get(&name.node).or(default) else { continue };
        let value = coerce(types, &declared(&var_type.node), value).map_err(|reason| {
            let message = format!("the variable `${}` {reason}", name.node);
            Failure::bad_request(message).at(Some(definition.pos))
        })?;
        coerced.insert(name.node.clone(), value);
    }
    Ok(coerced)
}

fn declared(given: &Given) -> Type {
    let base = match &given.base {
        BaseType::Named(name) => Type::Named(name.to_string()),
        BaseType::List(inner) => Type::List(Box::new(declared(inner))),
    };
    if given.nullable { base } else { Type::NonNull(Box::new(base)) }
}

/// A value as one of the type `ty`, or how it fails to be one.
fn coerce(types: &Types, ty: &Type, value: &Value) -> Result<Value, String> {
    match (ty, value) {
        (Type::NonNull(_), Value::Null) => Err("must have a value where it has null".to_owned()),
        (Type::NonNull(inner), value) => coerce(types, inner, value),
        (_, Value::Null) => Ok(Value::Null),
        (Type::List(inner), Value::List(items)) => {
            let items = items.iter().map(|item| coerce(types, inner, item));
            Ok(Value::List(items.collect::<Result<_, _>>()?))
        }
        (Type::List(inner), value) => Ok(Value::List(vec![coerce(types, inner, value)?])),
        (Type::Named(name), value) => named(types, name, value),
    }
}

fn named(types: &Types, name: &str, value: &Value) -> Result<Value, String> {
    let wrong = || Err(format!("must be of the type `{name}`: {}", shown(value)));
    match (name, value) {
        ("Int", Value::Number(number)) => {
            // `1.0` is an integer to clients whose language has one sort of number.
            let whole = number.as_i64().or_else(|| number.as_f64().and_then(whole));
            match whole.and_then(|whole| i32::try_from(whole).ok()) {
                Some(whole) => Ok(Value::from(whole)),
                None => wrong(),
            }
        }
        ("Float", Value::Number(_))
        | ("String" | "ID", Value::String(_))
        | ("Boolean", Value::Boolean(_)) => Ok(value.clone()),
        ("ID", Value::Number(number)) if number.is_i64() || number.is_u64() => {
            Ok(Value::String(number.to_string()))
        }
        ("Int" | "Float" | "String" | "Boolean" | "ID", _) => wrong(),
        _ => match types.get(name).map(|definition| &definition.shape) {
            Some(Shape::Enum { values }) => {
                let known = match value {
                    Value::String(text) => values.contains_key(text.as_str()),
                    Value::Enum(text) => values.contains_key(text.as_str()),
                    _ => false,
                };
                if known { Ok(value.clone()) } else { wrong() }
            }
            Some(Shape::Input { fields }) => match value {
                Value::Object(given) => input(types, name, fields, given),
                _ => wrong(),
            },
            _ => Ok(value.clone()),
        },
    }
}

fn whole(number: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
    let whole = number as i64;
    let within = number.fract() == 0.0 && number.abs() < 9.0e15;
    within.then_some(whole)
}

fn input(
    types: &Types,
    name: &str,
    fields: &IndexMap<String, InputValue>,
    given: &IndexMap<Name, Value>,
) -> Result<Value, String> {
    if let Some(unknown) = given.keys().find(|key| !fields.contains_key(key.as_str())) {
        return Err(format!("has a field that `{name}` has not: `{unknown}`"));
    }
    let mut object = IndexMap::new();
    for (key, field) in fields {
        match given.get(key.as_str()) {
            Some(value) => {
                let value = coerce(types, &field.ty, value)
                    .map_err(|reason| format!("in its field `{key}` {reason}"))?;
                object.insert(Name::new(key), value);
            }
            // A default is the subgraph's own; it knows it too.
            None if field.default.is_some() => {}
            None if matches!(field.ty, Type::NonNull(_)) => {
                return Err(format!("must have the field `{key}` of `{name}`"));
            }
            None => {}
        }
    }
    Ok(Value::Object(object))
}

/// So much of a wrong value is shown.
const SHOWN_CHARACTERS_MAX: usize = 60;

fn shown(value: &Value) -> String {
    let text: String = value.to_string().chars().take(SHOWN_CHARACTERS_MAX).collect();
    format!("`{text}`")
}
