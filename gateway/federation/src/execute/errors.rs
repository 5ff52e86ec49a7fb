//! Errors of an execution, indexed by the response paths whose missing values they explain.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    ops::Bound,
    sync::Arc,
};

use crate::error::{GraphqlError, PathSegment};

use super::response_path::{ResponsePath, ResponseSegment};
use crate::schema::client_name;

/// Maximum number of recorded errors; the others are counted.
pub(crate) const REPORTED_ERRORS_MAX: usize = 1_000;

/// The error at a response path, with the response keys of the client.
pub(crate) fn at_path(error: GraphqlError, path: &[ResponseSegment]) -> GraphqlError {
    let segment = |segment: &ResponseSegment| match segment {
        ResponseSegment::Key(key) => PathSegment::Field(client_name(key).to_owned()),
        ResponseSegment::Index(index) => PathSegment::Index(*index),
    };
    GraphqlError { path: path.iter().map(segment).collect(), ..error }
}

/// Response keys of the fields of a fetch.
type ResponseKeys = Arc<HashSet<String>>;

/// The reason why a field has no value.
#[derive(Debug)]
pub(crate) enum MissingReason {
    /// A fetch failed.
    Failed(GraphqlError),
    /// The entity is unknown to the subgraph, which is not an error.
    UnknownEntity,
    /// It was not fetched, or the subgraph omitted it.
    NotFetched,
}

/// Fields that are missing at some paths, for one reason.
#[derive(Debug)]
struct MissingFields {
    keys: ResponseKeys,
    /// `None` if there is no error to report: the entity is unknown.
    error: Option<GraphqlError>,
    first: ResponsePath,
    is_reported: bool,
}

/// All errors of an execution.
#[derive(Debug, Default)]
pub(crate) struct ErrorIndex {
    /// Errors at single fields.
    exact: Vec<(ResponsePath, GraphqlError)>,
    /// Their paths: those below a path follow it in this order.
    exact_paths: BTreeSet<ResponsePath>,
    missing: Vec<MissingFields>,
    /// Indices into `missing`, by path.
    by_path: HashMap<ResponsePath, Vec<usize>>,
    pub(crate) omitted: usize,
}

impl ErrorIndex {
    /// Records an error at one field.
    pub(super) fn record_at(&mut self, path: ResponsePath, error: GraphqlError) {
        if self.exact.len() >= REPORTED_ERRORS_MAX {
            self.omitted += 1;
        } else {
            self.exact_paths.insert(path.clone());
            self.exact.push((path, error));
        }
    }

    /// Records an error that leaves the fields `keys` missing at all `paths`.
    pub(super) fn record_for_all(
        &mut self,
        paths: Vec<ResponsePath>,
        keys: &ResponseKeys,
        error: GraphqlError,
    ) {
        if paths.is_empty() {
            return;
        }
        let is_recorded = self.missing.len() < REPORTED_ERRORS_MAX;
        self.omitted += usize::from(!is_recorded);
        self.record(paths, keys, is_recorded.then_some(error));
    }

    /// Records that the fields `keys` are missing at `paths` without an error of their own: the
    /// entities are unknown, or another error was recorded.
    pub(super) fn record_unknown(&mut self, paths: Vec<ResponsePath>, keys: &ResponseKeys) {
        self.record(paths, keys, None);
    }

    /// Records that the fields `keys` were not fetched at `paths`, because the keys of the entities
    /// are missing. The error that explains the missing keys explains these fields too.
    pub(super) fn record_unfetched(&mut self, paths: Vec<ResponsePath>, keys: &ResponseKeys) {
        let mut same: BTreeMap<usize, Vec<ResponsePath>> = BTreeMap::new();
        for path in paths {
            let numbers = self.by_path.get(&path).into_iter().flatten();
            let first = numbers.copied().find(|number| self.missing[*number].error.is_some());
            if let Some(number) = first {
                same.entry(number).or_default().push(path);
            }
        }
        for (number, paths) in same {
            let missing = &mut self.missing[number];
            missing.is_reported = true;
            let error = missing.error.clone();
            self.record(paths, keys, error);
        }
    }

    fn record(
        &mut self,
        paths: Vec<ResponsePath>,
        keys: &ResponseKeys,
        error: Option<GraphqlError>,
    ) {
        let Some(first) = paths.first().cloned() else { return };
        let number = self.missing.len();
        for path in paths {
            self.by_path.entry(path).or_default().push(number);
        }
        self.missing.push(MissingFields {
            keys: Arc::clone(keys),
            error,
            first,
            is_reported: false,
        });
    }

    /// The recorded reason why the field `key` is missing at `path`.
    pub(crate) fn missing_reason(&mut self, path: &ResponsePath, key: &str) -> MissingReason {
        let numbers = self.by_path.get(path).into_iter().flatten();
        let mut matching =
            numbers.copied().filter(|number| self.missing[*number].keys.contains(key));
        let Some(number) = matching.next() else { return MissingReason::NotFetched };
        let missing = &mut self.missing[number];
        missing.is_reported = true;
        missing.error.clone().map_or(MissingReason::UnknownEntity, MissingReason::Failed)
    }

    /// Whether an error at a single field is at or below `prefix`.
    pub(crate) fn is_reported(&self, prefix: &ResponsePath) -> bool {
        let from_prefix = (Bound::Included(prefix), Bound::Unbounded);
        let mut following = self.exact_paths.range::<ResponsePath, _>(from_prefix);
        following.next().is_some_and(|path| path.starts_with(prefix))
    }

    /// Errors at single fields, and errors that did not leave a selected field missing.
    pub(crate) fn into_remaining(self) -> impl Iterator<Item = GraphqlError> {
        let unreported = self.missing.into_iter().filter(|missing| !missing.is_reported);
        let unreported =
            unreported.filter_map(|missing| Some(at_path(missing.error?, &missing.first)));
        self.exact.into_iter().map(|(path, error)| at_path(error, &path)).chain(unreported)
    }
}
