//! Composition: turns the SDLs of subgraphs into the SDL of a supergraph, or reports all errors.
//!
//! The crate `graphql-composition` merges the SDLs. Before it, `mapped_service` turns the schemas
//! of plain GraphQL services into SDLs of subgraphs. Around it, `compatibility_edits` rewrites SDLs
//! that Apollo's composer accepts and the crate does not, `authorization` adds `@authenticated` and
//! `@requiresScopes`, `root_types` and `definitions` add what planners require, and
//! `satisfiability` checks that each field can be resolved. This module must not know where an SDL
//! comes from, nor who uses the result.

mod authorization;
mod compatibility_edits;
mod definitions;
mod diagnostic;
mod edits;
#[cfg(test)]
mod hostile_tests;
mod mapped_service;
mod root_types;
mod satisfiability;
#[cfg(test)]
mod tests;

use std::{panic, sync::Arc};

use cynic_parser::{TypeSystemDocument, parse_type_system_document};
use graphql_composition::{Subgraphs, render_federated_sdl};

pub use self::diagnostic::CompositionError;
use self::{authorization::AuthDirectives, diagnostic::SubgraphNames, edits::SdlEdits};
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
    /// Hidden only in types that another subgraph has too, so that it can share the type without
    /// these fields; otherwise visible.
    HiddenWhereShared,
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
    let names = SubgraphNames::of(subgraphs, &documents);
    let mut edits: Vec<SdlEdits> = documents.iter().map(|_| SdlEdits::default()).collect();
    let authorization = AuthDirectives::collect(subgraphs, &documents, &mut edits)?;
    self::compatibility_edits::prepare(subgraphs, &documents, &mut edits);
    let prepared = subgraphs.iter().zip(edits).map(|(subgraph, edits)| edits.apply(&subgraph.sdl));
    let mut ingested = Subgraphs::default();
    for (subgraph, sdl) in subgraphs.iter().zip(prepared) {
        let url = Some(subgraph.url.as_str());
        ingested
            .ingest_str(&sdl, &subgraph.name, url)
            .map_err(|error| vec![names.error_for_subgraph(&subgraph.name, &error.to_string())])?;
    }
    let composed = graphql_composition::compose(&mut ingested);
    let errors: Vec<_> =
        composed.diagnostics().iter_errors().map(|message| names.error(message)).collect();
    let graph = match composed.into_result() {
        Ok(graph) if errors.is_empty() => graph,
        _ => return Err(errors),
    };
    let rendered = render_federated_sdl(&graph).expect("writing to a `String` cannot fail");
    let parse_error = |error: cynic_parser::Error| {
        let message = format!("cannot parse composed supergraph: {error}");
        vec![names.error(&message)]
    };
    let document = parse_type_system_document(&rendered).map_err(parse_error)?;
    let supergraph = self::root_types::with_graphs(&rendered, &document, subgraphs, &documents);
    let document = parse_type_system_document(&supergraph).map_err(parse_error)?;
    let supergraph = authorization.apply(&supergraph, &document);
    let document = parse_type_system_document(&supergraph).map_err(parse_error)?;
    let supergraph = definitions::with_definitions(&supergraph, &document);
    let document = parse_type_system_document(&supergraph).map_err(parse_error)?;
    let unreachable = self::satisfiability::unreachable(&document);
    if unreachable.is_empty() { Ok(supergraph) } else { Err(unreachable) }
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
