//! Checks the lookup of an entity against the schema of the service.

use async_graphql_value::Value;

use super::{SdlWriter, entities::is_required, type_index::Kind};
use crate::mapping::{EntityMapping, LookupQuery, LookupStep};

/// The key of the errors.
const KEY: &str = "entity.lookup";

impl SdlWriter<'_> {
    /// Checks that the lookup is valid, and that it returns one object or a list of the type.
    pub(super) fn check_lookup(&mut self, entity: &EntityMapping) {
        let EntityMapping { service_type, lookup, .. } = entity;
        if !self.service.can_be_key(lookup.key_type()) {
            let expected = "a query whose variable has type String, ID, Int or a custom scalar of \
                            the service";
            self.reject(KEY, expected, lookup.key_type());
            return;
        }
        let mut type_name = self.service.query;
        let mut has_list = false;
        for step in lookup.steps() {
            let Some(field) = self.field(KEY, type_name, &step.name) else { return };
            self.check_arguments(lookup, step, type_name);
            has_list |= field.ty().is_list();
            type_name = field.ty().name();
        }
        if type_name != service_type
            && !self.service.members(type_name).contains(&service_type.as_str())
        {
            let known = self.service.field_names(type_name).join("`, `");
            let more = if known.is_empty() {
                String::new()
            } else {
                format!("; select the field that has them (`{known}`)")
            };
            let expected = format!("a query that ends at objects of type `{service_type}`{more}");
            self.reject(KEY, &expected, type_name);
        } else if has_list != lookup.is_list() {
            let expected = if has_list {
                "a query for several keys (`$keys`), since it returns a list"
            } else {
                "a query for one key (`$key`), since it returns no list"
            };
            self.reject(KEY, expected, lookup.text());
        }
    }

    fn check_arguments(&mut self, lookup: &LookupQuery, step: &LookupStep, type_name: &str) {
        let Some(field) = self.service.field(type_name, &step.name) else { return };
        let coordinate = format!("{type_name}.{}", step.name);
        let known: Vec<_> = field.arguments().map(|one| one.name()).collect();
        for (name, value) in &step.arguments {
            let argument = field.arguments().find(|one| one.name() == name.as_str());
            if let Some(argument) = argument {
                self.check_value(lookup, value, &argument.ty().to_string());
            } else {
                let what = format!("a query with arguments of `{coordinate}`");
                self.reject_unknown(KEY, &what, name, &known);
            }
        }
        let is_given = |name: &str| step.arguments.iter().any(|(given, _)| given.as_str() == name);
        let missing = field.arguments().find(|one| is_required(one) && !is_given(one.name()));
        if let Some(argument) = missing {
            let expected =
                format!("a query with the argument `{}` of `{coordinate}`", argument.name());
            self.reject(KEY, &expected, lookup.text());
        }
    }

    /// Checks that the variable fits where it is used in a value for a type.
    fn check_value(&mut self, lookup: &LookupQuery, value: &Value, of_type: &str) {
        let inner = of_type.trim_end_matches('!');
        match value {
            Value::Variable(name) => {
                let actual = lookup.variable_type().to_string();
                if !fits(&actual, of_type) {
                    let expected = format!("a query with `${name}: {of_type}`");
                    self.reject(KEY, &expected, &actual);
                }
            }
            Value::List(items) => {
                let item = inner.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
                for one in items {
                    self.check_value(lookup, one, item.unwrap_or(inner));
                }
            }
            Value::Object(fields) if self.service.kind(inner) == Some(Kind::InputObject) => {
                let known = self.service.input_fields(inner);
                for (name, value) in fields {
                    let field = known.iter().find(|(known, _)| *known == name.as_str());
                    if let Some((_, of_type)) = field {
                        self.check_value(lookup, value, of_type);
                    } else {
                        let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
                        let what = format!("a query with fields of `{inner}`");
                        self.reject_unknown(KEY, &what, name, &names);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Whether a variable of a type can be used for another type.
fn fits(variable: &str, of_type: &str) -> bool {
    if let Some(of_type) = of_type.strip_suffix('!') {
        return variable.strip_suffix('!').is_some_and(|variable| fits(variable, of_type));
    }
    let variable = variable.strip_suffix('!').unwrap_or(variable);
    let item = |text: &str| {
        text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).map(str::to_owned)
    };
    match (item(variable), item(of_type)) {
        (Some(variable), Some(of_type)) => fits(&variable, &of_type),
        (None, None) => variable == of_type,
        _ => false,
    }
}
