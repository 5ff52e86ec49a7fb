//! The data of the town. `"Type:key"` is a reference to an entity.

use std::sync::Arc;

use async_graphql_parser::types::{BaseType, FieldDefinition};
use serde_json::{Map, Value, json};

use super::definitions::{base_name, has_directive};

/// All entities by type and key.
pub(super) struct Dataset(Value);

/// An entity to resolve.
#[derive(Clone)]
pub(super) struct Entity {
    pub(super) type_name: String,
    fields: Arc<Value>,
    /// The representation, if the entity was looked up by its key.
    representation: Arc<Value>,
    /// Whether external fields are provided.
    provided: bool,
}

/// Owner of a resolver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// The single service, which has all data.
    All,
    /// A subgraph, which gets external fields from representations only.
    Subgraph,
}

impl Dataset {
    pub(super) fn read(json: &str) -> Self {
        Self(serde_json::from_str(json).unwrap())
    }

    /// The root entity.
    pub(super) fn root(&self) -> Entity {
        Entity::new("Query", self.0["Query"].clone())
    }

    /// The entity that a representation identifies.
    pub(super) fn entity(&self, representation: &Value) -> Option<Entity> {
        let type_name = representation["__typename"].as_str()?;
        let keys = ["id", "code", "isbn", "no", "badge"];
        let key = keys.into_iter().find(|key| !representation[*key].is_null())?;
        let entities = self.0[type_name].as_object()?.values();
        let found = entities.into_iter().find(|entity| entity[key] == representation[key])?;
        let representation = Arc::new(representation.clone());
        Some(Entity { representation, ..Entity::new(type_name, found.clone()) })
    }

    /// The entity that a field value contains or refers to.
    pub(super) fn resolve(&self, field: &FieldDefinition, value: &Value) -> Entity {
        let provided = has_directive(field, "provides");
        let entity = match value.as_str() {
            None => Entity::new(base_name(&field.ty.node), value.clone()),
            Some(reference) => {
                let (type_name, key) = reference.split_once(':').unwrap();
                Entity::new(type_name, self.0[type_name][key].clone())
            }
        };
        Entity { provided, ..entity }
    }

    /// Resolves a field.
    pub(super) fn value(
        &self,
        entity: &Entity,
        field: &FieldDefinition,
        arguments: &Map<String, Value>,
        owner: Owner,
    ) -> Value {
        let name = field.name.node.as_str();
        if owner == Owner::Subgraph && has_directive(field, "external") && !entity.provided {
            // A field that the router must not request here.
            return if base_name(&field.ty.node) == "Int" {
                json!(-1)
            } else {
                json!("not for you")
            };
        }
        if has_directive(field, "requires") {
            return computed(name, &|path| match owner {
                Owner::Subgraph => entity.representation.pointer(path).cloned().unwrap_or_default(),
                Owner::All => self.required_value(entity, path),
            });
        }
        let mut value = entity.fields[name].clone();
        // `first` is applied last, regardless of the order of the arguments.
        let (count, others): (Vec<_>, Vec<_>) =
            arguments.iter().partition(|(argument, _)| *argument == "first");
        for (argument, wanted) in others.into_iter().chain(count) {
            if !wanted.is_null() {
                value = self.apply_argument(value, argument, wanted);
            }
        }
        match (&field.ty.node.base, value) {
            (BaseType::Named(_), Value::Array(found)) => {
                found.into_iter().next().unwrap_or_default()
            }
            (_, value) => value,
        }
    }

    /// The value that a computed field requires, from the complete data.
    fn required_value(&self, entity: &Entity, path: &str) -> Value {
        match path {
            "/label" => computed("label", &|path| self.required_value(entity, path)),
            "/inhabitants" => json!(entity.fields["inhabitants"].as_i64().unwrap() - 18),
            "/home/name" => {
                let (type_name, key) =
                    entity.fields["home"].as_str().unwrap().split_once(':').unwrap();
                self.0[type_name][key]["name"].clone()
            }
            path => entity.fields.pointer(path).cloned().unwrap_or_default(),
        }
    }

    /// Applies an argument to a value.
    fn apply_argument(&self, value: Value, argument: &str, wanted: &Value) -> Value {
        match (argument, value) {
            ("first", Value::Array(mut items)) => {
                items.truncate(usize::try_from(wanted.as_i64().unwrap()).unwrap());
                Value::Array(items)
            }
            ("over", value) => json!(value.as_i64().unwrap() - wanted.as_i64().unwrap()),
            ("above", Value::Number(value)) => {
                json!(value.as_f64().unwrap() - wanted.as_f64().unwrap())
            }
            ("words", Value::String(text)) => {
                let count = usize::try_from(wanted.as_i64().unwrap()).unwrap();
                json!(text.split(' ').take(count).collect::<Vec<_>>().join(" "))
            }
            ("where", value) => {
                let conditions = wanted.as_object().unwrap().iter();
                let conditions = conditions.filter(|(_, wanted)| !wanted.is_null());
                conditions.fold(value, |value, (condition, wanted)| {
                    self.apply_argument(value, condition, wanted)
                })
            }
            (argument, Value::Array(items)) => {
                let is_wanted = |item: &Value| {
                    let own = self.property(item, argument);
                    match wanted {
                        Value::Array(any) => any.contains(&own),
                        wanted if argument == "named" => {
                            own.as_str().unwrap().contains(wanted.as_str().unwrap())
                        }
                        wanted => own == *wanted,
                    }
                };
                items.into_iter().filter(is_wanted).collect()
            }
            (_, value) => value,
        }
    }

    fn property(&self, item: &Value, argument: &str) -> Value {
        let name = if argument == "named" { "name" } else { argument };
        match item.as_str() {
            Some(reference) => {
                let (type_name, key) = reference.split_once(':').unwrap();
                self.0[type_name][key][name].clone()
            }
            None => item[name].clone(),
        }
    }
}

impl Entity {
    fn new(type_name: &str, fields: Value) -> Self {
        assert!(fields.is_object(), "unknown entity of type {type_name}");
        Self {
            type_name: type_name.to_owned(),
            fields: fields.into(),
            representation: Arc::default(),
            provided: false,
        }
    }
}

/// Resolves a field that is computed from required fields.
fn computed(name: &str, required: &dyn Fn(&str) -> Value) -> Value {
    let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match name {
        "label" => {
            json!(format!("{} of {}", text(required("/name")), text(required("/home/name"))))
        }
        "card" => json!(format!("card: {}", text(required("/label")))),
        "rank" => json!(format!("{} the {}", text(required("/name")), text(required("/role")))),
        "profile" => {
            // Nulls in lists keep their positions in a representation.
            let sections = required("/sections");
            let sizes =
                sections.as_array().into_iter().flatten().map(|one| one["size"].to_string());
            json!(format!("{} {}", required("/depths"), sizes.collect::<Vec<_>>().join(" ")))
        }
        "capacity" => {
            required("/floors").as_i64().map_or(Value::Null, |floors| json!(floors * 100))
        }
        "crowding" => {
            json!(format!("{} under {}", required("/inhabitants"), text(required("/mayor"))))
        }
        name => panic!("no resolver computes `{name}`"),
    }
}
