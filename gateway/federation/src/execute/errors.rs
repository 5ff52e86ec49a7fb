//! What went wrong, and which places of the answer it explains.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use crate::error::{GraphqlError, PathSegment};

use super::response_path::{ResponsePath, ResponseSegment};
use crate::schema::client_name;

/// More problems of one answer are counted and not told.
pub(crate) const REPORTED_ERRORS_MAX: usize = 1_000;

/// The error at a path of the response, with the names that the client gave.
pub(crate) fn at_path(error: GraphqlError, path: &[ResponseSegment]) -> GraphqlError {
    let segment = |segment: &ResponseSegment| match segment {
        ResponseSegment::Key(key) => PathSegment::Field(client_name(key).to_owned()),
        ResponseSegment::Index(index) => PathSegment::Index(*index),
    };
    GraphqlError { path: path.iter().map(segment).collect(), ..error }
}

/// Names under which an answer has what is asked for.
type ResponseKeys = Arc<HashSet<String>>;

/// Why a field has no value.
#[derive(Debug)]
pub(crate) enum MissingReason {
    /// Something went wrong.
    Failed(GraphqlError),
    /// Nobody knows the thing, which is no error.
    UnknownEntity,
    /// Nobody was asked, or who was asked passed it over.
    NotFetched,
}

/// Why fields are missing at some places.
#[derive(Debug)]
struct MissingFields {
    keys: ResponseKeys,
    /// Nothing where nothing is wrong: nobody knows the thing.
    error: Option<GraphqlError>,
    first: ResponsePath,
    is_reported: bool,
}

/// Everything that went wrong.
#[derive(Debug, Default)]
pub(crate) struct ErrorIndex {
    /// Problems at single fields.
    exact: Vec<(ResponsePath, GraphqlError)>,
    missing: Vec<MissingFields>,
    /// Problems at a place, by their numbers in `missing`.
    by_path: HashMap<ResponsePath, Vec<usize>>,
    pub(crate) omitted: usize,
}

impl ErrorIndex {
    /// A problem at one field.
    pub(super) fn record_at(&mut self, path: ResponsePath, error: GraphqlError) {
        if self.exact.len() >= REPORTED_ERRORS_MAX {
            self.omitted += 1;
        } else {
            self.exact.push((path, error));
        }
    }

    /// A problem for which the fields `keys` are missing at all these places.
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

    /// The fields `keys` are missing at these places because nobody knows the things there, or because
    /// another error says so already.
    pub(super) fn record_unknown(&mut self, paths: Vec<ResponsePath>, keys: &ResponseKeys) {
        self.record(paths, keys, None);
    }

    /// The fields `keys` were not asked for at these places, for want of what would name the things: the
    /// problem for which that is missing explains these, too.
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

    /// Why the field `key` is missing at a place, if that is known.
    pub(crate) fn missing_reason(&mut self, path: &ResponsePath, key: &str) -> MissingReason {
        let numbers = self.by_path.get(path).into_iter().flatten();
        let mut matching =
            numbers.copied().filter(|number| self.missing[*number].keys.contains(key));
        let Some(number) = matching.next() else { return MissingReason::NotFetched };
        let missing = &mut self.missing[number];
        missing.is_reported = true;
        missing.error.clone().map_or(MissingReason::UnknownEntity, MissingReason::Failed)
    }

    /// Whether a problem at one field is at this place or below.
    pub(crate) fn is_reported(&self, prefix: &ResponsePath) -> bool {
        self.exact.iter().any(|(path, _)| path.starts_with(prefix))
    }

    /// The problems at single fields, and those that nothing was missing for.
    pub(crate) fn into_remaining(self) -> impl Iterator<Item = GraphqlError> {
        let unreported = self.missing.into_iter().filter(|missing| !missing.is_reported);
        let unreported =
            unreported.filter_map(|missing| Some(at_path(missing.error?, &missing.first)));
        self.exact.into_iter().map(|(path, error)| at_path(error, &path)).chain(unreported)
    }
}
