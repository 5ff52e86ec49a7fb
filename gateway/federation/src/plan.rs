//! Plans: which fields are fetched from which subgraph, in which order, and where they are merged.
//!
//! Own types, so that the planner can be replaced.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use async_graphql_parser::types::OperationType;
use async_graphql_value::Name;

use crate::selected_fields::SelectedFields;

/// How an operation is answered. An operation about the schema alone asks nobody.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) root: Option<Step>,
    /// Whether something is left out that the caller must not see.
    pub(crate) is_filtered: bool,
}

/// A step of a plan.
#[derive(Debug)]
pub(crate) enum Step {
    /// One after the other.
    Sequence(Vec<Self>),
    /// All at once.
    Parallel(Vec<Self>),
    /// One or the other, by a variable.
    Condition { variable: Name, then: Option<Box<Self>>, otherwise: Option<Box<Self>> },
    /// A question to a subgraph.
    Fetch(Box<Fetch>),
}

/// A question to one subgraph.
#[derive(Debug)]
pub(crate) struct Fetch {
    /// The name of the subgraph.
    pub(crate) subgraph: Arc<str>,
    pub(crate) document: Arc<str>,
    pub(crate) operation_type: OperationType,
    /// The client's variables that it uses.
    pub(crate) variables: Vec<Name>,
    pub(crate) kind: FetchKind,
}

/// What a question asks for.
#[derive(Debug)]
pub(crate) enum FetchKind {
    /// Fields of the root, which go to everything at a place.
    Root {
        path: Vec<PathElement>,
        response_keys: Arc<HashSet<String>>,
        /// What a response may hold, before its rewrites.
        selected: SelectedFields,
        output_rewrites: Vec<Rewrite>,
    },
    /// More of things that are there, named by their keys; one list of them for each field.
    Entities(Vec<EntityFetch>),
}

/// A list of things of which more is wanted.
#[derive(Debug)]
pub(crate) struct EntityFetch {
    /// Under which name the answer has them.
    pub(crate) alias: String,
    /// The variable that takes their representations.
    pub(crate) variable: Name,
    /// Where they are.
    pub(crate) paths: Vec<Vec<PathElement>>,
    /// What a representation holds.
    pub(crate) requires: Vec<RequiredSelection>,
    pub(crate) input_rewrites: Vec<Rewrite>,
    pub(crate) output_rewrites: Vec<Rewrite>,
    /// Under which names an answer has what was asked for.
    pub(crate) response_keys: Arc<HashSet<String>>,
    /// What each entity of a response may hold, before its rewrites.
    pub(crate) selected: SelectedFields,
}

/// A part of the way to a place in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PathElement {
    Field(Name),
    /// Only where it is of one of these types.
    TypeCondition(BTreeSet<String>),
    /// Every item of a list.
    List,
}

/// What a representation holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RequiredSelection {
    Field {
        name: Name,
        /// Its name in the representation.
        key: Name,
        selections: Vec<Self>,
    },
    /// More, where it is of one of these types.
    InlineFragment { types: BTreeSet<String>, selections: Vec<Self> },
}

/// A change to what is sent or was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rewrite {
    /// The last field of the way gets another name.
    Rename { path: Vec<PathElement>, to: Name },
    /// What is at the end of the way becomes a text.
    Set { path: Vec<PathElement>, text: String },
}

impl Step {
    /// The only question of a plan that has but one, at the root.
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

    /// Every fetch of it.
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
