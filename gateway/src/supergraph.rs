//! Supergraphs: several graphs as one, and the plan that says which of them is asked for what.
//!
//! This module must not know how a subgraph is called (`crate::subgraph`) nor HTTP. The types of the
//! planner's crate end here: `planner` turns them into our own, [`crate::pipeline`] runs those.

pub mod compose;
mod detour;
mod guards;
mod loaded;
mod members;
mod named;
mod parts;
mod planner;
mod spelt;
mod types;
mod watched;

pub(crate) use self::{
    guards::{Access, Guard},
    loaded::Supergraph,
    planner::PlanFailure,
    types::{
        Definition, Directive, EnumValue, Field, InputValue, Shape, Type, Types, name_of_client,
    },
    watched::{SupergraphFile, Supergraphs},
};
pub use self::{loaded::LoadError, watched::SupergraphFileError};
