//! Entities that the types of a service extend.

use std::{collections::BTreeMap, fmt::Write};

use super::{
    SdlWriter,
    type_index::{Kind, TypeIndex},
};
use crate::{
    compose::field_sets::{FieldSet, FieldSetItem},
    mapping::EntityMapping,
};

/// A type of the fields that have a key.
const KEY_TYPES: &str = "a field of type String, ID, Int or a custom scalar";

impl<'a> SdlWriter<'a> {
    /// Writes the entities with the fields of the service.
    pub(super) fn write_entities(&mut self) {
        let mut extended: BTreeMap<&str, (String, String)> = BTreeMap::new();
        for entity in &self.mapping.entities {
            if extended.contains_key(entity.extends.as_str()) {
                let expected = "different for each `[[subgraph.entity]]` of a subgraph; list all \
                                fields in one of them";
                self.reject("entity.extends", expected, &entity.extends);
            } else if let Some(key_and_fields) = self.entity(entity) {
                extended.insert(&entity.extends, key_and_fields);
            }
        }
        for (name, (key, fields)) in extended {
            let external = self.external.remove(name).unwrap_or_default();
            let external: String = external.into_values().collect();
            write!(self.sdl, "type {name} @key(fields: \"{key}\") {{\n{external}{fields}}}\n")
                .expect("a string can be written to");
        }
    }

    /// The key of an entity, and the definitions of the fields of the service.
    fn entity(&mut self, entity: &'a EntityMapping) -> Option<(String, String)> {
        let EntityMapping { service_type, extends, fields, key, .. } = entity;
        if self.service.kind(service_type) != Some(Kind::Object) {
            let known = self.service.names_of(Kind::Object);
            self.reject_unknown(
                "entity.type",
                "an object type of the service",
                service_type,
                &known,
            );
            return None;
        }
        self.check_type_directives(service_type);
        let entity_key = self.entity_key(entity)?;
        if let Some(field) = self.field("entity.key", service_type, key) {
            let is_scalar = self.service.can_be_key(field.ty().name());
            let is_optional = field.arguments().all(|one| !is_required(&one));
            if !is_scalar || !is_optional || field.ty().is_list() {
                self.reject("entity.key", &format!("{KEY_TYPES} without arguments"), key);
            }
        }
        self.check_lookup(entity);
        let required = self.required_fields(entity, &entity_key);
        let mut body = String::new();
        for (name, of_service) in fields {
            if let Some(field) = self.field("entity.fields", service_type, of_service)
                && self.is_free("entity.fields", extends, name)
            {
                let definition = self.optional_field(service_type, field, name);
                writeln!(body, "{definition}{required}").expect("a string can be written to");
            }
        }
        Some((entity_key, body))
    }

    /// The key of the entity in the graph, preferably the field that has the service's key.
    fn entity_key(
        &mut self,
        EntityMapping { extends, key_from, .. }: &EntityMapping,
    ) -> Option<String> {
        let others = self.others;
        let keys: Vec<_> = others.iter().flat_map(|(_, types)| types.keys(extends)).collect();
        if keys.is_empty() {
            let known: Vec<_> = others.iter().flat_map(|(_, types)| types.entities()).collect();
            self.reject_unknown("entity.extends", "an entity of another subgraph", extends, &known);
            return None;
        }
        let own = key_from.selection();
        let plain: Vec<_> = keys.iter().filter_map(plain_names).collect();
        let Some(chosen) = plain.iter().find(|names| **names == own).or_else(|| plain.first())
        else {
            let expected = "an entity with a key that has no nested fields";
            self.reject("entity.extends", expected, extends);
            return None;
        };
        for name in chosen.split_whitespace() {
            self.add_external(extends, name, "");
        }
        Some(chosen.clone())
    }

    /// Adds the fields that have the service's key, and returns `@requires` with them; it is empty
    /// if the entity's own key has it.
    fn required_fields(&mut self, entity: &EntityMapping, entity_key: &str) -> String {
        let EntityMapping { extends, key_from, .. } = entity;
        let selection = key_from.selection();
        let path = key_from.path();
        let mut type_name = extends.clone();
        let mut has_list = false;
        for (at, name) in path.iter().enumerate() {
            let is_key = at == 0 && entity_key.split_whitespace().any(|field| field == name);
            let directive = if is_key { "" } else { " @external" };
            let Some((next, is_list)) = self.add_external(&type_name, name, directive) else {
                let types = self.others.iter().map(|(_, types)| types);
                let known: Vec<_> = types.flat_map(|types| types.field_names(&type_name)).collect();
                let what = format!("a field of `{type_name}` without required arguments,");
                self.reject_unknown("entity.key_from", &what, name, &known);
                return String::new();
            };
            has_list |= is_list;
            if at + 1 < path.len() {
                type_name = next;
            } else if !self.others.iter().any(|(_, types)| types.can_be_key(&next)) {
                self.reject("entity.key_from", KEY_TYPES, &path.join("."));
            }
        }
        for name in key_from.conditions().keys() {
            if self.add_external(&type_name, name, " @external").is_none() {
                let what = format!("fields of `{type_name}`, which has the key");
                self.reject("entity.key_where", &what, name);
            }
        }
        if has_list && !key_from.is_selective() {
            let expected =
                "a single value; select one of the list with `key_where` or `key_pattern`";
            self.reject("entity.key_from", expected, &path.join("."));
        }
        let is_entity_key = entity_key == selection;
        if is_entity_key { String::new() } else { format!(" @requires(fields: \"{selection}\")") }
    }

    /// Adds a field of another subgraph, and returns the name of its type and whether that is a
    /// list; `None` if there is none without arguments.
    fn add_external(
        &mut self,
        type_name: &str,
        name: &str,
        directive: &str,
    ) -> Option<(String, bool)> {
        let defined = |(_, types): &(&str, TypeIndex<'a>)| {
            (types.kind(type_name) == Some(Kind::Object))
                .then(|| types.own_field(type_name, name))?
        };
        let field = self.others.iter().find_map(defined)?;
        if field.arguments().any(|one| is_required(&one)) {
            return None;
        }
        let of_type = field.ty();
        let is_scalar =
            |(_, types): &(&str, TypeIndex<'a>)| types.kind(of_type.name()) == Some(Kind::Scalar);
        if self.others.iter().any(is_scalar) {
            self.scalars.insert(of_type.name().to_owned());
        }
        let definition = format!("  {name}: {of_type}{directive}\n");
        let fields = self.external.entry(type_name.to_owned()).or_default();
        fields.entry(name.to_owned()).or_insert(definition);
        Some((of_type.name().to_owned(), of_type.is_list()))
    }

    /// Writes the types of other subgraphs whose fields are required, and all custom scalars.
    pub(super) fn write_external_types(&mut self) {
        for (name, fields) in std::mem::take(&mut self.external) {
            let body: String = fields.into_values().collect();
            write!(self.sdl, "type {name} {{\n{body}}}\n").expect("a string can be written to");
        }
        for name in &self.scalars {
            writeln!(self.sdl, "scalar {name}").expect("a string can be written to");
        }
    }
}

/// The names in a key without nested fields.
fn plain_names(key: &FieldSet) -> Option<String> {
    let names = key.0.iter().map(|item| match item {
        FieldSetItem::Field(name, arguments, below)
            if arguments.is_empty() && below.0.is_empty() =>
        {
            Some(name.as_str())
        }
        _ => None,
    });
    Some(names.collect::<Option<Vec<_>>>()?.join(" "))
}

/// Whether an argument has no default and must not be null.
pub(super) fn is_required(argument: &cynic_parser::type_system::InputValueDefinition<'_>) -> bool {
    argument.ty().is_non_null() && argument.default_value().is_none()
}
