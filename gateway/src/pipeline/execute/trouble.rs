//! What went wrong, and which places of the answer it explains.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use async_graphql::{PathSegment, ServerError};

use super::place::{Path, Segment};
use crate::{failure::Failure, supergraph::name_of_client};

/// More problems of one answer are counted and not told.
pub(in crate::pipeline) const PROBLEMS_MAX: usize = 1_000;

/// One thing that went wrong with one subgraph.
#[derive(Debug, Clone)]
pub(in crate::pipeline) struct Problem {
    pub(in crate::pipeline) failure: Failure,
    /// Which subgraph, where it is one.
    pub(in crate::pipeline) service: Option<Arc<str>>,
}

impl Problem {
    /// The error that tells it at a place.
    pub(in crate::pipeline) fn at(self, path: &[Segment]) -> ServerError {
        let mut error = self.failure.at(None);
        if let Some(service) = self.service {
            error.extensions.get_or_insert_default().set("service", &*service);
        }
        let segment = |segment: &Segment| match segment {
            Segment::Key(key) => PathSegment::Field(name_of_client(key).to_owned()),
            Segment::Index(index) => PathSegment::Index(*index),
        };
        error.path = path.iter().map(segment).collect();
        error
    }
}

/// Names under which an answer has what is asked for.
type Keys = Arc<HashSet<String>>;

/// Why a field has no value.
#[derive(Debug)]
pub(in crate::pipeline) enum Why {
    /// Something went wrong.
    Problem(Problem),
    /// Nobody knows the thing, which is no error.
    Unknown,
    /// Nobody was asked, or who was asked passed it over.
    NotAsked,
}

/// Why fields are missing at some places.
#[derive(Debug)]
struct Missing {
    keys: Keys,
    /// Nothing where nothing is wrong: nobody knows the thing.
    problem: Option<Problem>,
    first: Path,
    told: bool,
}

/// Everything that went wrong.
#[derive(Debug, Default)]
pub(in crate::pipeline) struct Troubles {
    /// Problems at single fields.
    exact: Vec<(Path, Problem)>,
    missing: Vec<Missing>,
    /// Problems at a place, by their numbers in `missing`.
    places: HashMap<Path, Vec<usize>>,
    pub(in crate::pipeline) omitted: usize,
}

impl Troubles {
    /// A problem at one field.
    pub(super) fn at(&mut self, path: Path, problem: Problem) {
        if self.exact.len() >= PROBLEMS_MAX {
            self.omitted += 1;
        } else {
            self.exact.push((path, problem));
        }
    }

    /// A problem for which the fields `keys` are missing at all these places.
    pub(super) fn all_of(&mut self, places: Vec<Path>, keys: &Keys, problem: Problem) {
        if places.is_empty() {
            return;
        }
        let is_told = self.missing.len() < PROBLEMS_MAX;
        self.omitted += usize::from(!is_told);
        self.missing(places, keys, is_told.then_some(problem));
    }

    /// The fields `keys` are missing at these places because nobody knows the things there, or because
    /// another error says so already.
    pub(super) fn unknown(&mut self, places: Vec<Path>, keys: &Keys) {
        self.missing(places, keys, None);
    }

    /// The fields `keys` were not asked for at these places, for want of what would name the things: the
    /// problem for which that is missing explains these, too.
    pub(super) fn unasked(&mut self, places: Vec<Path>, keys: &Keys) {
        let mut same: BTreeMap<usize, Vec<Path>> = BTreeMap::new();
        for place in places {
            let numbers = self.places.get(&place).into_iter().flatten();
            let first = numbers.copied().find(|number| self.missing[*number].problem.is_some());
            if let Some(number) = first {
                same.entry(number).or_default().push(place);
            }
        }
        for (number, places) in same {
            let missing = &mut self.missing[number];
            missing.told = true;
            let problem = missing.problem.clone();
            self.missing(places, keys, problem);
        }
    }

    fn missing(&mut self, places: Vec<Path>, keys: &Keys, problem: Option<Problem>) {
        let Some(first) = places.first().cloned() else { return };
        let number = self.missing.len();
        for place in places {
            self.places.entry(place).or_default().push(number);
        }
        self.missing.push(Missing { keys: Arc::clone(keys), problem, first, told: false });
    }

    /// Why the field `key` is missing at a place, if that is known.
    pub(in crate::pipeline) fn why(&mut self, place: &Path, key: &str) -> Why {
        let numbers = self.places.get(place).into_iter().flatten();
        let mut because =
            numbers.copied().filter(|number| self.missing[*number].keys.contains(key));
        let Some(number) = because.next() else { return Why::NotAsked };
        let missing = &mut self.missing[number];
        missing.told = true;
        missing.problem.clone().map_or(Why::Unknown, Why::Problem)
    }

    /// Whether a problem at one field is at this place or below.
    pub(in crate::pipeline) fn explains(&self, place: &Path) -> bool {
        self.exact.iter().any(|(path, _)| path.starts_with(place))
    }

    /// The problems at single fields, and those that nothing was missing for.
    pub(in crate::pipeline) fn rest(self) -> impl Iterator<Item = ServerError> {
        let untold = self.missing.into_iter().filter(|missing| !missing.told);
        let untold = untold.filter_map(|missing| Some(missing.problem?.at(&missing.first)));
        self.exact.into_iter().map(|(path, problem)| problem.at(&path)).chain(untold)
    }
}
