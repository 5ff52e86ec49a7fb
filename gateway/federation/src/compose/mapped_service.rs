//! Turns the schema of a plain GraphQL service into the SDL of a subgraph, by its mapping.
//!
//! The SDL has exactly the fields that the mapping lists, and the types that they reach. Each
//! mapped type extends an entity by a key of that entity, and requires the field that has the key
//! of the service (`@requires`). All fields of entities and roots are nullable, since a service may not know an
//! entity, or not respond.

mod entities;
mod lookup;
mod reached_types;
#[cfg(test)]
mod tests;
mod type_index;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use cynic_parser::{TypeSystemDocument, parse_type_system_document};

use self::type_index::TypeIndex;
use super::{CompositionError, SubgraphSdl};
use crate::{
    mapping::{ServiceMapping, is_name},
    text_limits::check_sdl,
};

/// Definitions that the SDL of each mapped service starts with.
const HEADER: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", \
                      import: [\"@key\", \"@external\", \"@requires\"])\n";

/// Replaces the schema of each mapped service by the SDL of a subgraph.
///
/// # Errors
/// All errors in the mappings.
pub(super) fn with_mappings(
    subgraphs: &[SubgraphSdl],
) -> Result<Cow<'_, [SubgraphSdl]>, Vec<CompositionError>> {
    if subgraphs.iter().all(|subgraph| subgraph.mapping.is_none()) {
        return Ok(Cow::Borrowed(subgraphs));
    }
    let mut composed = subgraphs.to_vec();
    let mut errors = Vec::new();
    // A service may extend entities of any subgraph, so services come last, in order.
    let mut known: BTreeSet<usize> =
        (0..subgraphs.len()).filter(|index| subgraphs[*index].mapping.is_none()).collect();
    for index in 0..subgraphs.len() {
        let Some(mapping) = subgraphs[index].mapping.as_deref() else { continue };
        let documents: Vec<_> = known.iter().map(|known| parsed(&composed[*known])).collect();
        let others: Vec<_> = known
            .iter()
            .zip(&documents)
            .filter_map(|(known, document)| {
                // An SDL that cannot be parsed is reported by the composition.
                let types = TypeIndex::new(&composed[*known], document.as_ref().ok()?);
                Some((composed[*known].name.as_str(), types))
            })
            .collect();
        match subgraph_sdl(&subgraphs[index], mapping, &others) {
            Ok(sdl) => {
                composed[index].sdl = sdl;
                composed[index].mapping = None;
                known.insert(index);
            }
            Err(more) => errors.extend(more),
        }
    }
    if errors.is_empty() { Ok(Cow::Owned(composed)) } else { Err(errors) }
}

fn parsed(subgraph: &SubgraphSdl) -> Result<TypeSystemDocument, String> {
    check_sdl(&subgraph.sdl).map_err(|error| error.to_string())?;
    parse_type_system_document(&subgraph.sdl).map_err(|error| error.to_string())
}

/// The SDL of a mapped service, with the types of the other subgraphs.
fn subgraph_sdl(
    service: &SubgraphSdl,
    mapping: &ServiceMapping,
    others: &[(&str, TypeIndex<'_>)],
) -> Result<String, Vec<CompositionError>> {
    let document = parsed(service).map_err(|error| {
        vec![CompositionError {
            message: format!("cannot parse SDL of `{}`: {error}", service.name),
            subgraphs: vec![service.name.clone()],
            ..CompositionError::default()
        }]
    })?;
    let mut writer = SdlWriter {
        text: &service.sdl,
        service: TypeIndex::new(service, &document),
        mapping,
        others,
        external: BTreeMap::new(),
        scalars: BTreeSet::new(),
        reached: BTreeMap::new(),
        unvisited: Vec::new(),
        errors: Vec::new(),
        sdl: HEADER.to_owned(),
    };
    writer.write_entities();
    writer.write_roots();
    writer.write_reached_types();
    writer.write_external_types();
    let name = || vec![service.name.clone()];
    // A type that is visible both as an entity and as a value is checked twice.
    let mut known = BTreeSet::new();
    let errors = writer.errors.into_iter().filter(|error| known.insert(error.message.clone()));
    let errors: Vec<_> =
        errors.map(|error| CompositionError { subgraphs: name(), ..error }).collect();
    if errors.is_empty() { Ok(writer.sdl) } else { Err(errors) }
}

/// Writes the SDL of one service, and collects errors in its mapping.
struct SdlWriter<'a> {
    /// The SDL of the service.
    text: &'a str,
    service: TypeIndex<'a>,
    mapping: &'a ServiceMapping,
    others: &'a [(&'a str, TypeIndex<'a>)],
    /// Fields of types of other subgraphs that the service requires, by type and name: the
    /// definition.
    external: BTreeMap<String, BTreeMap<String, String>>,
    /// Custom scalars in the SDL.
    scalars: BTreeSet<String>,
    /// Types of the service that the visible fields return or accept.
    /// What reaches each, such as `Group.featured`.
    reached: BTreeMap<&'a str, String>,
    /// Reached types whose own fields are not followed yet.
    unvisited: Vec<&'a str>,
    errors: Vec<CompositionError>,
    sdl: String,
}

impl<'a> SdlWriter<'a> {
    /// Adds the error that the value of a key must be `expected`.
    fn reject(&mut self, key: &str, expected: &str, actual: &str) {
        let message = format!("`subgraph.{key}` must be {expected}, not `{actual}`");
        self.errors.push(CompositionError { message, ..CompositionError::default() });
    }

    /// As [`Self::reject`], for a name that must be one of `known`.
    fn reject_unknown(&mut self, key: &str, what: &str, actual: &str, known: &[&str]) {
        let similarity = |name: &&&str| strsim::jaro_winkler(name, actual);
        let nearest = known
            .iter()
            .max_by(|one, other| similarity(one).total_cmp(&similarity(other)))
            .map(|name| format!(" such as `{name}`"));
        self.reject(key, &format!("{what}{}", nearest.unwrap_or_default()), actual);
    }

    /// Writes the exposed queries and mutations.
    fn write_roots(&mut self) {
        let roots = [
            ("queries", "Query", self.service.query, &self.mapping.queries),
            ("mutations", "Mutation", self.service.mutation, &self.mapping.mutations),
        ];
        for (key, root, service_root, fields) in roots {
            if fields.is_empty() {
                continue;
            }
            self.check_type_directives(service_root);
            let mut body = String::new();
            for (name, of_service) in fields {
                if let Some(field) = self.field(key, service_root, of_service)
                    && self.is_free(key, root, name)
                {
                    let definition = self.optional_field(service_root, field, name);
                    writeln!(body, "{definition}").expect("a string can be written to");
                }
            }
            write!(self.sdl, "type {root} {{\n{body}}}\n").expect("a string can be written to");
        }
    }

    /// The field `name` of a type of the service; `None` if there is none, an error of `key`.
    fn field(
        &mut self,
        key: &str,
        type_name: &str,
        name: &str,
    ) -> Option<cynic_parser::type_system::FieldDefinition<'a>> {
        let found = self.service.field(type_name, name);
        if found.is_none() {
            let known = self.service.field_names(type_name);
            let what = format!("fields of `{type_name}` of the service");
            self.reject_unknown(key, &what, name, &known);
        }
        found
    }

    /// Whether a field can get a name; otherwise, this is an error of `key`.
    fn is_free(&mut self, key: &str, type_name: &str, name: &str) -> bool {
        if !is_name(name) {
            self.reject(key, "names of GraphQL, such as `liveMemberCount`", name);
            return false;
        }
        let owner =
            self.others.iter().find(|(_, types)| types.own_field(type_name, name).is_some());
        if let Some((owner, _)) = owner {
            let expected = format!(
                "new names, since `{type_name}` has the field in subgraph `{owner}`; choose \
                 another name, such as `{}`",
                example_name(name)
            );
            self.reject(key, &expected, name);
        }
        owner.is_none()
    }
}

/// Another name for a field: `liveMemberCount` for `memberCount`.
fn example_name(name: &str) -> String {
    let mut characters = name.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    std::iter::once("live".to_owned()).chain(first.map(String::from)).collect::<String>()
        + characters.as_str()
}
