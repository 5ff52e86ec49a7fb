//! A subgraph over HTTP, with everything that stands between us and it.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_graphql::{Variables, parser::types::OperationType};
use bytes::Bytes;
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use hyper::Uri;
use serde::Serialize;
use tokio::time::Instant;
use tracing::Instrument;

use super::{
    CallError, Client, Headers, Reply, Settings, answer,
    breaker::{Breaker, State},
};

/// A question to a subgraph.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) document: &'a str,
    pub(crate) kind: OperationType,
    pub(crate) variables: &'a Variables,
    pub(crate) headers: &'a Headers,
    /// When it must be answered.
    pub(crate) deadline: Instant,
}

type Answer = Result<Arc<Reply>, CallError>;
/// A question that is on its way: what is sent, and on whose behalf.
type Asked = (Bytes, Headers);
type UnderWay = Shared<BoxFuture<'static, Answer>>;

/// A subgraph that is called over HTTP.
pub(crate) struct Remote {
    name: Arc<str>,
    url: String,
    settings: Settings,
    client: Client,
    breaker: Breaker,
    /// Queries on their way, so that equal ones share an answer.
    under_way: Mutex<HashMap<Asked, UnderWay>>,
    calls: AtomicU64,
    failures: AtomicU64,
}

/// How often a subgraph was called, and what it is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Health {
    pub(crate) calls: u64,
    pub(crate) failures: u64,
    pub(crate) state: State,
}

/// What is sent.
#[derive(Serialize)]
struct Body<'a> {
    query: &'a str,
    #[serde(skip_serializing_if = "is_empty")]
    variables: &'a Variables,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde wants")]
fn is_empty(variables: &&Variables) -> bool {
    variables.is_empty()
}

impl Remote {
    pub(crate) fn new(name: Arc<str>, url: String, settings: Settings, client: Client) -> Self {
        Self {
            breaker: Breaker::new(settings.failures_max, settings.pause),
            under_way: Mutex::default(),
            calls: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            name,
            url,
            settings,
            client,
        }
    }

    /// Its name.
    pub(crate) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Where it is called.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// How it goes.
    pub(crate) fn health(&self) -> Health {
        Health {
            calls: self.calls.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            state: self.breaker.look(Instant::now()),
        }
    }

    /// Asks it. Equal queries at the same time are asked once; a mutation never shares nor repeats.
    ///
    /// # Errors
    /// [`CallError`] where there is no answer in time.
    pub(crate) async fn call(self: &Arc<Self>, call: Call<'_>) -> Answer {
        let body = Body { query: call.document, variables: call.variables };
        let body: Bytes = serde_json::to_vec(&body).expect("GraphQL values are always JSON").into();
        let asked = (body, Arc::clone(call.headers));
        let left = call.deadline.saturating_duration_since(Instant::now());
        let answer = async {
            match call.kind {
                OperationType::Query => self.shared(asked).await,
                _ => self.counted(&asked, 0).await,
            }
        };
        let answered = tokio::time::timeout(left, answer).await;
        answered.unwrap_or(Err(CallError::TooSlow(left)))
    }

    /// The answer to a query, asked once for all who ask it now. It goes on where one of them leaves.
    fn shared(self: &Arc<Self>, asked: Asked) -> UnderWay {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = under_way.get(&asked) {
            return shared.clone();
        }
        let (remote, key) = (Arc::clone(self), asked.clone());
        let asking = async move {
            let answer = remote.counted(&key, remote.settings.retries).await;
            remote.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
            answer
        };
        let task = tokio::spawn(asking.in_current_span());
        let panicked = || CallError::Unreachable("the call panicked".to_owned());
        let joined = task.map(move |joined| joined.unwrap_or_else(|_| Err(panicked())));
        let shared = joined.boxed().shared();
        under_way.insert(asked, shared.clone());
        shared
    }

    /// Asks within the time of a call, and counts how it went.
    async fn counted(&self, asked: &Asked, retries: u32) -> Answer {
        if !self.breaker.allows(Instant::now()) {
            return Err(CallError::LeftAlone);
        }
        let time = self.settings.time;
        let answered = tokio::time::timeout(time, self.repeated(asked, retries)).await;
        let answer = answered.unwrap_or(Err(CallError::TooSlow(time)));
        match &answer {
            Err(error) if error.is_trouble() => {
                self.failures.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(subgraph = %self.name, cause = %error, "a subgraph failed");
                if self.breaker.failed(Instant::now()) {
                    tracing::error!(subgraph = %self.name, "a subgraph is left alone for a while");
                }
            }
            Err(error) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(subgraph = %self.name, cause = %error, "a subgraph refused");
            }
            Ok(_) => self.breaker.succeeded(),
        }
        answer
    }

    /// Asks, and again where that may help, after a pause that grows and differs.
    async fn repeated(&self, asked: &Asked, retries: u32) -> Answer {
        let mut left = retries;
        let mut pause = PAUSE;
        loop {
            match self.once(asked).await {
                Err(error) if error.is_passing() && left > 0 => {
                    left -= 1;
                    tracing::debug!(subgraph = %self.name, cause = %error, "asking again");
                    tokio::time::sleep(between(pause)).await;
                    pause *= 2;
                }
                answer => return answer,
            }
        }
    }

    async fn once(&self, (body, headers): &Asked) -> Answer {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let url: Uri = self.url.parse().map_err(|_| CallError::Address(self.url.clone()))?;
        let exchange =
            self.client.post(&url, body.clone(), headers, self.settings.bytes_max).await?;
        answer::read(&exchange).map(Arc::new)
    }
}

/// Before a query is asked again, about.
const PAUSE: Duration = Duration::from_millis(50);

/// A time between half of `pause` and all of it, so that not all ask again at once.
fn between(pause: Duration) -> Duration {
    // What a hash map is seeded with is random enough for this.
    let random = RandomState::new().hash_one(0_u8);
    let part = u32::try_from(random % 1_000).unwrap_or_default();
    pause / 2 + pause * part / 2_000
}
