//! A federation router: composes subgraphs into a supergraph, plans operations on it, fetches from
//! subgraphs and merges their responses into one.
//!
//! Reading order: `composition_loop` and `supergraph_file` provide a [`Supergraph`]; `current_supergraph`
//! activates it as a [`SupergraphRouter`], which plans (`operation_planner`), executes (`execute`)
//! and projects (`response_projection`) each operation. [`subgraph::Subgraph`] is the port to a subgraph: over
//! HTTP in this crate, in process in the host.
//!
//! This crate must not know the contents of subgraphs, nor the HTTP interface for clients. Only
//! `planner_adapter` uses types of the planner's crate.

pub mod address;
pub mod authorization;
pub mod bounded_file;
mod coerce_variables;
mod compatibility;
pub mod compose;
pub mod composition_loop;
pub mod config;
mod current_supergraph;
pub mod error;
mod execute;
mod filter_operation;
mod literal;
mod local_types;
pub mod mapping;
pub mod operation;
mod operation_key;
mod operation_planner;
mod plan;
mod plan_cache;
mod planner_adapter;
mod response_projection;
mod response_value;
mod router;
mod schema;
mod schema_excerpt;
mod sdl_cache;
mod selected_fields;
mod selection_set;
mod source_text;
mod standalone;
pub mod subgraph;
mod suggestions;
mod supergraph;
mod supergraph_file;
pub mod text_limits;

pub use self::{
    coerce_variables::whole_number,
    compatibility::BreakingChanges,
    current_supergraph::{ActivationError, CurrentSupergraph},
    execute::FetchContext,
    router::{PlannedOperation, RequestError, Response, Route, SupergraphRouter},
    schema::{PublicSchema, SchemaError},
    standalone::StandaloneSchema,
    supergraph::{LoadError, Supergraph},
    supergraph_file::{SupergraphFile, SupergraphFileError, watch},
};
