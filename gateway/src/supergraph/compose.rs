//! Composition: the SDLs of subgraphs in, the SDL of a supergraph out, or every reason why not.
//!
//! The crate `graphql-composition` does the merging. Around it: `prepare` meets what Apollo's composer
//! accepts and it does not, `guards` keeps what is not for everybody, `roots` and `definitions` add what planners look for, `reach` makes sure
//! that each field can be got at. This module must not know where an SDL comes from, nor who plans with the result.

mod definitions;
mod edits;
mod guards;
mod prepare;
mod problem;
mod reach;
mod roots;
#[cfg(test)]
mod tests;

use cynic_parser::{TypeSystemDocument, parse_type_system_document};
use graphql_composition::{Subgraphs, render_federated_sdl};

pub use self::problem::CompositionProblem;
use self::{edits::Edits, guards::Guards, problem::Names};

/// One graph that takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubgraphSdl {
    /// Its name, of letters, digits and hyphens.
    pub name: String,
    /// Where routers reach it.
    pub url: String,
    /// What it says of itself, in the words of federation.
    pub sdl: String,
}

/// The SDL of the supergraph that holds all of `subgraphs`, in the order in which they are given.
///
/// # Errors
/// Every [`CompositionProblem`] that was found; nothing is composed then.
pub fn compose(subgraphs: &[SubgraphSdl]) -> Result<String, Vec<CompositionProblem>> {
    let documents = parse(subgraphs)?;
    let names = Names::of(subgraphs, &documents);
    let mut edits: Vec<Edits> = documents.iter().map(|_| Edits::default()).collect();
    let guards = Guards::gather(subgraphs, &documents, &mut edits)?;
    prepare::prepare(subgraphs, &documents, &mut edits);
    let prepared = subgraphs.iter().zip(edits).map(|(subgraph, edits)| edits.apply(&subgraph.sdl));
    let mut ingested = Subgraphs::default();
    for (subgraph, sdl) in subgraphs.iter().zip(prepared) {
        let url = Some(subgraph.url.as_str());
        ingested
            .ingest_str(&sdl, &subgraph.name, url)
            .map_err(|error| vec![names.problem_of(&subgraph.name, &error.to_string())])?;
    }
    let composed = graphql_composition::compose(&mut ingested);
    let errors: Vec<_> =
        composed.diagnostics().iter_errors().map(|message| names.problem(message)).collect();
    let graph = match composed.into_result() {
        Ok(graph) if errors.is_empty() => graph,
        _ => return Err(errors),
    };
    let rendered = render_federated_sdl(&graph).expect("a text can always grow");
    let unusable = |error: cynic_parser::Error| {
        let message = format!("the composed graph cannot be read again: {error}");
        vec![names.problem(&message)]
    };
    let document = parse_type_system_document(&rendered).map_err(unusable)?;
    let supergraph = roots::with_graphs(&rendered, &document, subgraphs, &documents);
    let document = parse_type_system_document(&supergraph).map_err(unusable)?;
    let supergraph = guards.set(&supergraph, &document);
    let document = parse_type_system_document(&supergraph).map_err(unusable)?;
    let supergraph = definitions::with_definitions(&supergraph, &document);
    let document = parse_type_system_document(&supergraph).map_err(unusable)?;
    let unreachable = reach::unreachable(&document);
    if unreachable.is_empty() { Ok(supergraph) } else { Err(unreachable) }
}

/// The SDLs, read; or what is wrong with each that cannot be.
fn parse(subgraphs: &[SubgraphSdl]) -> Result<Vec<TypeSystemDocument>, Vec<CompositionProblem>> {
    let mut documents = Vec::new();
    let mut problems = Vec::new();
    for subgraph in subgraphs {
        match parse_type_system_document(&subgraph.sdl) {
            Ok(document) => documents.push(document),
            Err(error) => problems.push(CompositionProblem {
                message: format!("the SDL of `{}` cannot be read: {error}", subgraph.name),
                subgraphs: vec![subgraph.name.clone()],
                ..CompositionProblem::default()
            }),
        }
    }
    if problems.is_empty() { Ok(documents) } else { Err(problems) }
}
