//! Everything there is in the town, and what its fields are. `"Type:key"` leads to a thing.

use std::sync::Arc;

use async_graphql_parser::types::{BaseType, FieldDefinition};
use serde_json::{Map, Value, json};

use super::definitions::{is, named};

/// All things by type and key.
pub(super) struct World(Value);

/// A thing that is being asked about.
#[derive(Clone)]
pub(super) struct Thing {
    pub(super) of: String,
    fields: Arc<Value>,
    /// What the gateway told of it, where it was looked up by its key.
    told: Arc<Value>,
    /// Whether fields of others come along with it.
    provided: bool,
}

/// Whose answer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// That of one service which knows everything.
    All,
    /// That of a subgraph, which has of others what it is told.
    Subgraph,
}

impl World {
    pub(super) fn read(json: &str) -> Self {
        Self(serde_json::from_str(json).unwrap())
    }

    /// Where every question begins.
    pub(super) fn root(&self) -> Thing {
        Thing::new("Query", self.0["Query"].clone())
    }

    /// The thing that a representation names.
    pub(super) fn entity(&self, representation: &Value) -> Option<Thing> {
        let of = representation["__typename"].as_str()?;
        let keys = ["id", "code", "isbn", "no", "badge"];
        let key = keys.into_iter().find(|key| !representation[*key].is_null())?;
        let things = self.0[of].as_object()?.values();
        let found = things.into_iter().find(|thing| thing[key] == representation[key])?;
        let told = Arc::new(representation.clone());
        Some(Thing { told, ..Thing::new(of, found.clone()) })
    }

    /// The thing that a value of a field is, or leads to.
    pub(super) fn thing(&self, field: &FieldDefinition, value: &Value) -> Thing {
        let provided = is(field, "provides");
        let thing = match value.as_str() {
            None => Thing::new(named(&field.ty.node), value.clone()),
            Some(way) => {
                let (of, key) = way.split_once(':').unwrap();
                Thing::new(of, self.0[of][key].clone())
            }
        };
        Thing { provided, ..thing }
    }

    /// The value of a field.
    pub(super) fn value(
        &self,
        thing: &Thing,
        field: &FieldDefinition,
        arguments: &Map<String, Value>,
        whose: Whose,
    ) -> Value {
        let name = field.name.node.as_str();
        if whose == Whose::Subgraph && is(field, "external") && !thing.provided {
            // Nobody should have asked.
            return if named(&field.ty.node) == "Int" { json!(-1) } else { json!("not for you") };
        }
        if is(field, "requires") {
            return computed(name, &|path| match whose {
                Whose::Subgraph => thing.told.pointer(path).cloned().unwrap_or_default(),
                Whose::All => self.needed(thing, path),
            });
        }
        let mut value = thing.fields[name].clone();
        // How many comes last, in whatever order it is asked for.
        let (count, others): (Vec<_>, Vec<_>) =
            arguments.iter().partition(|(argument, _)| *argument == "first");
        for (argument, wanted) in others.into_iter().chain(count) {
            if !wanted.is_null() {
                value = self.narrowed(value, argument, wanted);
            }
        }
        match (&field.ty.node.base, value) {
            (BaseType::Named(_), Value::Array(found)) => {
                found.into_iter().next().unwrap_or_default()
            }
            (_, value) => value,
        }
    }

    /// What a computed field needs, where everything is known.
    fn needed(&self, thing: &Thing, path: &str) -> Value {
        match path {
            "/label" => computed("label", &|path| self.needed(thing, path)),
            "/inhabitants" => json!(thing.fields["inhabitants"].as_i64().unwrap() - 18),
            "/home/name" => {
                let (of, key) = thing.fields["home"].as_str().unwrap().split_once(':').unwrap();
                self.0[of][key]["name"].clone()
            }
            path => thing.fields.pointer(path).cloned().unwrap_or_default(),
        }
    }

    /// What is left of a value by one argument.
    fn narrowed(&self, value: Value, argument: &str, wanted: &Value) -> Value {
        match (argument, value) {
            ("first", Value::Array(mut items)) => {
                items.truncate(usize::try_from(wanted.as_i64().unwrap()).unwrap());
                Value::Array(items)
            }
            ("over", value) => json!(value.as_i64().unwrap() - wanted.as_i64().unwrap()),
            ("words", Value::String(text)) => {
                let count = usize::try_from(wanted.as_i64().unwrap()).unwrap();
                json!(text.split(' ').take(count).collect::<Vec<_>>().join(" "))
            }
            ("where", value) => {
                let parts = wanted.as_object().unwrap().iter();
                let parts = parts.filter(|(_, wanted)| !wanted.is_null());
                parts.fold(value, |value, (part, wanted)| self.narrowed(value, part, wanted))
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
            Some(way) => {
                let (of, key) = way.split_once(':').unwrap();
                self.0[of][key][name].clone()
            }
            None => item[name].clone(),
        }
    }
}

impl Thing {
    fn new(of: &str, fields: Value) -> Self {
        assert!(fields.is_object(), "there is no such {of}");
        Self { of: of.to_owned(), fields: fields.into(), told: Arc::default(), provided: false }
    }
}

/// A field that is computed from what others know.
fn computed(name: &str, needed: &dyn Fn(&str) -> Value) -> Value {
    let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match name {
        "label" => json!(format!("{} of {}", text(needed("/name")), text(needed("/home/name")))),
        "card" => json!(format!("card: {}", text(needed("/label")))),
        "rank" => json!(format!("{} the {}", text(needed("/name")), text(needed("/role")))),
        "capacity" => needed("/floors").as_i64().map_or(Value::Null, |floors| json!(floors * 100)),
        "crowding" => {
            json!(format!("{} under {}", needed("/inhabitants"), text(needed("/mayor"))))
        }
        name => panic!("nothing computes `{name}`"),
    }
}
