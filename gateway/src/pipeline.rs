//! Processes one GraphQL request: prepare ► cached? ► limits ► route ► execute ► store.
//!
//! This module must not know HTTP. The limits of a request are checked here, or by the code that
//! reads its data ([`crate::graphql`]); the schema itself has none.

mod complexity;
mod documents;
mod limits;
mod local_graph;
pub(crate) mod local_subgraph;
pub(crate) mod outcome;
mod response_cache;
mod variables;

use std::sync::Arc;

use async_graphql::{Variables, parser::types::OperationType};
use bytes::Bytes;
use federation::{
    CurrentSupergraph, PlannedOperation, PublicSchema, Route, StandaloneSchema, SupergraphRouter,
    authorization::Caller,
    operation::Operation,
    subgraph::{Headers, Health},
};
use indexer::catalog::{Catalog, Snapshot};
use jiff::Timestamp;
use serde::Serialize;
use tokio::{sync::Semaphore, time::Instant};

use self::{
    documents::DocumentStore,
    local_graph::LocalGraph,
    response_cache::{CachedResponse, ResponseCache},
};
pub use self::{
    documents::{DocumentError, DocumentId, DocumentRef},
    limits::Cost,
    outcome::{CacheKey, CacheStatus, Outcome, ResponseMeta, ServedResponse},
};
use crate::{
    config::{Config, Limits},
    error::ApiError,
    graphql,
    graphql::RequestContext,
};

/// Error message while there is no generation.
pub const NO_GENERATION: &str =
    "there is no knowledge base yet; the operator can build one with `wegwijzer index`";

/// A GraphQL request from a client.
#[derive(Debug, Default)]
pub struct GraphqlRequest {
    /// The document, or a reference to it.
    pub document: DocumentRef,
    /// The operation to execute, if the document has several.
    pub operation_name: Option<String>,
    /// Variables, not coerced yet.
    pub variables: Variables,
    /// The operations that the request may execute.
    pub allowed: AllowedOperations,
    /// The authenticated caller, or anonymous.
    pub caller: Caller,
    /// Whether the response reports the cost of the operation.
    pub reports_cost: bool,
    /// Whether the response may be shared with identical requests.
    pub cache_scope: CacheScope,
    /// Cache keys of responses that the client has.
    pub if_none_match: Vec<String>,
    /// Client headers that are forwarded to subgraphs.
    pub headers: Headers,
}

impl GraphqlRequest {
    /// Whether the client has the response with this cache key.
    fn matches_etag(&self, cache_key: CacheKey) -> bool {
        !self.if_none_match.is_empty() && {
            let cache_key = cache_key.to_string();
            self.if_none_match.contains(&cache_key)
        }
    }

    /// Whether the client accepts any existing response as its own (`*`).
    fn matches_any(&self) -> bool {
        self.if_none_match.iter().any(|candidate| candidate == "*")
    }
}

/// The operations that a request may execute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AllowedOperations {
    /// Queries and mutations.
    #[default]
    All,
    /// Only queries.
    QueriesOnly,
}

/// Whether a response may be shared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CacheScope {
    /// Shared by all identical requests.
    #[default]
    Public,
    /// Not shared: the request has credentials.
    Private,
}

/// Serves GraphQL requests from the current generation, and from a supergraph if there is one.
pub struct Pipeline {
    local: LocalGraph,
    supergraph: Arc<CurrentSupergraph>,
    documents: DocumentStore,
    response_cache: ResponseCache,
}

impl Pipeline {
    /// Creates a pipeline for `catalog`, if there is one.
    ///
    /// # Errors
    /// [`DocumentError`] if the trusted documents cannot be read.
    pub fn new(catalog: Option<Arc<Catalog>>, config: Arc<Config>) -> Result<Self, DocumentError> {
        let documents = DocumentStore::new(&config.graphql, &config.limits)?;
        let trusted = documents.trusted().cloned().collect();
        let mut router = config.router(graphql::federation_sdl());
        if let Some(local) = &mut router.local {
            local.scalars = &graphql::types::scalar::STRING_SCALARS;
        }
        let supergraph = Arc::new(CurrentSupergraph::new(router, trusted));
        Ok(Self {
            response_cache: ResponseCache::new(&config),
            documents,
            local: LocalGraph {
                catalog,
                schema: graphql::schema(),
                standalone: StandaloneSchema::parse(
                    graphql::CONTRACT,
                    &graphql::hidden_sdl(),
                    supergraph.config(),
                )
                .expect("the contract is valid SDL, covered by tests"),
                permits: Semaphore::new(config.limits.concurrent_requests_max),
                config,
            },
            supergraph,
        })
    }

    /// The current generation, if there is one.
    pub fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.local.catalog.as_ref()?.current()
    }

    /// The catalog, if there is a knowledge base.
    pub fn catalog(&self) -> Option<&Catalog> {
        self.local.catalog.as_deref()
    }

    /// The slot of the supergraph, which can change while serving.
    pub(crate) fn supergraph(&self) -> &Arc<CurrentSupergraph> {
        &self.supergraph
    }

    /// Whether requests can be served: from a generation, or from a supergraph alone.
    pub fn is_ready(&self) -> bool {
        match &self.local.catalog {
            Some(catalog) => catalog.current().is_some(),
            None => self.supergraph.current().is_some(),
        }
    }

    /// Health of the subgraphs called over HTTP, by name, and the number of cached plans.
    pub(crate) fn subgraphs(&self) -> (Vec<(String, Health)>, usize) {
        let Some(router) = self.supergraph.current() else { return (Vec::new(), 0) };
        let health = router.remotes().iter();
        let health = health.map(|remote| (remote.name().to_string(), remote.health()));
        (health.collect(), router.plan_count())
    }

    /// The limits of requests.
    pub fn limits(&self) -> &Limits {
        &self.local.config.limits
    }

    /// Size in bytes of cached responses and of cached documents.
    pub fn cached_bytes(&self) -> (u64, u64) {
        (self.response_cache.bytes(), self.documents.bytes())
    }

    /// Serves a request: prepare ► cached? ► limits ► route ► execute ► store.
    pub async fn handle(&self, request: GraphqlRequest) -> ServedResponse {
        let sources =
            RequestSources { snapshot: self.snapshot(), router: self.supergraph.current() };
        let generation = sources.snapshot.as_ref().map(|snapshot| snapshot.generation());
        let matches_any = request.matches_any();
        let (mut outcome, mut meta) = self.serve(request, &sources).await;
        meta.generation = generation;
        if let Outcome::Rejected { errors, .. } = &mut outcome
            && self.local.config.graphql.did_you_mean
        {
            let types = self.types(sources.router.as_deref());
            for error in errors.iter_mut() {
                types.add_suggestion(error);
            }
        }
        // `*` only matches an existing response, which is known only now.
        if matches_any && meta.cache_key.is_some() && matches!(outcome, Outcome::Complete(_)) {
            outcome = Outcome::NotModified;
        }
        if !matches!(outcome, Outcome::Complete(_) | Outcome::NotModified) {
            meta.cache_key = None;
        }
        ServedResponse { outcome, meta }
    }

    async fn serve(
        &self,
        request: GraphqlRequest,
        sources: &RequestSources,
    ) -> (Outcome, ResponseMeta) {
        if sources.snapshot.is_none() && sources.router.is_none() {
            let error = ApiError::unavailable(NO_GENERATION);
            return (Outcome::Failed(error), ResponseMeta::default());
        }
        let text = match self.documents.text(&request.document) {
            Ok(text) => text,
            Err(error) => return (Outcome::rejected(error), ResponseMeta::default()),
        };
        let now = self.local.config.clock.now();
        let cache_key = self.cache_key(sources, now, &text, &request);
        if let Some(hit) = cache_key.and_then(|key| self.cached(key, &request)) {
            return hit;
        }
        // On the heap, since its future is large, and a cached response does not need it.
        Box::pin(self.serve_uncached(request, sources, UncachedRequest { text, now, cache_key }))
            .await
    }

    /// Serves a request whose response is not cached.
    async fn serve_uncached(
        &self,
        request: GraphqlRequest,
        sources: &RequestSources,
        UncachedRequest { text, now, cache_key }: UncachedRequest,
    ) -> (Outcome, ResponseMeta) {
        let mut meta = ResponseMeta::default();
        let name = request.operation_name.as_deref();
        let operation = match self.documents.operation(&text, name).await {
            Ok(operation) => operation,
            Err(error) => return (Outcome::rejected(error), meta),
        };
        meta.kind = Some(operation.kind());
        meta.operation_name = operation.name().map(str::to_owned);
        meta.document_digest = Some(blake3::hash(text.as_bytes()).to_hex()[..12].to_owned());
        let prepared = PreparedOperation { operation, request, now };
        match self.local.check(&prepared) {
            Ok(cost) => meta.cost = prepared.request.reports_cost.then_some(cost),
            Err(outcome) => return (outcome, meta),
        }
        let deadline = self.local.deadline();
        let route = self.route(&prepared, sources);
        let operation = tokio::time::timeout_at(deadline, route).await;
        match operation.unwrap_or_else(|_elapsed| Err(self.local.timed_out())) {
            Err(outcome) => (outcome, meta),
            Ok(RoutedOperation::Federated(router, planned)) => {
                let status = self.supergraph.subgraph_status(Some(router));
                let context = self.local.context(&prepared, sources, status);
                let executed =
                    self.local.execute_federated(router, &planned, &prepared, context, deadline);
                (Box::pin(executed).await, meta)
            }
            Ok(RoutedOperation::Local(snapshot)) => {
                let status = self.supergraph.subgraph_status(sources.router.as_deref());
                let context = RequestContext::new(
                    Arc::clone(snapshot),
                    now,
                    Arc::clone(&self.local.config),
                    status,
                );
                let is_cacheable = self::response_cache::is_cacheable(&prepared.operation);
                meta.cache_key = cache_key.filter(|_| is_cacheable);
                let types = self.types(sources.router.as_deref());
                let execution = self.local.execute(types, &prepared, context, deadline);
                let execution = Box::pin(execution);
                match meta.cache_key {
                    None => (execution.await, meta),
                    Some(key) if prepared.request.matches_etag(key) => (Outcome::NotModified, meta),
                    Some(key) => self.execute_cached(execution, key, meta, deadline).await,
                }
            }
        }
    }

    /// The cached response with a key.
    fn cached(&self, key: CacheKey, request: &GraphqlRequest) -> Option<(Outcome, ResponseMeta)> {
        let CachedResponse { outcome, operation_name, cost } = self.response_cache.get(key)?;
        let meta = ResponseMeta {
            kind: Some(OperationType::Query),
            operation_name,
            cache_status: CacheStatus::Hit,
            cache_key: Some(key),
            cost,
            ..ResponseMeta::default()
        };
        Some((if request.matches_etag(key) { Outcome::NotModified } else { outcome }, meta))
    }

    /// The types of a request.
    fn types<'a>(&'a self, router: Option<&'a SupergraphRouter>) -> &'a PublicSchema {
        router.map_or(self.local.standalone.types(), SupergraphRouter::types)
    }

    /// Validates an operation, and decides where it is executed.
    async fn route<'a>(
        &self,
        prepared: &PreparedOperation,
        sources: &'a RequestSources,
    ) -> Result<RoutedOperation<'a>, Outcome> {
        let PreparedOperation { operation, request, .. } = prepared;
        if let Some(router) = &sources.router {
            let route = router.route(operation, &request.variables, &request.caller).await?;
            if let Route::Federated(planned) = route {
                return Ok(RoutedOperation::Federated(router, planned));
            }
        } else {
            self.local.standalone.validate(operation).await?;
        }
        let snapshot = sources.snapshot.as_ref();
        let unavailable = || Outcome::Failed(ApiError::unavailable(NO_GENERATION));
        snapshot.map(RoutedOperation::Local).ok_or_else(unavailable)
    }

    /// The cache key of a page or another response that depends only on `snapshot` and `key`.
    pub(crate) fn page_cache_key(
        &self,
        snapshot: &Snapshot,
        now: Timestamp,
        key: &impl Serialize,
    ) -> CacheKey {
        self.response_cache.cache_key(snapshot, snapshot.next_change(now), key)
    }

    /// The body with a key, rendered unless it is cached; requests for the same one wait for it.
    pub(crate) async fn cached_body<E>(
        &self,
        cache_key: CacheKey,
        render: impl Future<Output = Result<Bytes, E>>,
    ) -> Result<Bytes, E> {
        let permit = match self.response_cache.get_or_reserve(cache_key).await {
            Ok(CachedResponse { outcome: Outcome::Complete(body), .. }) => return Ok(body),
            Ok(_other) => return render.await,
            Err(permit) => permit,
        };
        let body = render.await?;
        let outcome = Outcome::Complete(body.clone());
        let cached = CachedResponse { outcome, operation_name: None, cost: None };
        self.response_cache.fill(permit, cache_key, cached);
        Ok(body)
    }

    /// The cache key of a request whose response may be shared.
    fn cache_key(
        &self,
        sources: &RequestSources,
        now: Timestamp,
        document: &str,
        request: &GraphqlRequest,
    ) -> Option<CacheKey> {
        let snapshot = sources.snapshot.as_ref()?;
        if request.cache_scope == CacheScope::Private {
            return None;
        }
        let supergraph = sources.router.as_ref().map(|router| router.digest());
        let key = self::response_cache::ResponseCacheKey {
            document,
            operation_name: request.operation_name.as_deref(),
            variables: &request.variables,
            reports_cost: request.reports_cost,
            supergraph: supergraph.as_ref().map(blake3::Hash::as_bytes),
        };
        Some(self.response_cache.cache_key(snapshot, snapshot.next_change(now), &key))
    }

    /// Executes an operation once for all concurrent and later requests with the same key.
    async fn execute_cached(
        &self,
        execution: impl Future<Output = Outcome>,
        cache_key: CacheKey,
        mut meta: ResponseMeta,
        deadline: Instant,
    ) -> (Outcome, ResponseMeta) {
        let lookup = self.response_cache.get_or_reserve(cache_key);
        let permit = match tokio::time::timeout_at(deadline, lookup).await {
            Err(_elapsed) => return (self.local.timed_out(), meta),
            Ok(Ok(cached)) => {
                meta.cache_status = CacheStatus::Coalesced;
                return (cached.outcome, meta);
            }
            Ok(Err(permit)) => permit,
        };
        let outcome = execution.await;
        // After a timeout or overload, the next waiting request may succeed.
        if matches!(outcome, Outcome::Complete(_) | Outcome::Partial { .. }) {
            let operation_name = meta.operation_name.clone();
            let cost = meta.cost;
            let cached = CachedResponse { outcome: outcome.clone(), operation_name, cost };
            self.response_cache.fill(permit, cache_key, cached);
        }
        (outcome, meta)
    }
}

/// The data of one request. Invariant: read once, so that it does not change during the request.
struct RequestSources {
    snapshot: Option<Arc<Snapshot>>,
    router: Option<Arc<SupergraphRouter>>,
}

/// The document of a request and what its response depends on, if it is not cached.
struct UncachedRequest {
    text: Arc<str>,
    now: Timestamp,
    cache_key: Option<CacheKey>,
}

/// Where an operation is executed.
enum RoutedOperation<'a> {
    Local(&'a Arc<Snapshot>),
    Federated(&'a SupergraphRouter, PlannedOperation),
}

/// A request with a parsed document.
struct PreparedOperation {
    operation: Arc<Operation>,
    request: GraphqlRequest,
    /// The time for which it is served.
    now: Timestamp,
}
