//! A supergraph that was read and can be asked.

use std::{any::Any, panic, sync::Arc};

use graphql_tools::static_graphql::schema as ast;
use hive_router_query_planner::{
    planner::{Planner, QueryPlannerOptions},
    utils::parsing::safe_parse_schema,
};

use super::types::{Types, argument};

/// A subgraph as the supergraph names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Graph {
    /// Its name, such as `pleio`.
    pub(crate) name: Arc<str>,
    /// Where it is asked; empty where the supergraph does not say.
    pub(crate) url: String,
}

/// A supergraph that was read: what clients see of it, and what makes plans over it.
pub(crate) struct Supergraph {
    pub(super) planner: Planner,
    types: Types,
    graphs: Vec<Graph>,
    digest: blake3::Hash,
}

/// Why a supergraph cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// It is no GraphQL schema.
    #[error("it is no schema: {0}")]
    Syntax(String),
    /// It is a schema, but of no supergraph.
    #[error("it names no subgraphs (`enum join__Graph`); compose it from subgraphs first")]
    NoSubgraphs,
    /// There is nothing to ask.
    #[error("it has no query type")]
    NoQuery,
    /// The planner does not take it.
    #[error("no plans can be made over it: {0}")]
    Planner(String),
}

impl Supergraph {
    /// Reads a supergraph. A panic of the planner's crate over an odd one ends here.
    ///
    /// # Errors
    /// [`LoadError`] where it is none, or one over which no plans can be made.
    pub(crate) fn load(sdl: &str) -> Result<Self, LoadError> {
        let document =
            safe_parse_schema(sdl).map_err(|error| LoadError::Syntax(one_line(&error)))?;
        let graphs = graphs(&document);
        if graphs.is_empty() {
            return Err(LoadError::NoSubgraphs);
        }
        if document.query_type_name().is_none() {
            return Err(LoadError::NoQuery);
        }
        let built = panic::catch_unwind(|| {
            Planner::new_from_supergraph(&document, QueryPlannerOptions::default())
        });
        let planner = built
            .map_err(|panic| LoadError::Planner(format!("it panicked: {}", told(&*panic))))?
            .map_err(|error| LoadError::Planner(error.to_string()))?;
        let types = Types::new(&document, &planner.consumer_schema.document);
        Ok(Self { planner, types, graphs, digest: blake3::hash(sdl.as_bytes()) })
    }

    /// What clients see.
    pub(crate) fn types(&self) -> &Types {
        &self.types
    }

    /// The schema that clients see, to validate against.
    pub(crate) fn public(&self) -> &ast::Document {
        &self.planner.consumer_schema.document
    }

    /// Its subgraphs.
    pub(crate) fn graphs(&self) -> &[Graph] {
        &self.graphs
    }

    /// A digest of its text.
    pub(crate) fn digest(&self) -> blake3::Hash {
        self.digest
    }
}

/// The subgraphs that the values of `join__Graph` name.
fn graphs(document: &ast::Document) -> Vec<Graph> {
    let values = document.definitions.iter().find_map(|definition| match definition {
        ast::Definition::TypeDefinition(ast::TypeDefinition::Enum(of))
            if of.name == "join__Graph" =>
        {
            Some(&of.values)
        }
        _ => None,
    });
    let graph = |value: &ast::EnumValue| {
        let named = |name| argument(&value.directives, "join__graph", name);
        let name = named("name").unwrap_or_else(|| value.name.clone());
        Graph { name: name.into(), url: named("url").unwrap_or_default() }
    };
    values.into_iter().flatten().map(graph).collect()
}

/// What a panic says.
pub(super) fn told(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// An error of the parser, whose sentences stand on lines of their own.
pub(super) fn one_line(error: &impl ToString) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}
