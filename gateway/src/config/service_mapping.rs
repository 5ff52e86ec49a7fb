//! `[[subgraph.entity]]` and `[[subgraph.type]]`: how a plain GraphQL service joins the graph.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use federation::mapping::{
    EntityMapping, KeyPattern, KeySource, LookupQuery, ServiceMapping, TypeMapping, is_name,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::ConfigError;

/// One `[[subgraph.entity]]` as written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EntityEntry {
    /// Object type of the service.
    #[serde(rename = "type")]
    #[schemars(extend("x-range" = "name of an object type"))]
    service_type: String,
    /// Entity that gets the fields: of our graph, or of another subgraph.
    #[schemars(extend("x-range" = "name of an entity, such as `Community`; once per subgraph"))]
    extends: String,
    /// Fields that join: name in the graph = field of `type`.
    #[schemars(extend("x-range" = "at least one; no name that the entity has already"))]
    fields: BTreeMap<String, String>,
    /// Field of `type` that identifies it.
    #[schemars(extend("x-range" = "field of type String, ID, Int or a custom scalar"))]
    key: String,
    /// Field of the entity that has the value of `key`.
    #[schemars(extend("x-range" = "field such as `url`, or path such as `sources.remoteKey`"))]
    key_from: String,
    /// Selects one of several values: fields of the same object as the last field of `key_from`,
    /// with their values.
    #[serde(default)]
    #[schemars(extend("x-range" = "such as `{ source = \"pleio\" }`"))]
    key_where: BTreeMap<String, String>,
    /// Finds the key within the value. `{key}` stands for text without `/`, `?` and `#`; what
    /// follows the pattern is ignored.
    #[schemars(extend("x-range" = "text with one `{key}`, such as `https://www.example.nl/groups/view/{key}`"))]
    key_pattern: Option<String>,
    /// Query with which objects are looked up; it ends at the objects, or at the list of them.
    #[schemars(extend("x-range" = "query with the variable `$keys` (a list) or `$key`"))]
    lookup: String,
}

/// One `[[subgraph.type]]` as written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TypeEntry {
    /// Type of the service.
    #[serde(rename = "type")]
    #[schemars(extend("x-range" = "name of a type that a visible field returns or accepts"))]
    service_type: String,
    /// Its name in the graph.
    #[schemars(extend("x-default-text" = "the name at the service", "x-range" = "a name that no other subgraph has"))]
    name: Option<String>,
    /// Its visible fields.
    #[serde(default)]
    #[schemars(extend("x-range" = "at least one for an object type or interface; none for another type"))]
    fields: Vec<String>,
}

/// The keys of a `[[subgraph]]` that make it a plain GraphQL service.
pub(super) struct MappingEntries {
    pub(super) entities: Vec<EntityEntry>,
    pub(super) types: Vec<TypeEntry>,
    pub(super) queries: BTreeMap<String, String>,
    pub(super) mutations: BTreeMap<String, String>,
    pub(super) lookup_keys_max: usize,
}

impl MappingEntries {
    /// The mapping; `None` if there is none.
    pub(super) fn checked(self) -> Result<Option<Arc<ServiceMapping>>, ConfigError> {
        let Self { entities, types, queries, mutations, lookup_keys_max } = self;
        if entities.is_empty() && queries.is_empty() && mutations.is_empty() {
            return match types.first() {
                Some(unused) => {
                    let expected = "a type that a field in `subgraph.entity`, `subgraph.queries` \
                                    or `subgraph.mutations` reaches";
                    Err(ConfigError::value("subgraph.type.type", expected, &unused.service_type))
                }
                None => Ok(None),
            };
        }
        for (key, fields) in [("queries", &queries), ("mutations", &mutations)] {
            check_names(
                &format!("subgraph.{key}"),
                fields.iter().flat_map(|(one, other)| [one, other]),
            )?;
        }
        let entities = entities.into_iter().map(EntityEntry::checked).collect::<Result<_, _>>()?;
        let types: Vec<_> = types.into_iter().map(TypeEntry::checked).collect::<Result<_, _>>()?;
        if let Some(repeated) = first_repeated(types.iter().map(|one| &one.service_type)) {
            let expected = "different for each `[[subgraph.type]]` of a subgraph; list all fields \
                            in one of them";
            return Err(ConfigError::value("subgraph.type.type", expected, repeated));
        }
        let mapping = ServiceMapping { entities, types, queries, mutations, lookup_keys_max };
        Ok(Some(Arc::new(mapping)))
    }
}

impl EntityEntry {
    fn checked(self) -> Result<EntityMapping, ConfigError> {
        let Self { service_type, extends, fields, key, key_where, .. } = self;
        let names = [("type", &service_type), ("extends", &extends), ("key", &key)];
        for (key, name) in names {
            check_names(&format!("subgraph.entity.{key}"), [name])?;
        }
        check_names("subgraph.entity.key_where", key_where.keys())?;
        check_names("subgraph.entity.fields", fields.iter().flat_map(|(one, other)| [one, other]))?;
        if fields.is_empty() {
            let expected = "at least one field, such as `{ liveMemberCount = \"memberCount\" }`";
            return Err(ConfigError::value("subgraph.entity.fields", expected, "{}"));
        }
        let error = |key: &str, expected: &str, actual: &str| {
            ConfigError::value(&format!("subgraph.entity.{key}"), expected, actual)
        };
        let pattern = match &self.key_pattern {
            Some(text) => Some(
                KeyPattern::parse(text).map_err(|expected| error("key_pattern", expected, text))?,
            ),
            None => None,
        };
        let key_from = KeySource::new(&self.key_from, key_where, pattern)
            .map_err(|expected| error("key_from", expected, &self.key_from))?;
        let lookup = LookupQuery::parse(&self.lookup)
            .map_err(|expected| error("lookup", expected, &self.lookup))?;
        Ok(EntityMapping { service_type, extends, fields, key, key_from, lookup })
    }
}

impl TypeEntry {
    fn checked(self) -> Result<TypeMapping, ConfigError> {
        let Self { service_type, name, fields } = self;
        let name = name.unwrap_or_else(|| service_type.clone());
        check_names("subgraph.type.type", [&service_type])?;
        check_names("subgraph.type.name", [&name])?;
        check_names("subgraph.type.fields", &fields)?;
        if let Some(repeated) = first_repeated(&fields) {
            let expected = "each field once; remove the repetition";
            return Err(ConfigError::value("subgraph.type.fields", expected, repeated));
        }
        Ok(TypeMapping { service_type, name, fields })
    }
}

/// The first name that occurs before.
fn first_repeated<'a>(names: impl IntoIterator<Item = &'a String>) -> Option<&'a String> {
    let mut known = BTreeSet::new();
    names.into_iter().find(|name| !known.insert(*name))
}

/// Checks that texts are names in GraphQL.
fn check_names<'a>(
    key: &str,
    names: impl IntoIterator<Item = &'a String>,
) -> Result<(), ConfigError> {
    match names.into_iter().find(|name| !is_name(name)) {
        Some(name) => {
            let expected =
                "names in GraphQL: letters, digits and `_`, no digit first, not reserved";
            Err(ConfigError::value(key, expected, name))
        }
        None => Ok(()),
    }
}
