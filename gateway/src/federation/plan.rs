//! Plans: which subgraph is asked for what, in which order, and where its answer goes.
//!
//! These are our own types, so that what makes plans can be exchanged ([`crate::federation`]).
//! Plans are kept: one for equal documents, made once for all who wait for it.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use async_graphql::{Name, Variables, parser::types::OperationType};
use quick_cache::sync::Cache;

use super::{compatibility::OperationKey, operation::Operation, validate::PlanError};
use crate::federation::{Grants, Supergraph};

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
    pub(crate) fetch_kind: FetchKind,
}

/// What a question asks for.
#[derive(Debug)]
pub(crate) enum FetchKind {
    /// Fields of the root, which go to everything at a place.
    Root {
        path: Vec<PathElement>,
        response_keys: Arc<HashSet<String>>,
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
            Self::Fetch(fetch) => match &fetch.fetch_kind {
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
}

impl Step {
    /// Every question of it.
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

/// The plans over one supergraph, for those who may see so much of it.
pub(crate) struct PlanCache(Cache<(OperationKey, Grants), Arc<Plan>>);

impl PlanCache {
    /// Keeps so many plans.
    pub(crate) fn new(plan_cache_entries_max: usize) -> Self {
        Self(Cache::new(plan_cache_entries_max))
    }

    /// The plan for an operation; makes it where there is none. Who asks for the same at the same
    /// time waits for it.
    pub(crate) async fn get(
        &self,
        supergraph: &Arc<Supergraph>,
        text: &Arc<str>,
        operation: &Arc<Operation>,
        variables: &Variables,
        grants: &Grants,
        planner: super::normalise::OperationPlanner,
    ) -> Result<Arc<Plan>, PlanError> {
        let name = operation.name().map(str::to_owned);
        let conditions = super::normalise::conditions(operation, variables);
        let key = (OperationKey { text: Arc::clone(text), name, conditions }, grants.clone());
        let (supergraph, (operation_key, grants)) = (Arc::clone(supergraph), key.clone());
        let plan = self.0.get_or_insert_async(&key, async move {
            let OperationKey { text, name, conditions } = operation_key;
            let build_plan =
                move || planner.plan(&supergraph, &text, name.as_deref(), &conditions, &grants);
            tokio::task::spawn_blocking(build_plan)
                .await
                .map_err(|_panicked| PlanError::Panicked)?
                .map(Arc::new)
        });
        plan.await
    }

    /// What they answer.
    pub(crate) fn operations(&self) -> Vec<OperationKey> {
        self.0.iter().map(|((key, _), _)| key).collect()
    }

    /// How many are kept.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
