//! One GraphQL request, from text to answer: parse ► limit ► execute, with what was answered before
//! in front of it. Over a supergraph: parse ► limit ► validate ► normalise ► plan ► execute ► project.
//!
//! This module must not know HTTP. All limits of a request are kept here or by what is read for it
//! ([`crate::graphql`]); the schema itself has none.

mod complexity;
mod documents;
mod limits;
pub(crate) mod local_subgraph;
pub(crate) mod outcome;
mod response_cache;
mod token_limit;
mod variables;

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_graphql::{Request, ServerError, Variables, parser::types::OperationType};
use futures_util::FutureExt;
use indexer::catalog::{Catalog, Snapshot};
use jiff::Timestamp;
use serde::Serialize;
use tokio::{sync::Semaphore, time::Instant};
use tracing::Instrument;

use self::{
    documents::DocumentStore,
    local_subgraph::LocalSubgraph,
    outcome::classify_response,
    response_cache::{CachedResponse, ResponseCache},
};
pub use self::{
    documents::{DocumentError, DocumentId, DocumentRef},
    outcome::{CacheStatus, Outcome, ResponseMeta, ServedResponse},
    response_cache::CacheKey,
};
pub(crate) use crate::federation::compatibility::BreakingChanges;
use crate::{
    auth::Caller,
    config,
    config::{Config, Limits},
    error::ApiError,
    federation::{
        Supergraph, SupergraphSlot,
        authorization::filter_operation::AuthContext,
        compatibility::OperationKey,
        normalise::OperationPlanner,
        operation::Operation,
        router::{SupergraphRouter, subscriptions_unsupported},
        subgraph::{Headers, Health, HttpClient, SubgraphStatus, registry::FetchContext},
        validate::ValidationRules,
    },
    graphql,
    graphql::{RequestContext, Schema},
};

/// What a client is told as long as there is no generation.
pub const NO_GENERATION: &str =
    "there is no knowledge base yet; the operator can build one with `wegwijzer index`";

/// A request as a client sent it.
#[derive(Debug, Default)]
pub struct GraphqlRequest {
    /// The document.
    pub document: DocumentRef,
    /// Which of its operations, where it has several.
    pub operation_name: Option<String>,
    /// Values of its variables.
    pub variables: Variables,
    /// What may be asked.
    pub allowed: AllowedOperations,
    /// Who asks.
    pub caller: Caller,
    /// Whether the answer may be shared with others who ask the same.
    pub cache_scope: CacheScope,
    /// Validators of answers that the client has already.
    pub if_none_match: Vec<String>,
    /// Its headers that subgraphs get, too.
    pub headers: Headers,
}

impl GraphqlRequest {
    /// Whether the client has the answer with this validator; `*` stands for any that there is.
    fn matches_etag(&self, cache_key: CacheKey) -> bool {
        !self.if_none_match.is_empty() && {
            let cache_key = cache_key.to_string();
            self.if_none_match.iter().any(|candidate| *candidate == cache_key || candidate == "*")
        }
    }
}

/// Which operations may be executed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AllowedOperations {
    /// Any.
    #[default]
    All,
    /// Only those that change nothing.
    QueriesOnly,
}

/// Whether an answer may be shared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CacheScope {
    /// With everybody who asks the same.
    #[default]
    Public,
    /// With nobody: the request carries credentials.
    Private,
}

/// Answers GraphQL requests from the current generation, and over a supergraph where there is one.
pub struct Pipeline {
    catalog: Option<Arc<Catalog>>,
    router: SupergraphSlot<SupergraphRouter>,
    /// Whether no newer supergraph was found that could not be taken.
    is_current: AtomicBool,
    /// Connections to subgraphs.
    client: HttpClient,
    planner: OperationPlanner,
    schema: Schema,
    config: Arc<Config>,
    documents: DocumentStore,
    response_cache: ResponseCache,
    /// Turns at executing.
    permits: Semaphore,
}

impl Pipeline {
    /// A pipeline that reads `catalog`, where there is one.
    ///
    /// # Errors
    /// [`DocumentError`] where the trusted documents cannot be read.
    pub fn new(catalog: Option<Arc<Catalog>>, config: Arc<Config>) -> Result<Self, DocumentError> {
        let planner = OperationPlanner {
            rules: Arc::new(ValidationRules::new()),
            timeout: Duration::from_millis(config.limits.plan_timeout_ms),
            errors_max: config.limits.errors_max,
        };
        Ok(Self {
            catalog,
            router: SupergraphSlot::new(),
            is_current: AtomicBool::new(true),
            client: HttpClient::new(),
            planner,
            schema: graphql::schema(&config.graphql),
            documents: DocumentStore::new(&config.graphql, &config.limits)?,
            response_cache: ResponseCache::new(&config),
            permits: Semaphore::new(config.limits.concurrent_requests_max),
            config,
        })
    }

    /// The current generation, where there is one.
    pub fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.catalog.as_ref()?.current()
    }

    /// What is read from, where there is a knowledge base.
    pub fn catalog(&self) -> Option<&Catalog> {
        self.catalog.as_deref()
    }

    /// Serves a supergraph from now on. Requests that run already end with the one before. What is
    /// asked these days and what is trusted is planned first.
    ///
    /// # Errors
    /// [`Breaking`] where some of that could not be answered any more, and the one before is to stay.
    pub(crate) async fn activate_supergraph(
        &self,
        supergraph: Supergraph,
    ) -> Result<(), BreakingChanges> {
        let previous = self.router.current();
        let trusted: Vec<_> =
            self.documents.trusted().filter_map(OperationKey::from_single_operation).collect();
        let (planner, held) = (self.planner.clone(), previous.clone());
        let checking = move || {
            let cached_operations =
                held.as_ref().map(|router| router.cached_operations()).unwrap_or_default();
            let was_plannable = |operation: &OperationKey| {
                held.as_ref().is_none_or(|router| router.can_plan(operation))
            };
            let operations = trusted.into_iter().filter(was_plannable).chain(cached_operations);
            let checked =
                crate::federation::compatibility::check(&supergraph, operations, &planner);
            (supergraph, checked)
        };
        // A panic of the planner ends within it; what else ends it is the end of the program.
        let Ok((supergraph, checked)) = tokio::task::spawn_blocking(checking).await else {
            tracing::warn!(
                "supergraph compatibility check panicked; keeping the current supergraph"
            );
            self.mark_outdated();
            return Ok(());
        };
        if let Err(breaking) = checked {
            if previous.is_some()
                && self.config.federation.on_breaking_change == config::OnBreakingChange::Reject
            {
                self.mark_outdated();
                return Err(breaking);
            }
            tracing::warn!(error = %breaking, "activating supergraph with breaking changes");
        }
        let (config, client, planner) = (&self.config, &self.client, self.planner.clone());
        let next = SupergraphRouter::new(supergraph, config, client, planner, previous.as_deref());
        self.router.swap(next);
        self.is_current.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// A newer supergraph was found that cannot be taken.
    pub(crate) fn mark_outdated(&self) {
        self.is_current.store(false, Ordering::Relaxed);
    }

    /// How it goes with those whose graphs are joined to ours.
    fn subgraph_status(&self, router: Option<&SupergraphRouter>) -> SubgraphStatus {
        let subgraphs = router.map(|router| Arc::clone(router.remotes()));
        SubgraphStatus::new(subgraphs.unwrap_or_default(), self.is_current.load(Ordering::Relaxed))
    }

    /// Whether requests can be answered: from a generation, or without a knowledge base.
    pub fn is_ready(&self) -> bool {
        match &self.catalog {
            Some(catalog) => catalog.current().is_some(),
            None => self.router.current().is_some(),
        }
    }

    /// How it goes with the subgraphs that are called over HTTP, by name; and how many plans are kept.
    pub(crate) fn subgraphs(&self) -> (Vec<(String, Health)>, usize) {
        let Some(router) = self.router.current() else { return (Vec::new(), 0) };
        let health = router.remotes().iter();
        let health = health.map(|remote| (remote.name().to_string(), remote.health()));
        (health.collect(), router.plan_count())
    }

    /// The limits that are kept.
    pub fn limits(&self) -> &Limits {
        &self.config.limits
    }

    /// Bytes of answers, and of documents, that are kept in memory.
    pub fn cached_bytes(&self) -> (u64, u64) {
        (self.response_cache.bytes(), self.documents.bytes())
    }

    /// Answers a request. Whatever goes wrong with it stays with it.
    pub async fn handle(&self, request: GraphqlRequest) -> ServedResponse {
        let mut meta = ResponseMeta::default();
        let sources = RequestSources { snapshot: self.snapshot(), router: self.router.current() };
        let outcome = if sources.snapshot.is_none() && sources.router.is_none() {
            Outcome::Failed(ApiError::unavailable(NO_GENERATION))
        } else {
            meta.generation = sources.snapshot.as_ref().map(|snapshot| snapshot.generation());
            self.outcome(request, sources, &mut meta).await
        };
        if !matches!(outcome, Outcome::Complete(_) | Outcome::NotModified) {
            meta.cache_key = None;
        }
        ServedResponse { outcome, meta }
    }

    async fn outcome(
        &self,
        request: GraphqlRequest,
        sources: RequestSources,
        meta: &mut ResponseMeta,
    ) -> Outcome {
        let text = match self.documents.text(&request.document) {
            Ok(text) => text,
            Err(failure) => return Outcome::rejected(failure.into_server_error(None)),
        };
        let now = self.config.clock.now();
        let cache_key = (request.cache_scope == CacheScope::Public)
            .then(|| self.cache_key(&sources, now, &text, &request))
            .flatten();
        if let Some(cached) = cache_key.and_then(|cache_key| self.response_cache.get(cache_key)) {
            meta.kind = Some(OperationType::Query);
            meta.operation_name = cached.operation_name;
            meta.cache_status = CacheStatus::Hit;
            meta.cache_key = cache_key;
            let is_unmodified = cache_key.is_some_and(|cache_key| request.matches_etag(cache_key));
            return if is_unmodified { Outcome::NotModified } else { cached.outcome };
        }

        let name = request.operation_name.as_deref();
        let operation = match self.documents.operation(&text, name).await {
            Ok(operation) => operation,
            Err(error) => return Outcome::rejected(error),
        };
        meta.kind = Some(operation.kind());
        meta.operation_name = operation.name().map(str::to_owned);
        meta.document_digest = Some(blake3::hash(text.as_bytes()).to_hex()[..12].to_owned());
        if request.allowed == AllowedOperations::QueriesOnly
            && operation.kind() != OperationType::Query
        {
            return Outcome::MethodNotAllowed(ApiError::bad_request(
                "only queries are allowed over GET",
            ));
        }
        if let Err(error) = self.check(&operation, &request.variables) {
            return Outcome::rejected(error);
        }
        let is_unmodified = cache_key.is_some_and(|cache_key| request.matches_etag(cache_key));
        let prepared = PreparedOperation { operation, variables: request.variables, now };
        let RequestSources { snapshot, router } = sources;
        if let Some(router) = router {
            let caller_and_headers = (&request.caller, &request.headers);
            let federated_outcome = self
                .execute_federated(&router, &text, &prepared, snapshot.as_ref(), caller_and_headers)
                .await;
            if let Some(outcome) = federated_outcome {
                return outcome;
            }
        }
        let Some(snapshot) = snapshot else {
            return Outcome::Failed(ApiError::unavailable(NO_GENERATION));
        };
        match cache_key.filter(|_| self::response_cache::is_cacheable(&prepared.operation)) {
            None => self.execute_local(prepared, snapshot, self.deadline()).await,
            Some(cache_key) => {
                meta.cache_key = Some(cache_key);
                if is_unmodified {
                    return Outcome::NotModified;
                }
                self.execute_cached(prepared, snapshot, cache_key, meta).await
            }
        }
    }

    /// Answers over a supergraph; nothing where the question is for our own graph alone.
    async fn execute_federated(
        &self,
        router: &SupergraphRouter,
        text: &Arc<str>,
        prepared: &PreparedOperation,
        snapshot: Option<&Arc<Snapshot>>,
        (caller, headers): (&Caller, &Headers),
    ) -> Option<Outcome> {
        let deadline = self.deadline();
        let PreparedOperation { operation, variables, now } = prepared;
        if operation.kind() == OperationType::Subscription {
            return Some(Outcome::rejected(subscriptions_unsupported()));
        }
        let access = &router.grants(caller);
        let plan = match router.plan(text, operation, variables, access).await {
            Ok(plan) => plan,
            Err(outcome) => return Some(outcome),
        };
        if router.is_local(&plan, operation) {
            return None;
        }
        let Ok(_permit) = self.permits.try_acquire() else {
            return Some(Outcome::Failed(ApiError::busy()));
        };
        let context = snapshot.map(|snapshot| {
            let (config, subgraph_status) =
                (Arc::clone(&self.config), self.subgraph_status(Some(router)));
            RequestContext::new(Arc::clone(snapshot), *now, config, subgraph_status)
        });
        let local = context.clone().map(|context| LocalSubgraph { schema: &self.schema, context });
        let auth = AuthContext { caller, grants: access };
        let fetch_context = FetchContext { headers, auth, local: local.as_ref() };
        let limits = &self.config.limits;
        let executed = router.execute(&plan, operation, variables, fetch_context, deadline, limits);
        let executed = async {
            match &context {
                Some(context) => context.run(executed).await,
                None => executed.await,
            }
        };
        let executed = executed.instrument(tracing::info_span!("execute"));
        let executed = AssertUnwindSafe(executed).catch_unwind().await;
        Some(executed.unwrap_or_else(|_panic| Outcome::Failed(ApiError::internal())))
    }

    fn check(&self, operation: &Operation, variables: &Variables) -> Result<(), ServerError> {
        variables::check(&operation.definition().node.variable_definitions, variables)?;
        self::limits::check(operation, variables, &self.config.limits)?;
        if !self.config.graphql.introspection
            && operation.root_fields().iter().any(|name| name == "__schema" || name == "_service")
        {
            return Err(ApiError::bad_request("introspection is disabled").into_server_error(None));
        }
        Ok(())
    }

    /// Names the answer to a question of another door, made wholly from `snapshot` for `now`.
    pub(crate) fn page_cache_key(
        &self,
        snapshot: &Snapshot,
        now: Timestamp,
        key: &impl Serialize,
    ) -> CacheKey {
        self.response_cache.cache_key(snapshot, snapshot.next_change(now), key)
    }

    fn cache_key(
        &self,
        sources: &RequestSources,
        now: Timestamp,
        document: &str,
        request: &GraphqlRequest,
    ) -> Option<CacheKey> {
        let snapshot = sources.snapshot.as_ref()?;
        let operation_name = request.operation_name.as_deref();
        let supergraph = sources.router.as_ref().map(|router| router.digest());
        let key = self::response_cache::ResponseCacheKey {
            document,
            operation_name,
            variables: &request.variables,
            supergraph: supergraph.as_ref().map(blake3::Hash::as_bytes),
        };
        Some(self.response_cache.cache_key(snapshot, snapshot.next_change(now), &key))
    }

    /// Makes an answer once for all who ask for it now and later.
    async fn execute_cached(
        &self,
        prepared: PreparedOperation,
        snapshot: Arc<Snapshot>,
        cache_key: CacheKey,
        meta: &mut ResponseMeta,
    ) -> Outcome {
        let deadline = self.deadline();
        let lookup =
            tokio::time::timeout_at(deadline, self.response_cache.get_or_reserve(cache_key)).await;
        match lookup {
            Err(_elapsed) => self.timed_out(),
            Ok(Ok(cached)) => {
                meta.cache_status = CacheStatus::Coalesced;
                cached.outcome
            }
            Ok(Err(permit)) => {
                let outcome = self.execute_local(prepared, snapshot, deadline).await;
                // What failed for want of time or room may go well for the next who waits.
                if matches!(outcome, Outcome::Complete(_) | Outcome::Partial { .. }) {
                    let operation_name = meta.operation_name.clone();
                    let cached = CachedResponse { outcome: outcome.clone(), operation_name };
                    self.response_cache.fill(permit, cache_key, cached);
                }
                outcome
            }
        }
    }

    /// Executes a request within its time. A panic in it is caught here; the panic hook logs it.
    async fn execute_local(
        &self,
        prepared: PreparedOperation,
        snapshot: Arc<Snapshot>,
        deadline: Instant,
    ) -> Outcome {
        let Ok(_permit) = self.permits.try_acquire() else {
            return Outcome::Failed(ApiError::busy());
        };
        let PreparedOperation { operation, variables, now } = prepared;
        let subgraph_status = self.subgraph_status(self.router.current().as_deref());
        let context = RequestContext::new(snapshot, now, Arc::clone(&self.config), subgraph_status);
        let document = operation.document().clone();
        let document = variables::without_omitted(document, &operation, &variables);
        let variables = variables::with_defaults(variables, &operation);
        let mut request =
            Request::new(String::new()).variables(variables).data(Arc::clone(&context));
        request.operation_name = operation.name().map(str::to_owned);
        request.set_parsed_query(document);
        let span = tracing::info_span!("execute");
        let execution = context.run(self.schema.execute(request)).instrument(span);
        let execution = AssertUnwindSafe(execution).catch_unwind();
        match tokio::time::timeout_at(deadline, execution).await {
            Ok(Ok(response)) => classify_response(response, self.config.limits.errors_max),
            Ok(Err(_panic)) => Outcome::Failed(ApiError::internal()),
            Err(_elapsed) => self.timed_out(),
        }
    }

    /// When a request that begins now must be answered.
    fn deadline(&self) -> Instant {
        Instant::now() + Duration::from_millis(self.config.limits.request_timeout_ms)
    }

    fn timed_out(&self) -> Outcome {
        Outcome::Failed(ApiError::limit(
            "request_timeout_ms",
            self.config.limits.request_timeout_ms,
        ))
    }
}

/// What one request is answered from, whatever changes meanwhile.
struct RequestSources {
    snapshot: Option<Arc<Snapshot>>,
    router: Option<Arc<SupergraphRouter>>,
}

/// A request that was read and is within its limits.
struct PreparedOperation {
    operation: Arc<Operation>,
    variables: Variables,
    /// The instant for which it is answered.
    now: Timestamp,
}
