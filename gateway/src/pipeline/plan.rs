//! Plans: which subgraph is asked for what, in which order, and where its answer goes.
//!
//! These are our own types, so that what makes plans can be exchanged ([`crate::supergraph`]).
//! Plans are kept: one for equal documents, made once for all who wait for it.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use async_graphql::{Name, Variables, parser::types::OperationType};
use quick_cache::sync::Cache;

use super::{breaking::Known, operation::Operation, validate::Wrong};
use crate::supergraph::{Access, Supergraph};

/// How an operation is answered. An operation about the schema alone asks nobody.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) root: Option<Step>,
    /// Whether something is left out that the caller must not see.
    pub(crate) is_part: bool,
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
    pub(crate) kind: OperationType,
    /// The client's variables that it uses.
    pub(crate) variables: Vec<Name>,
    pub(crate) work: Work,
}

/// What a question asks for.
#[derive(Debug)]
pub(crate) enum Work {
    /// Fields of the root, which go to everything at a place.
    Fields { place: Vec<Part>, keys: Arc<HashSet<String>>, after: Vec<Rewrite> },
    /// More of things that are there, named by their keys; one list of them for each field.
    Entities(Vec<Entities>),
}

/// A list of things of which more is wanted.
#[derive(Debug)]
pub(crate) struct Entities {
    /// Under which name the answer has them.
    pub(crate) key: String,
    /// The variable that takes their representations.
    pub(crate) variable: Name,
    /// Where they are.
    pub(crate) places: Vec<Vec<Part>>,
    /// What a representation holds.
    pub(crate) requires: Vec<Needed>,
    pub(crate) before: Vec<Rewrite>,
    pub(crate) after: Vec<Rewrite>,
    /// Under which names an answer has what was asked for.
    pub(crate) keys: Arc<HashSet<String>>,
}

/// A part of the way to a place in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    Field(Name),
    /// Only where it is of one of these types.
    Types(BTreeSet<String>),
    /// Every item of a list.
    Items,
}

/// What a representation holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Needed {
    Field {
        name: Name,
        /// Its name in the representation.
        key: Name,
        below: Vec<Self>,
    },
    /// More, where it is of one of these types.
    Where { types: BTreeSet<String>, below: Vec<Self> },
}

/// A change to what is sent or was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rewrite {
    /// The last field of the way gets another name.
    Rename { way: Vec<Part>, to: Name },
    /// What is at the end of the way becomes a text.
    Set { way: Vec<Part>, text: String },
}

impl Step {
    /// The only question of a plan that has but one, at the root.
    pub(crate) fn only_fetch(&self) -> Option<&Fetch> {
        match self {
            Self::Fetch(fetch) => match &fetch.work {
                Work::Fields { place, .. } if place.is_empty() => Some(fetch),
                _ => None,
            },
            Self::Sequence(steps) | Self::Parallel(steps) => match steps.as_slice() {
                [step] => step.only_fetch(),
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
pub(super) struct Plans(Cache<(Known, Access), Arc<Plan>>);

impl Plans {
    /// Keeps so many plans.
    pub(super) fn new(plans_max: usize) -> Self {
        Self(Cache::new(plans_max))
    }

    /// The plan for an operation; makes it where there is none. Who asks for the same at the same
    /// time waits for it.
    pub(super) async fn get(
        &self,
        supergraph: &Arc<Supergraph>,
        text: &Arc<str>,
        operation: &Arc<Operation>,
        variables: &Variables,
        access: &Access,
        planning: super::normalise::Planning,
    ) -> Result<Arc<Plan>, Wrong> {
        let name = operation.name().map(str::to_owned);
        let conditions = super::normalise::conditions(operation, variables);
        let key = (Known { text: Arc::clone(text), name, conditions }, access.clone());
        let (supergraph, (known, access)) = (Arc::clone(supergraph), key.clone());
        let made = self.0.get_or_insert_async(&key, async move {
            let Known { text, name, conditions } = known;
            let planning =
                move || planning.plan(&supergraph, &text, name.as_deref(), &conditions, &access);
            tokio::task::spawn_blocking(planning)
                .await
                .map_err(|_panicked| Wrong::Planner)?
                .map(Arc::new)
        });
        made.await
    }

    /// What they answer.
    pub(super) fn known(&self) -> Vec<Known> {
        self.0.iter().map(|((known, _), _)| known).collect()
    }

    /// How many are kept.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
