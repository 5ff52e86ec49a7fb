//! Composition: turns the SDLs of subgraphs into the SDL of a supergraph, or reports all errors.
//!
//! `subgraph_schema` reads each SDL with the meanings of its names, `unsupported` rejects what is
//! not served, and `federation_one` rewrites old subgraphs; before that, `mapped_service` turns the
//! schemas of plain GraphQL services into SDLs of subgraphs. The crate `graphql-composition` merges
//! the `outline`s of the subgraphs. To its result, `merged_directives`, `join` and `authorization`
//! add what each subgraph declares of its elements, and `satisfiability` checks that each field can
//! be resolved. This module must not know where an SDL comes from, nor who uses the result.

mod authorization;
mod cost;
mod custom_directives;
mod definitions;
mod diagnostic;
mod exposed_fields;
mod federation_one;
mod field_set_checks;
mod field_sets;
#[cfg(test)]
mod hostile_tests;
mod inaccessible;
mod join;
mod links;
#[cfg(test)]
mod links_tests;
mod mapped_service;
mod merged_directives;
mod outline;
mod overrides;
mod satisfiability;
mod subgraph_schema;
#[cfg(test)]
mod tests;
mod type_system;
mod unsupported;

use std::{panic, sync::Arc};

use cynic_parser::{TypeSystemDocument, parse_type_system_document};

pub use self::diagnostic::CompositionError;
use self::{
    authorization::AuthDirectives, diagnostic::SubgraphNames, exposed_fields::ExposedFields,
    join::JoinDirectives, outline::Outlines, overrides::Overrides, subgraph_schema::SubgraphSchema,
    type_system::SchemaDocument,
};
use crate::{error::panic_message, mapping::ServiceMapping, text_limits::check_sdl};

/// A subgraph to compose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubgraphSdl {
    /// Name: letters, digits and hyphens.
    pub name: String,
    /// URL for routers.
    pub url: String,
    /// SDL, with federation directives; of a mapped service, its own schema.
    pub sdl: String,
    /// How the service joins the graph, if it is a plain GraphQL service.
    pub mapping: Option<Arc<ServiceMapping>>,
    /// Treatment of its `@inaccessible` fields.
    pub inaccessible_fields: InaccessibleFields,
}

/// Treatment of the `@inaccessible` fields of a subgraph.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum InaccessibleFields {
    /// Hidden from clients.
    #[default]
    Hidden,
    /// Visible: the directive is for other routers, which cannot resolve these fields in types
    /// that they share with other subgraphs.
    Exposed,
}

/// Composes `subgraphs`, in the given order, into the SDL of a supergraph.
///
/// # Errors
/// All [`CompositionError`]s found; also if the composition crate panics on an unusual SDL.
pub fn compose(subgraphs: &[SubgraphSdl]) -> Result<String, Vec<CompositionError>> {
    let work = || compose_parsed(&mapped_service::with_mappings(subgraphs)?);
    panic::catch_unwind(work).unwrap_or_else(|panic| {
        let message = format!("the composer panicked: {}", panic_message(&*panic));
        Err(vec![CompositionError { message, ..CompositionError::default() }])
    })
}

fn compose_parsed(subgraphs: &[SubgraphSdl]) -> Result<String, Vec<CompositionError>> {
    let documents = parse(subgraphs)?;
    let (mut schemas, errors): (Vec<_>, Vec<_>) = subgraphs
        .iter()
        .zip(&documents)
        .map(|(subgraph, document)| SubgraphSchema::read(subgraph, document))
        .unzip();
    let mut errors: Vec<CompositionError> = errors.into_iter().flatten().collect();
    errors.extend(schemas.iter().flat_map(self::unsupported::unsupported));
    self::federation_one::upgrade(&mut schemas);
    let (exposed, found) = ExposedFields::expose(&mut schemas);
    errors.extend(found);
    errors.extend(self::field_set_checks::errors(&schemas));
    let (authorization, found) = AuthDirectives::collect(&schemas);
    errors.extend(found);
    let (overrides, found) = Overrides::read(&schemas);
    errors.extend(found);
    if !schemas.iter().any(|schema| schema.types.contains_key("Query")) {
        let message = "no subgraph has a query type: add a field to `Query` in one of them";
        let message = message.to_owned();
        errors.push(CompositionError { message, ..CompositionError::default() });
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut outlines = Outlines::of(&schemas, &overrides);
    errors.extend(outlines.take_errors());
    if !errors.is_empty() {
        return Err(errors);
    }
    let merged = outlines.compose().map_err(|messages| {
        let types = schemas.iter().flat_map(|schema| schema.types.keys().cloned());
        let subgraphs = schemas.iter().map(|schema| schema.name.clone());
        let names = SubgraphNames::new(subgraphs.collect(), types.collect());
        messages.iter().map(|message| names.error(message)).collect::<Vec<_>>()
    })?;
    let mut document = merged_document(&merged)?;
    self::merged_directives::add(&mut document, &schemas);
    JoinDirectives::new(&schemas, &overrides, &exposed).add(&mut document);
    errors.extend(authorization.apply(&mut document));
    errors.extend(self::custom_directives::add(&mut document, &schemas));
    errors.extend(self::inaccessible::contradictions(&document, &schemas));
    let supergraph = self::definitions::with_definitions(document);
    let document = parse_composed(&supergraph)?;
    errors.extend(self::satisfiability::unreachable(&document));
    if errors.is_empty() { Ok(supergraph) } else { Err(errors) }
}

/// The types that the composition crate has merged, without its directives.
fn merged_document(merged: &str) -> Result<SchemaDocument, Vec<CompositionError>> {
    let (read, _) = SchemaDocument::read(merged, &parse_composed(merged)?);
    let is_ours = |name: &str| !name.starts_with("join__") && !name.starts_with("link__");
    let types = read.types.into_iter().filter(|(name, _)| is_ours(name)).collect();
    let roots = self::subgraph_schema::ROOTS.into_iter();
    let document = SchemaDocument { types, ..SchemaDocument::default() };
    let roots = roots
        .filter(|(_, name)| document.types.contains_key(*name))
        .map(|(operation, name)| (operation, name.to_owned()))
        .collect();
    Ok(SchemaDocument { roots, ..document })
}

fn parse_composed(sdl: &str) -> Result<TypeSystemDocument, Vec<CompositionError>> {
    parse_type_system_document(sdl).map_err(|error| {
        let message = format!("cannot parse composed supergraph: {error}");
        vec![CompositionError { message, ..CompositionError::default() }]
    })
}

/// Parses the SDLs, or returns all syntax errors.
fn parse(subgraphs: &[SubgraphSdl]) -> Result<Vec<TypeSystemDocument>, Vec<CompositionError>> {
    let mut documents = Vec::new();
    let mut errors = Vec::new();
    for subgraph in subgraphs {
        let parsed = check_sdl(&subgraph.sdl).map_err(|error| error.to_string()).and_then(|()| {
            parse_type_system_document(&subgraph.sdl).map_err(|error| error.to_string())
        });
        match parsed {
            Ok(document) => documents.push(document),
            Err(error) => errors.push(CompositionError {
                message: format!("cannot parse SDL of `{}`: {error}", subgraph.name),
                subgraphs: vec![subgraph.name.clone()],
                ..CompositionError::default()
            }),
        }
    }
    if errors.is_empty() { Ok(documents) } else { Err(errors) }
}
