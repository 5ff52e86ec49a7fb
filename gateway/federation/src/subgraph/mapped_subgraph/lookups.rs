//! The lookups of entities: from representations to requests.

use std::{collections::HashMap, fmt::Write};

use async_graphql_parser::types::{Field, OperationDefinition, Selection, SelectionSet};
use async_graphql_value::{ConstValue, Name, Value, Variables};
use bytes::Bytes;

use super::{
    ENTITIES,
    selections::{DocumentWriter, ResponseShape},
};
use crate::{
    mapping::{EntityMapping, LookupQuery, ServiceMapping, key_text},
    selected_fields::SelectedFields,
};

/// Lists of representations by the name of their variable.
pub(super) struct RepresentationLists(HashMap<Name, Vec<ConstValue>>);

impl RepresentationLists {
    /// Parses the lists of a request.
    ///
    /// # Errors
    /// A list that is not JSON.
    pub(super) fn parse(lists: &[(Name, Bytes)]) -> Result<Self, serde_json::Error> {
        let lists =
            lists.iter().map(|(name, json)| Ok((name.clone(), serde_json::from_slice(json)?)));
        lists.collect::<Result<_, _>>().map(Self)
    }
}

/// An `_entities` field of a plan.
pub(super) struct EntityField<'a> {
    /// Its response key.
    pub(super) key: &'a Name,
    set: &'a SelectionSet,
    pub(super) representations: &'a [ConstValue],
}

impl<'a> EntityField<'a> {
    /// All `_entities` fields of an operation.
    pub(super) fn all_of(
        operation: &'a OperationDefinition,
        lists: &'a RepresentationLists,
    ) -> Vec<Self> {
        let items = operation.selection_set.node.items.iter();
        let fields = items.filter_map(|item| match &item.node {
            Selection::Field(field) if field.node.name.node == ENTITIES => Some(&field.node),
            _ => None,
        });
        fields.map(|field| Self::of(field, lists)).collect()
    }

    fn of(field: &'a Field, lists: &'a RepresentationLists) -> Self {
        let list = match field.get_argument("representations").map(|value| &value.node) {
            Some(Value::Variable(name)) => lists.0.get(name),
            _ => None,
        };
        let representations = list.map_or(&[][..], Vec::as_slice);
        Self { key: &field.response_key().node, set: &field.selection_set.node, representations }
    }
}

/// The lookup of the entities of one type in a list.
pub(super) struct Lookup<'a> {
    /// Index of the `_entities` field.
    pub(super) field: usize,
    pub(super) entity: &'a EntityMapping,
    set: &'a SelectionSet,
    /// What the plan selects of each entity.
    pub(super) shape: ResponseShape,
    /// Response key of the service's key.
    pub(super) key_alias: String,
    keys: Vec<LookupKey>,
}

/// A key that is looked up.
pub(super) struct LookupKey {
    pub(super) text: String,
    value: ConstValue,
    /// Indices of the representations with the key.
    pub(super) entities: Vec<usize>,
}

impl<'a> Lookup<'a> {
    /// The lookups for all `_entities` fields. A representation without a key is not looked up.
    pub(super) fn all_of(fields: &[EntityField<'a>], mapping: &'a ServiceMapping) -> Vec<Self> {
        let mut lookups = Vec::new();
        for (field, EntityField { set, representations, .. }) in fields.iter().enumerate() {
            for entity in &mapping.entities {
                let keys = keys(entity, representations);
                if keys.is_empty() {
                    continue;
                }
                let shape = ResponseShape::of(set, Some(&entity.extends));
                let mut key_alias = "key".to_owned();
                while shape.fields.contains_key(key_alias.as_str())
                    || shape.typenames.contains(key_alias.as_str())
                {
                    key_alias.push('_');
                }
                lookups.push(Self { field, entity, set, shape, key_alias, keys });
            }
        }
        lookups
    }
}

/// The distinct keys of the representations of an entity, in their order.
fn keys(entity: &EntityMapping, representations: &[ConstValue]) -> Vec<LookupKey> {
    let mut keys: Vec<LookupKey> = Vec::new();
    let mut by_text: HashMap<String, usize> = HashMap::new();
    for (index, representation) in representations.iter().enumerate() {
        let ConstValue::Object(fields) = representation else { continue };
        let is_of_type = matches!(
            fields.get("__typename"),
            Some(ConstValue::String(name)) if *name == entity.extends
        );
        let key = Some(representation).filter(|_| is_of_type);
        let key = key.and_then(|found| entity.key_from.find(found));
        let Some((text, value)) = key.and_then(|key| key_of_type(&entity.lookup, key)) else {
            continue;
        };
        if let Some(known) = by_text.get(&text) {
            keys[*known].entities.push(index);
        } else {
            by_text.insert(text.clone(), keys.len());
            keys.push(LookupKey { text, value, entities: vec![index] });
        }
    }
    keys
}

/// A key as text, and as a value of the type that the lookup requires; `None` if there is none.
fn key_of_type(lookup: &LookupQuery, key: ConstValue) -> Option<(String, ConstValue)> {
    let text = key_text(&key)?;
    Some(match lookup.key_type() {
        "Int" => {
            // One key outside the range would make the whole request invalid.
            let number: i32 = text.parse().ok()?;
            (number.to_string(), ConstValue::from(number))
        }
        "String" | "ID" => (text.clone(), ConstValue::String(text)),
        _ => (text, key),
    })
}

/// One request to the service, with a root field for each list of keys, or for each key.
pub(super) struct LookupRequest<'l> {
    pub(super) sections: Vec<RequestSection<'l>>,
}

/// Keys of one lookup.
pub(super) struct RequestSection<'l> {
    pub(super) lookup: &'l Lookup<'l>,
    pub(super) keys: &'l [LookupKey],
}

impl<'l> LookupRequest<'l> {
    /// Distributes the keys over requests of at most `keys_max`.
    pub(super) fn split(lookups: &'l [Lookup<'l>], keys_max: usize) -> Vec<Self> {
        let mut requests: Vec<Self> = Vec::new();
        let mut free = 0;
        for lookup in lookups {
            let mut keys = lookup.keys.as_slice();
            while !keys.is_empty() {
                if free == 0 {
                    requests.push(Self { sections: Vec::new() });
                    free = keys_max.max(1);
                }
                let (now, later) = keys.split_at(free.min(keys.len()));
                if let Some(request) = requests.last_mut() {
                    request.sections.push(RequestSection { lookup, keys: now });
                }
                free -= now.len();
                keys = later;
            }
        }
        requests
    }

    /// What the document selects, for reading a response.
    pub(super) fn selected(&self) -> SelectedFields {
        let mut selected = SelectedFields::default();
        for (section, RequestSection { lookup, keys }) in self.sections.iter().enumerate() {
            let mut below = lookup.shape.selected();
            below.add_field(&lookup.key_alias, SelectedFields::default());
            let query = &lookup.entity.lookup;
            for step in query.steps().iter().skip(1).rev() {
                let mut outer = SelectedFields::default();
                outer.add_field(&step.name, below);
                below = outer;
            }
            if query.is_list() {
                selected.add_field(&RootField { section, key: None }.name(), below);
                continue;
            }
            for key in 0..keys.len() {
                let name = RootField { section, key: Some(key) }.name();
                selected.add_field(&name, below.clone());
            }
        }
        selected
    }

    /// The document and the variables.
    pub(super) fn write(
        &self,
        operation: &OperationDefinition,
        client: &Variables,
        mapping: &ServiceMapping,
    ) -> (String, Variables) {
        let prefix = unused_prefix(operation);
        let mut own = String::new();
        let mut variables = Variables::default();
        let mut writer = DocumentWriter::new(mapping);
        for (number, RequestSection { lookup, keys }) in self.sections.iter().enumerate() {
            let query = &lookup.entity.lookup;
            let mut add = |root_field: &RootField, value| {
                let variable = Name::new(format!("{prefix}{}", root_field.name()));
                write!(own, " ${variable}: {}", query.variable_type())
                    .expect("a string can be written to");
                write_root_field(&mut writer, root_field, &variable, lookup);
                variables.insert(variable, value);
            };
            if query.is_list() {
                let values = keys.iter().map(|key| key.value.clone());
                add(&RootField { section: number, key: None }, values.collect());
            } else {
                for (index, key) in keys.iter().enumerate() {
                    add(&RootField { section: number, key: Some(index) }, key.value.clone());
                }
            }
        }
        for name in writer.used() {
            if let Some(value) = client.get(name) {
                variables.insert(name.clone(), value.clone());
            }
        }
        (writer.finish(operation, &own), variables)
    }
}

/// A start of names of variables that the operation does not use, with a value or without.
fn unused_prefix(operation: &OperationDefinition) -> String {
    let names = || operation.variable_definitions.iter().map(|one| &one.node.name.node);
    let mut prefix = "of_".to_owned();
    while names().any(|name| name.starts_with(&prefix)) {
        prefix.push('_');
    }
    prefix
}

/// Writes a root field with the selections on the objects that it returns.
fn write_root_field(
    writer: &mut DocumentWriter<'_>,
    root_field: &RootField,
    variable: &Name,
    lookup: &Lookup<'_>,
) {
    let entity = lookup.entity;
    let steps = entity.lookup.steps();
    writer.raw(&root_field.name());
    writer.raw(": ");
    for step in steps {
        writer.raw(&step.name);
        let own = entity.lookup.variable();
        let arguments: Vec<_> = step
            .arguments
            .iter()
            .map(|(name, value)| (name, with_variable(value, own, variable)))
            .collect();
        writer.arguments(arguments.iter().map(|(name, value)| (*name, value)));
        writer.raw(" { ");
    }
    writer.raw(&format!("... on {} {{ {}: {} ", entity.service_type, lookup.key_alias, entity.key));
    writer.entity_fields(lookup.set, entity);
    writer.raw(&"} ".repeat(steps.len() + 1));
}

/// A value with another name for the variable `own`.
fn with_variable(value: &Value, own: &str, variable: &Name) -> Value {
    match value {
        Value::Variable(name) if name == own => Value::Variable(variable.clone()),
        Value::List(items) => {
            Value::List(items.iter().map(|item| with_variable(item, own, variable)).collect())
        }
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, value)| (name.clone(), with_variable(value, own, variable)))
                .collect(),
        ),
        other => other.clone(),
    }
}

/// A root field of a request: of a list of keys, or of one key of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RootField {
    pub(super) section: usize,
    pub(super) key: Option<usize>,
}

impl RootField {
    /// Its response key.
    pub(super) fn name(&self) -> String {
        match self.key {
            None => format!("lookup{}", self.section),
            Some(key) => format!("lookup{}_{key}", self.section),
        }
    }

    /// The root field with a response key.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let rest = name.strip_prefix("lookup")?;
        let (section, key) = match rest.split_once('_') {
            Some((section, key)) => (section, Some(key.parse().ok()?)),
            None => (rest, None),
        };
        Some(Self { section: section.parse().ok()?, key })
    }
}
