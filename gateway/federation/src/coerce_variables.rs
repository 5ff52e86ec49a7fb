//! Coerces variable values as specified (section 6.1.2): defaults, single-item lists, enums, input
//! objects and number ranges.

use async_graphql_parser::types::{BaseType, Type as AstType, VariableDefinition};
use async_graphql_value::{ConstValue as Value, Name, Number, Variables, indexmap::IndexMap};

use crate::{
    error::{ApiError, GraphqlError},
    operation::Operation,
    operation_key::condition_variables,
    schema::{EnumValue, InputValue, PublicSchema, Type, TypeKind},
    suggestions::nearest,
};

impl PublicSchema {
    /// Coerces the variables of an operation, and adds defaults. A nullable variable without a value
    /// or default stays undefined.
    ///
    /// # Errors
    /// The first value that does not match the type of its variable.
    pub fn coerce_variables(
        &self,
        operation: &Operation,
        provided: &Variables,
    ) -> Result<Variables, GraphqlError> {
        let mut coerced = Variables::default();
        for definition in &operation.definition().node.variable_definitions {
            let VariableDefinition { name, var_type, default_value, .. } = &definition.node;
            let default = default_value.as_ref().map(|value| &value.node);
            let Some(value) = provided.get(&name.node).or(default) else {
                if var_type.node.nullable {
                    continue;
                }
                let (name, wanted) = (&name.node, &var_type.node);
                let message = format!("variable `${name}` requires a value of type `{wanted}`");
                return Err(ApiError::bad_user_input(message).at(definition.pos));
            };
            let value = coerce(self, &declared(&var_type.node), value).map_err(|reason| {
                let message = format!("invalid value for variable `${}`: {reason}", name.node);
                ApiError::bad_user_input(message).at(definition.pos)
            })?;
            // A default permits a nullable variable, of which null is still no value for `if`.
            if value == Value::Null && condition_variables(operation).contains(&name.node) {
                let message = format!("variable `${}` must not be null: a condition", name.node);
                return Err(ApiError::bad_user_input(message).at(definition.pos));
            }
            coerced.insert(name.node.clone(), value);
        }
        Ok(coerced)
    }
}

fn declared(ast_type: &AstType) -> Type {
    let base = match &ast_type.base {
        BaseType::Named(name) => Type::Named(name.to_string()),
        BaseType::List(inner) => Type::List(Box::new(declared(inner))),
    };
    if ast_type.nullable { base } else { Type::NonNull(Box::new(base)) }
}

/// Coerces a value to the type `ty`, or describes why it is invalid.
fn coerce(types: &PublicSchema, ty: &Type, value: &Value) -> Result<Value, String> {
    match (ty, value) {
        (Type::NonNull(_), Value::Null) => Err("must not be null".to_owned()),
        (Type::NonNull(inner), value) => coerce(types, inner, value),
        (_, Value::Null) => Ok(Value::Null),
        (Type::List(inner), Value::List(items)) => {
            let items = items.iter().map(|item| coerce(types, inner, item));
            Ok(Value::List(items.collect::<Result<_, _>>()?))
        }
        (Type::List(inner), value) => Ok(Value::List(vec![coerce(types, inner, value)?])),
        (Type::Named(name), value) => coerce_named(types, name, value),
    }
}

fn coerce_named(types: &PublicSchema, name: &str, value: &Value) -> Result<Value, String> {
    let invalid = || Err(format!("must be of type `{name}`: {}", quote(value)));
    match (name, value) {
        // Clients whose language has a single number type send integers as `1.0`.
        ("Int", Value::Number(number)) => {
            match whole_number(number).and_then(|whole| i32::try_from(whole).ok()) {
                Some(whole) => Ok(Value::from(whole)),
                None => invalid(),
            }
        }
        ("Float", Value::Number(_))
        | ("String" | "ID", Value::String(_))
        | ("Boolean", Value::Boolean(_)) => Ok(value.clone()),
        ("ID", Value::Number(number)) if number.is_u64() => Ok(Value::String(number.to_string())),
        ("ID", Value::Number(number)) => match whole_number(number) {
            Some(whole) => Ok(Value::String(whole.to_string())),
            None => invalid(),
        },
        ("Int" | "Float" | "String" | "Boolean" | "ID", _) => invalid(),
        _ => match types.get(name).map(|definition| &definition.kind) {
            Some(TypeKind::Enum { values }) => {
                let is_valid = match value {
                    Value::String(text) => values.contains_key(text.as_str()),
                    Value::Enum(text) => values.contains_key(text.as_str()),
                    _ => false,
                };
                if is_valid { Ok(value.clone()) } else { Err(unknown_value(name, value, values)) }
            }
            Some(TypeKind::Input { fields, is_one_of }) => match value {
                Value::Object(provided) if *is_one_of && !has_one_value(provided) => {
                    Err(format!("exactly one field of `{name}` must have a value"))
                }
                Value::Object(provided) => coerce_input(types, name, fields, provided),
                _ => invalid(),
            },
            Some(TypeKind::Scalar { .. }) => {
                let text = if let Value::String(text) = value { Some(&**text) } else { None };
                if types.accepts_scalar(name, text) { Ok(value.clone()) } else { invalid() }
            }
            _ => Ok(value.clone()),
        },
    }
}

/// Whether an object of a `@oneOf` type has exactly one field, which is not null.
fn has_one_value(provided: &IndexMap<Name, Value>) -> bool {
    provided.len() == 1 && provided.values().all(|value| *value != Value::Null)
}

/// The value of an integer, also if it is written as `1.0` or `1e2`.
pub fn whole_number(number: &Number) -> Option<i64> {
    if let Some(whole) = number.as_i64() {
        return Some(whole);
    }
    let number = number.as_f64()?;
    #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
    let whole = number as i64;
    let within = number.fract() == 0.0 && number.abs() < 9.0e15;
    within.then_some(whole)
}

fn coerce_input(
    types: &PublicSchema,
    name: &str,
    fields: &IndexMap<String, InputValue>,
    provided: &IndexMap<Name, Value>,
) -> Result<Value, String> {
    if let Some(unknown) = provided.keys().find(|key| !fields.contains_key(key.as_str())) {
        let nearest = suggestion(unknown, fields.keys());
        return Err(format!("unknown field of `{name}`: `{unknown}`{nearest}"));
    }
    let mut object = IndexMap::new();
    for (key, field) in fields {
        match provided.get(key.as_str()) {
            Some(value) => {
                let value = coerce(types, &field.ty, value)
                    .map_err(|reason| format!("field `{key}`: {reason}"))?;
                object.insert(Name::new(key), value);
            }
            // The subgraph applies the default itself.
            None if field.default.is_some() => {}
            None if matches!(field.ty, Type::NonNull(_)) => {
                return Err(format!("missing required field of `{name}`: `{key}`"));
            }
            None => {}
        }
    }
    Ok(Value::Object(object))
}

/// Why a value is not one of an enum, with the most similar one.
fn unknown_value(name: &str, value: &Value, values: &IndexMap<String, EnumValue>) -> String {
    let nearest = match value {
        Value::String(text) => suggestion(text, values.keys()),
        Value::Enum(text) => suggestion(text, values.keys()),
        _ => String::new(),
    };
    format!("must be of type `{name}`: {}{nearest}", quote(value))
}

fn suggestion<'c>(name: &str, candidates: impl Iterator<Item = &'c String>) -> String {
    nearest(name, candidates).map(|one| format!("; did you mean `{one}`?")).unwrap_or_default()
}

/// Maximum number of characters of an invalid value in an error.
const QUOTED_CHARACTERS_MAX: usize = 60;

fn quote(value: &Value) -> String {
    let text: String = value.to_string().chars().take(QUOTED_CHARACTERS_MAX).collect();
    format!("`{text}`")
}
