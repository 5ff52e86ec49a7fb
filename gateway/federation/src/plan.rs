//! Plans: which fields are fetched from which subgraph, in which order, and where they are merged.
//!
//! These types do not depend on the planner's crate, so that it can be replaced.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use async_graphql_parser::types::OperationType;
use async_graphql_value::Name;

use crate::selected_fields::SelectedFields;

/// How an operation is executed. For pure introspection, there is nothing to fetch.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) root: Option<Step>,
    /// Whether unauthorized fields were removed.
    pub(crate) is_filtered: bool,
}

/// A step of a plan: fetches, or a combination of steps.
#[derive(Debug)]
pub(crate) enum Step {
    /// Executed one after another.
    Sequence(Vec<Self>),
    /// Executed concurrently.
    Parallel(Vec<Self>),
    /// Executed depending on a variable.
    Condition { variable: Name, then: Option<Box<Self>>, otherwise: Option<Box<Self>> },
    /// A request to a subgraph.
    Fetch(Box<Fetch>),
}

/// A request to one subgraph.
#[derive(Debug)]
pub(crate) struct Fetch {
    /// Name of the subgraph.
    pub(crate) subgraph: Arc<str>,
    pub(crate) document: Arc<str>,
    pub(crate) operation_type: OperationType,
    /// Variables of the client that the document uses.
    pub(crate) variables: Vec<Name>,
    pub(crate) kind: FetchKind,
}

/// What a fetch selects.
#[derive(Debug)]
pub(crate) enum FetchKind {
    /// Root fields, merged into all objects at a path.
    Root {
        path: Vec<PathElement>,
        response_keys: Arc<HashSet<String>>,
        /// Fields expected in a response, before rewrites.
        selected: SelectedFields,
        output_rewrites: Vec<Rewrite>,
    },
    /// Fields of entities.
    Entities {
        /// One list per `_entities` field.
        lists: Vec<EntityFetch>,
        /// Fields expected in a response, before rewrites.
        selected: SelectedFields,
    },
}

/// One `_entities` field of a fetch.
#[derive(Debug)]
pub(crate) struct EntityFetch {
    /// Response key of the `_entities` field.
    pub(crate) alias: String,
    /// Variable with the representations.
    pub(crate) variable: Name,
    /// Paths of the entities in the response.
    pub(crate) paths: Vec<Vec<PathElement>>,
    /// Required fields of a representation.
    pub(crate) requires: Vec<RequiredSelection>,
    pub(crate) input_rewrites: Vec<Rewrite>,
    pub(crate) output_rewrites: Vec<Rewrite>,
    /// Response keys of the selected fields.
    pub(crate) response_keys: Arc<HashSet<String>>,
}

/// A segment of a path in a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PathElement {
    Field(Name),
    /// Only objects of one of these types.
    TypeCondition(BTreeSet<String>),
    /// All items of a list.
    List,
}

/// A selection of a representation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RequiredSelection {
    Field {
        name: Name,
        /// Key in the representation.
        key: Name,
        selections: Vec<Self>,
    },
    /// Further selections on objects of one of these types.
    InlineFragment { types: BTreeSet<String>, selections: Vec<Self> },
}

/// A rewrite of a representation or a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rewrite {
    /// Renames the last field of the path.
    Rename { path: Vec<PathElement>, to: Name },
    /// Sets the value at the path to a string.
    Set { path: Vec<PathElement>, text: String },
}

impl Step {
    /// The fetch of a plan that consists of a single root fetch.
    pub(crate) fn single_root_fetch(&self) -> Option<&Fetch> {
        match self {
            Self::Fetch(fetch) => match &fetch.kind {
                FetchKind::Root { path, .. } if path.is_empty() => Some(fetch),
                _ => None,
            },
            Self::Sequence(steps) | Self::Parallel(steps) => match steps.as_slice() {
                [step] => step.single_root_fetch(),
                _ => None,
            },
            Self::Condition { .. } => None,
        }
    }

    /// All fetches of this step.
    pub(crate) fn fetches(&self) -> Vec<&Fetch> {
        match self {
            Self::Fetch(fetch) => vec![fetch],
            Self::Sequence(steps) | Self::Parallel(steps) => {
                steps.iter().flat_map(Self::fetches).collect()
            }
            Self::Condition { then, otherwise, .. } => {
                [then, otherwise].into_iter().flatten().flat_map(|step| step.fetches()).collect()
            }
        }
    }
}
