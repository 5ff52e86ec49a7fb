//! How a plain GraphQL service, one without `_service` and `_entities`, joins the graph: which of
//! its types extends which entity, how that is looked up, and what else of it is visible.
//!
//! A mapping is valid in itself; `compose` checks it against the schema of the service.

mod key_source;
mod lookup_query;

use std::collections::BTreeMap;

pub(crate) use self::{key_source::key_text, lookup_query::LookupStep};
pub use self::{
    key_source::{KeyPattern, KeySource},
    lookup_query::LookupQuery,
};

/// The mapping of one service. Nothing else of the service is visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceMapping {
    /// Types that extend entities.
    pub entities: Vec<EntityMapping>,
    /// Types that the visible fields may return.
    pub types: Vec<TypeMapping>,
    /// Queries of the service, by their name in the graph.
    pub queries: BTreeMap<String, String>,
    /// Mutations of the service, by their name in the graph.
    pub mutations: BTreeMap<String, String>,
    /// Maximum number of keys in one request.
    pub lookup_keys_max: usize,
}

/// A type of the service that extends an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityMapping {
    /// Name of the type at the service.
    pub service_type: String,
    /// Name of the entity.
    pub extends: String,
    /// Fields of the type, by their name in the graph.
    pub fields: BTreeMap<String, String>,
    /// Field of the type that identifies it.
    pub key: String,
    /// Where the entity has the value of `key`.
    pub key_from: KeySource,
    /// Query that returns objects of the type by `key`.
    pub lookup: LookupQuery,
}

/// A type of the service that visible fields return or accept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeMapping {
    /// Name at the service.
    pub service_type: String,
    /// Name in the graph.
    pub name: String,
    /// Visible fields of an object type or interface.
    pub fields: Vec<String>,
}

impl ServiceMapping {
    /// The name in the graph of a type of the service.
    pub(crate) fn name_in_graph<'a>(&'a self, service_type: &'a str) -> &'a str {
        let known = self.types.iter().find(|one| one.service_type == service_type);
        known.map_or(service_type, |one| &one.name)
    }

    /// The name at the service of a type of the graph.
    pub(crate) fn name_at_service<'a>(&'a self, name: &'a str) -> &'a str {
        let known = self.types.iter().find(|one| one.name == name);
        known.map_or(name, |one| &one.service_type)
    }
}

/// Whether a text is a name in GraphQL that is not reserved.
pub fn is_name(text: &str) -> bool {
    let is_name_char = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.chars().all(is_name_char)
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && !text.starts_with("__")
}
