//! A federation router: composes subgraphs to a supergraph, plans operations over it, fetches from
//! subgraphs and projects their responses into one.
//!
//! Reading order: `composer` and `supergraph_file` yield a [`Supergraph`]; `current_supergraph`
//! activates it as a [`SupergraphRouter`], whose life of a request is plan (`operation_planner`) ►
//! execute (`execute`) ► project (`project`). [`subgraph::Subgraph`] is the port to a subgraph: over
//! HTTP here, in process by the host.
//!
//! This crate must not know what the graphs are about, nor the HTTP of clients. The types of the
//! planner's crate end at `planner`.

pub mod authorization;
pub mod bounded_file;
mod compatibility;
pub mod compose;
pub mod composition_loop;
pub mod config;
mod current_supergraph;
pub mod error;
mod execute;
mod filter_operation;
pub mod operation;
mod operation_key;
mod operation_planner;
mod plan;
mod plan_cache;
mod planner_adapter;
mod response_projection;
mod router;
mod schema;
mod sdl_cache;
mod selected_fields;
mod selection_set;
pub mod subgraph;
mod supergraph;
mod supergraph_file;
pub mod text_limits;

pub use self::{
    compatibility::BreakingChanges,
    current_supergraph::CurrentSupergraph,
    execute::FetchContext,
    router::{PlannedOperation, RequestError, Response, Route, SupergraphRouter},
    supergraph::{LoadError, Supergraph},
    supergraph_file::{SupergraphFile, SupergraphFileError, watch},
};
