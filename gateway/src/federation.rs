//! Supergraphs: several graphs as one, and the plan that says which of them is asked for what.
//!
//! This module must not know how a subgraph is called (`crate::federation::subgraph`) nor HTTP. The types of the
//! planner's crate end here: `planner` turns them into our own, [`crate::pipeline`] runs those.

pub(crate) mod authorization;
pub(crate) mod compatibility;
pub mod compose;
pub(crate) mod composer;
pub(crate) mod execute;
pub(crate) mod normalise;
pub(crate) mod operation;
pub(crate) mod plan;
mod planner;
pub(crate) mod project;
pub(crate) mod router;
mod schema;
pub(crate) mod sdl_cache;
pub(crate) mod subgraph;
mod supergraph;
mod supergraph_file;
pub(crate) mod validate;

pub(crate) use self::{
    authorization::rules::{AuthRule, Grants},
    planner::PlannerError,
    schema::{
        Definition, Directive, EnumValue, Field, InputValue, PublicSchema, Type, TypeKind,
        client_name,
    },
    supergraph::Supergraph,
    supergraph_file::{SupergraphFile, SupergraphSlot},
};
pub use self::{supergraph::LoadError, supergraph_file::SupergraphFileError};
