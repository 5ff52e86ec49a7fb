//! Executes a plan: fetches from subgraphs, in parallel where the plan allows it, and merges their
//! data and errors.

mod errors;
mod merge;
mod representations;
mod response_path;
mod rewrites;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_graphql_value::{ConstValue, Name, Variables};
use bytes::Bytes;
use futures_util::{
    FutureExt,
    future::{BoxFuture, join_all},
};
use tokio::time::Instant;

pub(crate) use self::{
    errors::{ErrorIndex, MissingReason, REPORTED_ERRORS_MAX, at_path},
    response_path::{ResponsePath, ResponseSegment},
};
use self::{
    merge::merge,
    representations::Representations,
    response_path::{resolve_paths, value_at},
};
use crate::{
    config::{ErrorMasking, RouterConfig},
    error::{ApiError, ErrorCode, GraphqlError, PathSegment, cause, with_causes},
    plan::{EntityFetch, Fetch, FetchKind, PathElement, Plan, Rewrite, Step},
    response_value::{ResponseObject, ResponseValue},
    schema::PublicSchema,
    selected_fields::{ProjectedResponse, SelectedFields},
    subgraph::{
        CallBudget, FetchError, Headers, Subgraph, SubgraphError, SubgraphRegistry,
        SubgraphRequest, SubgraphResponse,
    },
};

/// The context of all fetches of one request.
#[derive(Clone, Copy)]
pub struct FetchContext<'a> {
    /// Headers of the client request that are forwarded.
    pub headers: &'a Headers,
    /// The local subgraph, if there is one.
    pub local: Option<&'a dyn Subgraph>,
    /// Deadline of the response to the client.
    pub deadline: Instant,
}

/// The merged data, and all errors.
#[derive(Debug)]
pub(crate) struct ExecutionState {
    pub(crate) data: ResponseValue,
    pub(crate) error_index: ErrorIndex,
    /// Length of all responses that were read.
    pub(crate) response_bytes: usize,
}

/// One execution of a plan.
pub(crate) struct Execution<'a> {
    types: &'a PublicSchema,
    subgraphs: &'a SubgraphRegistry,
    config: &'a RouterConfig,
    context: FetchContext<'a>,
    /// Coerced variables of the client.
    variables: &'a Variables,
    calls: CallBudget,
    state: Mutex<ExecutionState>,
}

/// The positions in the response of the entities of one `_entities` list.
struct EntityTargets<'a> {
    entities: &'a EntityFetch,
    /// Path of each entity, and the index of its representation.
    paths: Vec<(ResponsePath, usize)>,
    count: usize,
}

impl EntityTargets<'_> {
    fn all_paths(&self) -> Vec<ResponsePath> {
        self.paths.iter().map(|(path, _)| path.clone()).collect()
    }
}

impl<'a> Execution<'a> {
    pub(crate) fn new(
        types: &'a PublicSchema,
        subgraphs: &'a SubgraphRegistry,
        config: &'a RouterConfig,
        context: FetchContext<'a>,
        variables: &'a Variables,
    ) -> Self {
        let data = ResponseValue::Object(ResponseObject::default());
        let error_index = ErrorIndex::default();
        let state = Mutex::new(ExecutionState { data, error_index, response_bytes: 0 });
        let calls = CallBudget::new(config.subgraph_calls_max);
        Self { types, subgraphs, config, context, variables, calls, state }
    }

    /// Executes all steps of a plan.
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
                    let holds = self.variables.get(variable) == Some(&ConstValue::Boolean(true));
                    if let Some(step) = if holds { then } else { otherwise } {
                        self.step(step).await;
                    }
                }
                Step::Fetch(fetch) => match &fetch.kind {
                    FetchKind::Root { path, output_rewrites, .. } => {
                        self.fetch_root_fields(fetch, path, output_rewrites).await;
                    }
                    FetchKind::Entities { lists, selected } => {
                        self.fetch_entities(fetch, lists, selected).await;
                    }
                },
            }
        }
        .boxed()
    }

    /// Fetches root fields.
    async fn fetch_root_fields(
        &self,
        fetch: &Fetch,
        path: &[PathElement],
        output_rewrites: &[Rewrite],
    ) {
        let FetchKind::Root { response_keys, selected, .. } = &fetch.kind else { return };
        let find_paths = || resolve_paths(&self.lock_state().data, path);
        if find_paths().is_empty() {
            return;
        }
        let result = self.call(fetch, &[]).await.and_then(|response| {
            let data = self.read(fetch, selected, &response)?;
            Ok((response, data))
        });
        let paths = find_paths();
        let (response, mut data) = match result {
            Ok(read) => read,
            Err(error) => {
                return self.lock_state().error_index.record_for_all(paths, response_keys, error);
            }
        };
        for rewrite in output_rewrites {
            self::rewrites::apply(rewrite, &mut data);
        }
        let mut state = self.lock_state();
        if data == ResponseValue::Null && response.errors.is_empty() {
            let error = malformed_response(fetch, "`data` is null without an error");
            return state.error_index.record_for_all(paths, response_keys, error);
        }
        for subgraph_error in &response.errors {
            let error = self.client_error(fetch, subgraph_error);
            if subgraph_error.path.is_empty() {
                state.error_index.record_for_all(paths.clone(), response_keys, error);
                continue;
            }
            let within = renamed_path(&subgraph_error.path, output_rewrites);
            for path in &paths {
                state.error_index.record_at(join_path(path, &within), error.clone());
            }
        }
        if data == ResponseValue::Null {
            return state.error_index.record_unknown(paths, response_keys);
        }
        let Some((last, others)) = paths.split_last() else { return };
        for path in others {
            self.merge_at(&mut state.data, path, data.clone());
        }
        self.merge_at(&mut state.data, last, data);
    }

    /// Fetches fields of entities: each entity once, all lists in one request.
    async fn fetch_entities(
        &self,
        fetch: &Fetch,
        lists: &[EntityFetch],
        selected: &SelectedFields,
    ) {
        let mut representation_lists = Vec::new();
        let mut targets = Vec::new();
        for entities in lists {
            let mut state = self.lock_state();
            let mut representations = Representations::default();
            for path in &entities.paths {
                representations.add_at(&state.data, path, entities);
            }
            representation_lists.push((entities.variable.clone(), representations.json()));
            let Representations { count, paths, unidentified, .. } = representations;
            state.error_index.record_unfetched(unidentified, &entities.response_keys);
            targets.push(EntityTargets { entities, paths, count });
        }
        if targets.iter().all(|targets| targets.count == 0) {
            return;
        }
        let result = self.call(fetch, &representation_lists).await.and_then(|response| {
            let data = self.read(fetch, selected, &response)?;
            Ok((response, data))
        });
        let mut state = self.lock_state();
        match result {
            Err(error) => {
                for EntityTargets { entities, paths, .. } in targets {
                    let paths = paths.into_iter().map(|(path, _)| path).collect();
                    state.error_index.record_for_all(paths, &entities.response_keys, error.clone());
                }
            }
            Ok((response, mut data)) => {
                for targets in targets.iter().filter(|targets| targets.count > 0) {
                    let list = match &mut data {
                        ResponseValue::Object(data) => data.remove(&targets.entities.alias),
                        _ => None,
                    };
                    self.merge_entities(&mut state, fetch, &response.errors, list, targets);
                }
            }
        }
    }

    /// Merges one list of entities into the data, and records their errors.
    fn merge_entities(
        &self,
        state: &mut ExecutionState,
        fetch: &Fetch,
        errors: &[SubgraphError],
        list: Option<ResponseValue>,
        targets: &EntityTargets<'_>,
    ) {
        let EntityTargets { entities, paths, count } = targets;
        let ExecutionState { data, error_index, .. } = state;
        let is_reported = self.report_entity_errors(error_index, fetch, errors, targets);
        let mut list = match list {
            Some(ResponseValue::List(list)) if list.len() == *count => list,
            _ if is_reported => {
                return error_index.record_unknown(targets.all_paths(), &entities.response_keys);
            }
            _ => {
                let error = malformed_response(fetch, "no list of the requested entities");
                let paths = targets.all_paths();
                return error_index.record_for_all(paths, &entities.response_keys, error);
            }
        };
        let mut uses = vec![0_usize; list.len()];
        for (_, number) in paths {
            uses[*number] += 1;
        }
        for entity in &mut list {
            for rewrite in &entities.output_rewrites {
                self::rewrites::apply(rewrite, entity);
            }
        }
        let mut unknown = Vec::new();
        for (path, number) in paths {
            let entity = &mut list[*number];
            if !matches!(entity, ResponseValue::Object(_)) {
                unknown.push(path.clone());
                continue;
            }
            uses[*number] -= 1;
            let is_last_use = uses[*number] == 0;
            let entity = if is_last_use {
                std::mem::replace(entity, ResponseValue::Null)
            } else {
                entity.clone()
            };
            self.merge_at(data, path, entity);
        }
        error_index.record_unknown(unknown, &entities.response_keys);
    }

    /// Records the errors of a response that concern one list of entities; `true` if there are any.
    fn report_entity_errors(
        &self,
        error_index: &mut ErrorIndex,
        fetch: &Fetch,
        errors: &[SubgraphError],
        targets: &EntityTargets<'_>,
    ) -> bool {
        let EntityTargets { entities, paths, .. } = targets;
        let EntityFetch { alias, response_keys, output_rewrites, .. } = entities;
        let mut is_reported = false;
        for subgraph_error in errors {
            let error = self.client_error(fetch, subgraph_error);
            match subgraph_error.path.as_slice() {
                [PathSegment::Field(key), PathSegment::Index(index), rest @ ..] if key == alias => {
                    let rest = &renamed_path(rest, output_rewrites);
                    for (path, _) in paths.iter().filter(|(_, number)| number == index) {
                        let error = error.clone();
                        if rest.is_empty() {
                            error_index.record_for_all(vec![path.clone()], response_keys, error);
                        } else {
                            error_index.record_at(join_path(path, rest), error);
                        }
                    }
                }
                [PathSegment::Field(key), ..] if key != alias && is_other_alias(fetch, key) => {
                    continue;
                }
                _ => error_index.record_for_all(targets.all_paths(), response_keys, error),
            }
            is_reported = true;
        }
        is_reported
    }

    /// The selected fields of a response; others are dropped and counted.
    fn read(
        &self,
        fetch: &Fetch,
        selected: &SelectedFields,
        response: &SubgraphResponse,
    ) -> Result<ResponseValue, GraphqlError> {
        let ProjectedResponse { data, dropped } = selected
            .read(&response.data)
            .map_err(|error| malformed_response(fetch, &error.to_string()))?;
        self.lock_state().response_bytes += response.data.len();
        if dropped > 0 {
            tracing::warn!(subgraph = %fetch.subgraph, dropped, "dropped fields that were not requested");
            self.subgraphs.record_unrequested_fields(&fetch.subgraph, dropped);
        }
        Ok(data)
    }

    /// Merges a subgraph response at a path. The type of an object can only change from an
    /// interface or union to one of its types, so that no subgraph can remove an authorization rule
    /// from an object of another.
    fn merge_at(&self, data: &mut ResponseValue, path: &ResponsePath, more: ResponseValue) {
        if let Some(target) = value_at(data, path) {
            merge(target, more, &|known, new_type| self.types.is(new_type, known));
        }
    }

    async fn call(
        &self,
        fetch: &Fetch,
        representations: &[(Name, Bytes)],
    ) -> Result<Arc<SubgraphResponse>, GraphqlError> {
        self.calls.count().map_err(|error| fetch_error(fetch, &error))?;
        let FetchContext { headers, local, deadline } = self.context;
        let result = match self.subgraphs.resolve(&fetch.subgraph, local, headers) {
            None => Err(FetchError::UnknownSubgraph),
            Some((subgraph, headers)) => {
                let request = SubgraphRequest {
                    document: &fetch.document,
                    operation_type: fetch.operation_type,
                    variables: &self.variables_of(fetch),
                    representations,
                    headers: &headers,
                    deadline,
                    calls: &self.calls,
                };
                subgraph.fetch(request).await
            }
        };
        result.map_err(|error| fetch_error(fetch, &error))
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

    /// Converts an error reported by a subgraph to one for clients.
    fn client_error(&self, fetch: &Fetch, subgraph_error: &SubgraphError) -> GraphqlError {
        let SubgraphError { message, code, local_error, .. } = subgraph_error;
        if let Some(error) = local_error {
            let is_local = self.subgraphs.is_local(&fetch.subgraph);
            let subgraph = (!is_local).then(|| Arc::clone(&fetch.subgraph));
            return GraphqlError { subgraph, ..error.clone().into() };
        }
        tracing::info!(subgraph = %fetch.subgraph, ?message, ?code, "subgraph reported an error");
        let shown = if self.config.error_masking == ErrorMasking::Off && !message.is_empty() {
            message.clone()
        } else {
            format!("error reported by subgraph `{}`", fetch.subgraph)
        };
        of_subgraph(fetch, ApiError::new(ErrorCode::SubgraphError, shown))
    }

    fn lock_state(&self) -> MutexGuard<'_, ExecutionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an error belongs to another list of the same fetch.
fn is_other_alias(fetch: &Fetch, key: &str) -> bool {
    matches!(&fetch.kind, FetchKind::Entities { lists, .. } if lists.iter().any(|list| list.alias == key))
}

/// The path of an error within a subgraph's response, with the keys of the merged data.
fn renamed_path(path: &[PathSegment], output_rewrites: &[Rewrite]) -> Vec<PathSegment> {
    let mut path = path.to_vec();
    for rewrite in output_rewrites {
        self::rewrites::apply_to_path(rewrite, &mut path);
    }
    path
}

/// The path of an error in the response: that of the fetch, followed by that within the subgraph's
/// response.
fn join_path(base: &ResponsePath, path: &[PathSegment]) -> ResponsePath {
    let segment = |segment: &PathSegment| match segment {
        PathSegment::Field(key) => ResponseSegment::Key(Name::new(key)),
        PathSegment::Index(index) => ResponseSegment::Index(*index),
    };
    base.iter().cloned().chain(path.iter().map(segment)).collect()
}

/// The error for a response that does not match the fetch.
fn malformed_response(fetch: &Fetch, reason: &str) -> GraphqlError {
    let error = FetchError::MalformedResponse(cause(reason));
    tracing::warn!(subgraph = %fetch.subgraph, error = with_causes(&error), "malformed subgraph response");
    fetch_error(fetch, &error)
}

/// The error for a failed fetch.
fn fetch_error(fetch: &Fetch, error: &FetchError) -> GraphqlError {
    of_subgraph(fetch, error.client_error(&fetch.subgraph))
}

fn of_subgraph(fetch: &Fetch, error: ApiError) -> GraphqlError {
    GraphqlError { subgraph: Some(Arc::clone(&fetch.subgraph)), ..error.into() }
}
