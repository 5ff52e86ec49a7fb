//! Runs a plan: asks subgraphs, side by side where the plan allows it, and gathers what they answer
//! into one value, with everything that went wrong and where.

pub(crate) mod coerce_variables;
mod errors;
mod merge;
mod representations;
mod response_path;
mod rewrites;

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use async_graphql::{PathSegment, Value, Variables, indexmap::IndexMap};
use futures_util::{
    FutureExt,
    future::{BoxFuture, join_all},
};
use tokio::time::Instant;

pub(crate) use self::{
    errors::{ErrorIndex, ExecutionError, MissingReason, REPORTED_ERRORS_MAX},
    response_path::{ResponsePath, ResponseSegment},
};
use self::{
    merge::merge,
    representations::Representations,
    response_path::{resolve_paths, value_at},
};
use super::{
    plan::{EntityFetch, Fetch, FetchKind, PathElement, Plan, Rewrite, Step},
    subgraph::registry::{FetchContext, SubgraphRegistry},
};
use crate::{
    error::ApiError,
    federation::subgraph::{FetchError, SubgraphError, SubgraphResponse},
};

/// What subgraphs answered, and what went wrong.
#[derive(Debug, Default)]
pub(crate) struct ExecutionState {
    pub(crate) data: Value,
    pub(crate) error_index: ErrorIndex,
}

/// One run of a plan.
pub(crate) struct Execution<'a> {
    pub(crate) subgraphs: &'a SubgraphRegistry,
    pub(crate) context: FetchContext<'a>,
    /// Values of the client's variables.
    pub(crate) variables: &'a Variables,
    /// When the whole must be done.
    pub(crate) deadline: Instant,
    /// So many calls may be made.
    pub(crate) calls_max: usize,
    calls: AtomicUsize,
    state: Mutex<ExecutionState>,
}

/// Which things of a list of entities go where in the answer.
struct EntityTargets<'a> {
    entities: &'a EntityFetch,
    /// Where, and the number of its representation.
    paths: Vec<(ResponsePath, usize)>,
    count: usize,
}

impl<'a> Execution<'a> {
    pub(crate) fn new(
        subgraphs: &'a SubgraphRegistry,
        context: FetchContext<'a>,
        variables: &'a Variables,
        deadline: Instant,
        calls_max: usize,
    ) -> Self {
        let data = Value::Object(IndexMap::new());
        let state = Mutex::new(ExecutionState { data, error_index: ErrorIndex::default() });
        Self {
            subgraphs,
            context,
            variables,
            deadline,
            calls_max,
            calls: AtomicUsize::new(0),
            state,
        }
    }

    /// Runs a plan to its end.
    pub(crate) async fn run(self, plan: &Plan) -> ExecutionState {
        if let Some(step) = &plan.root {
            self.step(step).await;
        }
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn step<'s>(&'s self, step: &'s Step) -> BoxFuture<'s, ()> {
        async move {
            match step {
                Step::Sequence(steps) => {
                    for step in steps {
                        self.step(step).await;
                    }
                }
                Step::Parallel(steps) => {
                    join_all(steps.iter().map(|step| self.step(step))).await;
                }
                Step::Condition { variable, then, otherwise } => {
                    let holds = self.variables.get(variable) == Some(&Value::Boolean(true));
                    if let Some(step) = if holds { then } else { otherwise } {
                        self.step(step).await;
                    }
                }
                Step::Fetch(fetch) => match &fetch.fetch_kind {
                    FetchKind::Root { path, output_rewrites, .. } => {
                        self.fetch_root_fields(fetch, path, output_rewrites).await
                    }
                    FetchKind::Entities(fetches) => self.fetch_entities(fetch, fetches).await,
                },
            }
        }
        .boxed()
    }

    /// Asks for fields of the root.
    async fn fetch_root_fields(
        &self,
        fetch: &Fetch,
        path: &[PathElement],
        output_rewrites: &[Rewrite],
    ) {
        let FetchKind::Root { response_keys, .. } = &fetch.fetch_kind else { return };
        let find_paths = || resolve_paths(&self.lock_state().data, path);
        if find_paths().is_empty() {
            return;
        }
        let result = self.call(fetch, self.variables_of(fetch)).await;
        let paths = find_paths();
        let response = match result {
            Ok(response) => response,
            Err(error) => {
                return self.lock_state().error_index.record_for_all(paths, response_keys, error);
            }
        };
        let mut data = response.data.clone();
        for rewrite in output_rewrites {
            self::rewrites::apply(rewrite, &mut data);
        }
        let mut state = self.lock_state();
        if data == Value::Null && response.errors.is_empty() {
            let error = Self::malformed_response(fetch, "`data` is null without an error");
            return state.error_index.record_for_all(paths, response_keys, error);
        }
        for subgraph_error in &response.errors {
            let error = self.client_error(fetch, subgraph_error);
            if subgraph_error.path.is_empty() {
                state.error_index.record_for_all(paths.clone(), response_keys, error);
                continue;
            }
            for path in &paths {
                state.error_index.record_at(join_path(path, &subgraph_error.path), error.clone());
            }
        }
        if data == Value::Null {
            return state.error_index.record_unknown(paths, response_keys);
        }
        for path in &paths {
            if let Some(target) = value_at(&mut state.data, path) {
                merge(target, &data);
            }
        }
    }

    /// Asks for more of things that are there: each thing once, all lists in one question.
    async fn fetch_entities(&self, fetch: &Fetch, lists: &[EntityFetch]) {
        let mut variables = self.variables_of(fetch);
        let mut targets = Vec::new();
        for entities in lists {
            let mut state = self.lock_state();
            let mut representations = Representations::default();
            for path in &entities.paths {
                representations.add_at(&state.data, path, entities);
            }
            let Representations { list, paths, unidentified, .. } = representations;
            state.error_index.record_unfetched(unidentified, &entities.response_keys);
            targets.push(EntityTargets { entities, paths, count: list.len() });
            variables.insert(entities.variable.clone(), Value::List(list));
        }
        if targets.iter().all(|targets| targets.count == 0) {
            return;
        }
        let result = self.call(fetch, variables).await;
        let mut state = self.lock_state();
        match result {
            Err(error) => {
                for EntityTargets { entities, paths, .. } in targets {
                    let paths = paths.into_iter().map(|(path, _)| path).collect();
                    state.error_index.record_for_all(paths, &entities.response_keys, error.clone());
                }
            }
            Ok(response) => {
                for targets in targets {
                    self.merge_entities(&mut state, fetch, &response, targets);
                }
            }
        }
    }

    /// Puts one list of entities where it belongs.
    fn merge_entities(
        &self,
        state: &mut ExecutionState,
        fetch: &Fetch,
        response: &SubgraphResponse,
        targets: EntityTargets<'_>,
    ) {
        let EntityTargets { entities, paths, count } = targets;
        if count == 0 {
            return;
        }
        let all_paths = || paths.iter().map(|(path, _)| path.clone()).collect();
        let mut is_reported = false;
        for subgraph_error in &response.errors {
            let error = self.client_error(fetch, subgraph_error);
            match subgraph_error.path.as_slice() {
                [PathSegment::Field(key), PathSegment::Index(index), rest @ ..]
                    if *key == entities.alias =>
                {
                    for (path, _) in paths.iter().filter(|(_, number)| number == index) {
                        if rest.is_empty() {
                            let affected = vec![path.clone()];
                            state.error_index.record_for_all(
                                affected,
                                &entities.response_keys,
                                error.clone(),
                            );
                        } else {
                            state.error_index.record_at(join_path(path, rest), error.clone());
                        }
                    }
                }
                [PathSegment::Field(key), ..]
                    if *key != entities.alias && is_other_alias(fetch, key) =>
                {
                    continue;
                }
                _ => state.error_index.record_for_all(all_paths(), &entities.response_keys, error),
            }
            is_reported = true;
        }
        let list = match &response.data {
            Value::Object(data) => data.get(entities.alias.as_str()),
            _ => None,
        };
        let list = match list {
            Some(Value::List(list)) if list.len() == count => list,
            _ if is_reported => {
                return state.error_index.record_unknown(all_paths(), &entities.response_keys);
            }
            _ => {
                let error = Self::malformed_response(fetch, "no list of the requested entities");
                return state.error_index.record_for_all(
                    all_paths(),
                    &entities.response_keys,
                    error,
                );
            }
        };
        let mut unknown = Vec::new();
        for (path, number) in &paths {
            let Some(Value::Object(_)) = list.get(*number) else {
                unknown.push(path.clone());
                continue;
            };
            let mut entity = list[*number].clone();
            for rewrite in &entities.output_rewrites {
                self::rewrites::apply(rewrite, &mut entity);
            }
            if let Some(target) = value_at(&mut state.data, path) {
                merge(target, &entity);
            }
        }
        state.error_index.record_unknown(unknown, &entities.response_keys);
    }

    async fn call(
        &self,
        fetch: &Fetch,
        variables: Variables,
    ) -> Result<Arc<SubgraphResponse>, ExecutionError> {
        let subgraph = Some(Arc::clone(&fetch.subgraph));
        if self.calls.fetch_add(1, Ordering::Relaxed) >= self.calls_max {
            let failure = ApiError::limit("subgraph_calls_max", self.calls_max as u64);
            return Err(ExecutionError { failure, subgraph });
        }
        let result = self.subgraphs.fetch(fetch, &variables, &self.context, self.deadline).await;
        result
            .map_err(|error| ExecutionError { failure: failure(&fetch.subgraph, &error), subgraph })
    }

    fn variables_of(&self, fetch: &Fetch) -> Variables {
        let mut chosen = Variables::default();
        for name in &fetch.variables {
            if let Some(value) = self.variables.get(name) {
                chosen.insert(name.clone(), value.clone());
            }
        }
        chosen
    }

    /// An answer that cannot be used.
    fn malformed_response(fetch: &Fetch, reason: &str) -> ExecutionError {
        let error = FetchError::MalformedResponse(reason.to_owned());
        tracing::warn!(subgraph = %fetch.subgraph, error = %error, "malformed subgraph response");
        let failure = failure(&fetch.subgraph, &error);
        ExecutionError { failure, subgraph: Some(Arc::clone(&fetch.subgraph)) }
    }

    /// An error that a subgraph told, as clients may see it.
    fn client_error(&self, fetch: &Fetch, subgraph_error: &SubgraphError) -> ExecutionError {
        let SubgraphError { message, code, local_error, .. } = subgraph_error;
        if let Some(failure) = local_error {
            return ExecutionError { failure: failure.clone(), subgraph: None };
        }
        tracing::info!(subgraph = %fetch.subgraph, ?message, ?code, "subgraph reported an error");
        let shown = if self.subgraphs.exposes_errors() && !message.is_empty() {
            message.clone()
        } else {
            format!("error reported by subgraph `{}`", fetch.subgraph)
        };
        let failure = ApiError::subgraph_error(shown);
        ExecutionError { failure, subgraph: Some(Arc::clone(&fetch.subgraph)) }
    }

    fn lock_state(&self) -> MutexGuard<'_, ExecutionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an error belongs to another list of the same question.
fn is_other_alias(fetch: &Fetch, key: &str) -> bool {
    matches!(&fetch.fetch_kind, FetchKind::Entities(lists) if lists.iter().any(|list| list.alias == key))
}

/// A place below another, by the path that a subgraph tells.
fn join_path(base: &ResponsePath, path: &[PathSegment]) -> ResponsePath {
    let segment = |segment: &PathSegment| match segment {
        PathSegment::Field(key) => ResponseSegment::Key(key.as_str().into()),
        PathSegment::Index(index) => ResponseSegment::Index(*index),
    };
    base.iter().cloned().chain(path.iter().map(segment)).collect()
}

/// What a client is told about a subgraph that gave no answer; the log has the cause.
fn failure(subgraph: &str, error: &FetchError) -> ApiError {
    match error {
        FetchError::Timeout(_) => {
            ApiError::subgraph_unavailable(format!("subgraph timed out: `{subgraph}`"))
        }
        FetchError::MalformedResponse(_) | FetchError::ResponseTooLarge(_) => {
            ApiError::subgraph_malformed_response(format!(
                "malformed response from subgraph `{subgraph}`"
            ))
        }
        FetchError::Status(status) if *status < 500 => ApiError::subgraph_malformed_response(
            format!("malformed response from subgraph `{subgraph}`"),
        ),
        _ => ApiError::subgraph_unavailable(format!("subgraph unavailable: `{subgraph}`")),
    }
}
