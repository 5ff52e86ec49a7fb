//! A subgraph over HTTP, with timeout, retries, deduplication and circuit breaker.

use std::{
    collections::{
        HashMap,
        hash_map::{Entry, RandomState},
    },
    hash::BuildHasher,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_graphql_parser::types::OperationType;
use bytes::Bytes;
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use serde::Serialize;
use tokio::time::Instant;
use tracing::Instrument;

use super::{
    Availability, FetchError, FetchResult, Headers, HttpClient, Subgraph, SubgraphRequest,
    circuit_breaker::{CircuitBreaker, CircuitState},
    http_client::Endpoint,
    response,
};
use crate::{
    config::SubgraphPolicy,
    error::{cause, with_causes},
    response_value::write_key,
};

/// Key of a query in flight: request body and headers.
type DedupKey = (Bytes, Headers);

/// A query in flight.
#[derive(Clone)]
struct InFlight {
    response: Shared<BoxFuture<'static, FetchResult>>,
    counted: Counted,
}

/// Whether the circuit breaker has counted a call as failed, so that it is counted once.
type Counted = Arc<AtomicBool>;

/// A subgraph that is called over HTTP.
pub struct HttpSubgraph {
    name: Arc<str>,
    url: String,
    endpoint: Result<Endpoint, FetchError>,
    policy: SubgraphPolicy,
    client: HttpClient,
    circuit_breaker: CircuitBreaker,
    /// Queries in flight, so that identical ones share a response.
    in_flight: Mutex<HashMap<DedupKey, InFlight>>,
    calls: AtomicU64,
    failures: AtomicU64,
    unrequested_fields: AtomicU64,
}

/// Counters and state of a subgraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// Number of calls, retries included.
    pub calls: u64,
    /// Number of failed calls.
    pub failures: u64,
    /// Number of fields in responses that were not requested, and were dropped.
    pub unrequested_fields: u64,
    /// The state of its circuit breaker.
    pub state: CircuitState,
}

/// The body of a request.
fn request_body(request: &SubgraphRequest<'_>) -> Bytes {
    let mut body = br#"{"query":"#.to_vec();
    write_json(request.document, &mut body);
    if !request.variables.is_empty() || !request.representations.is_empty() {
        body.extend_from_slice(br#","variables":{"#);
        for (name, value) in request.variables.iter() {
            write_key(name, &mut body);
            write_json(value, &mut body);
            body.push(b',');
        }
        for (name, list) in request.representations {
            write_key(name, &mut body);
            body.extend_from_slice(list);
            body.push(b',');
        }
        body.pop();
        body.push(b'}');
    }
    body.push(b'}');
    body.into()
}

fn write_json(value: &(impl Serialize + ?Sized), body: &mut Vec<u8>) {
    serde_json::to_writer(body, value).expect("GraphQL values always serialise to JSON");
}

impl HttpSubgraph {
    pub(crate) fn new(
        name: Arc<str>,
        url: String,
        policy: SubgraphPolicy,
        client: HttpClient,
    ) -> Self {
        Self {
            circuit_breaker: CircuitBreaker::new(policy.failure_threshold, policy.open_for),
            in_flight: Mutex::default(),
            calls: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            unrequested_fields: AtomicU64::new(0),
            endpoint: Endpoint::parse(&url, policy.private_addresses),
            name,
            url,
            policy,
            client,
        }
    }

    /// The name of the subgraph.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The URL of its endpoint.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Its counters and the state of its circuit.
    pub fn health(&self) -> Health {
        Health {
            calls: self.calls.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            unrequested_fields: self.unrequested_fields.load(Ordering::Relaxed),
            state: self.circuit_breaker.circuit_state(Instant::now()),
        }
    }

    pub(super) fn record_unrequested_fields(&self, count: u64) {
        self.unrequested_fields.fetch_add(count, Ordering::Relaxed);
    }

    /// The response to a query, shared by concurrent identical queries. It continues if one of its
    /// callers is cancelled.
    fn call_shared(self: &Arc<Self>, dedup_key: DedupKey) -> InFlight {
        let mut in_flight = self.in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = match in_flight.entry(dedup_key) {
            Entry::Occupied(shared) => return shared.get().clone(),
            Entry::Vacant(entry) => entry,
        };
        let (remote, key) = (Arc::clone(self), entry.key().clone());
        let counted = Counted::default();
        let call_counted = Arc::clone(&counted);
        let request = async move {
            let retries = remote.policy.retries;
            let result = remote.call_counted(&key, retries, &call_counted).await;
            remote.in_flight.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
            result
        };
        let task = tokio::spawn(request.in_current_span());
        let panicked = || FetchError::Unreachable(cause("the request task panicked"));
        let response = task.map(move |join_result| join_result.unwrap_or_else(|_| Err(panicked())));
        let shared = InFlight { response: response.boxed().shared(), counted };
        entry.insert(shared).clone()
    }

    /// Records a failure, once per call.
    fn record_failure(&self, counted: &AtomicBool) {
        let is_new = !counted.swap(true, Ordering::Relaxed);
        if is_new && self.circuit_breaker.failed(Instant::now()) {
            tracing::error!(subgraph = %self.name, "circuit breaker opened");
        }
    }

    /// Calls within the timeout, and records the result.
    async fn call_counted(
        &self,
        dedup_key: &DedupKey,
        retries: u32,
        counted: &AtomicBool,
    ) -> FetchResult {
        if !self.circuit_breaker.allows(Instant::now()) {
            return Err(FetchError::CircuitOpen);
        }
        let timeout = self.policy.timeout;
        let outcome =
            tokio::time::timeout(timeout, self.call_with_retries(dedup_key, retries)).await;
        let result = outcome.unwrap_or(Err(FetchError::Timeout(timeout)));
        let availability = match &result {
            Ok(_) => Availability::Available,
            Err(error) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(subgraph = %self.name, error = with_causes(error), "subgraph request failed");
                error.availability()
            }
        };
        match availability {
            Availability::Available => self.circuit_breaker.succeeded(Instant::now()),
            Availability::Unavailable => self.record_failure(counted),
            Availability::Unknown => {}
        }
        result
    }

    /// Calls, and retries retryable errors after an increasing, randomised delay.
    async fn call_with_retries(&self, dedup_key: &DedupKey, retries: u32) -> FetchResult {
        let mut left = retries;
        let mut pause = RETRY_DELAY;
        loop {
            match self.call_once(dedup_key).await {
                Err(error) if error.is_retryable() && left > 0 => {
                    left -= 1;
                    tracing::debug!(subgraph = %self.name, error = with_causes(&error), "retrying subgraph request");
                    tokio::time::sleep(jitter(pause)).await;
                    pause *= 2;
                }
                result => return result,
            }
        }
    }

    async fn call_once(&self, (body, headers): &DedupKey) -> FetchResult {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let endpoint = self.endpoint.as_ref().map_err(Clone::clone)?;
        let SubgraphPolicy { bytes_max, trace_headers, .. } = self.policy;
        // The span is exported if the host traces; its id is that of the call for the subgraph.
        let span = tracing::info_span!(
            "subgraph_request",
            otel.kind = "client",
            subgraph = %self.name,
        );
        let traced = span.in_scope(trace_headers);
        let headers = with_trace(headers, &traced);
        let request = self.client.post(endpoint, body.clone(), &headers, bytes_max);
        let response = request.instrument(span).await?;
        response::read(&response).map(Arc::new)
    }
}

impl Subgraph for Arc<HttpSubgraph> {
    /// Concurrent identical queries share one call; a mutation is neither shared nor retried.
    fn fetch<'a>(&'a self, request: SubgraphRequest<'a>) -> BoxFuture<'a, FetchResult> {
        let dedup_key = (request_body(&request), Arc::clone(request.headers));
        let left = request.deadline.saturating_duration_since(Instant::now());
        let (pending, counted) = if request.operation_type == OperationType::Query {
            let InFlight { response, counted } = self.call_shared(dedup_key);
            (response.boxed(), counted)
        } else {
            let counted = Counted::default();
            let call_counted = Arc::clone(&counted);
            let call = async move { self.call_counted(&dedup_key, 0, &call_counted).await };
            (call.boxed(), counted)
        };
        let cut = async move {
            tokio::time::timeout(left, pending).await.unwrap_or_else(|_elapsed| {
                // The deadline of the request expired before the timeout of the call.
                if left >= SLOW_MIN {
                    self.record_failure(&counted);
                }
                Err(FetchError::Timeout(left))
            })
        };
        cut.boxed()
    }
}

/// The headers of a request. Those of our trace replace those of the client's.
fn with_trace(headers: &Headers, traced: &Headers) -> Headers {
    if traced.is_empty() {
        return Arc::clone(headers);
    }
    let is_traced = |name| traced.iter().any(|(traced, _)| traced == name);
    headers.iter().filter(|(name, _)| !is_traced(name)).chain(&**traced).cloned().collect()
}

/// A call that is cut off by the deadline of its request counts as failed only if it had at least
/// this time; otherwise it shows nothing about the subgraph.
const SLOW_MIN: Duration = Duration::from_millis(100);

/// Approximate delay before the first retry.
const RETRY_DELAY: Duration = Duration::from_millis(50);

/// A random time from half of `pause` to all of it, so that clients do not retry simultaneously.
fn jitter(pause: Duration) -> Duration {
    // The random seed of a hash map is sufficient here.
    let random = RandomState::new().hash_one(0_u8);
    let fraction = u32::try_from(random % 1_000).unwrap_or_default();
    pause / 2 + pause * fraction / 2_000
}
