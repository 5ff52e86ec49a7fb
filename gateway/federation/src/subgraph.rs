//! Fetches from one subgraph: over HTTP, with timeout, retries, deduplication of concurrent queries
//! and a circuit breaker; or in process, through the host's [`Subgraph`].
//!
//! This module must not know plans, nor how a response is used. Responses are untrusted until they
//! are validated.

mod circuit_breaker;
mod content_coding;
mod http_client;
mod http_subgraph;
mod introspect;
mod introspection_sdl;
mod mapped_subgraph;
mod registry;
mod response;
mod status;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_graphql_parser::types::OperationType;
use async_graphql_value::{Name, Variables};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::time::Instant;

pub use self::{
    circuit_breaker::CircuitState,
    http_client::HttpClient,
    http_subgraph::{Health, HttpSubgraph},
    registry::RejectedAddress,
    status::SubgraphStatus,
};
pub(crate) use self::{introspect::fetch_sdl, registry::SubgraphRegistry};
pub use crate::config::Headers;
use crate::{
    address::AddressError,
    error::{ApiError, Cause, ErrorCode, PathSegment},
};

/// A subgraph that operations can be sent to.
pub trait Subgraph: Send + Sync {
    /// Executes an operation before the deadline of the request.
    ///
    /// # Errors
    /// [`FetchError`] if there is no valid response in time.
    fn fetch<'a>(&'a self, request: SubgraphRequest<'a>) -> BoxFuture<'a, FetchResult>;
}

/// The result of a fetch; concurrent identical queries share a response.
pub type FetchResult = Result<Arc<SubgraphResponse>, FetchError>;

/// An operation for a subgraph.
#[derive(Debug)]
pub struct SubgraphRequest<'a> {
    /// The document, with one operation.
    pub document: &'a str,
    /// Type of the operation; only queries are retried and deduplicated.
    pub operation_type: OperationType,
    /// Values of its variables, except representations.
    pub variables: &'a Variables,
    /// Further variables: lists of representations, as JSON text.
    pub representations: &'a [(Name, Bytes)],
    /// Headers of the HTTP request.
    pub headers: &'a Headers,
    /// Deadline for the response.
    pub deadline: Instant,
    /// Requests that the client's request may cause; this one is counted.
    pub calls: &'a CallBudget,
}

/// The number of requests to subgraphs that a request of a client may cause.
#[derive(Debug)]
pub struct CallBudget {
    max: usize,
    count: AtomicUsize,
}

impl CallBudget {
    pub(crate) const fn new(max: usize) -> Self {
        Self { max, count: AtomicUsize::new(0) }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// [`FetchError::TooManyCalls`] beyond the maximum.
    pub(crate) fn count(&self) -> Result<(), FetchError> {
        if self.count.fetch_add(1, Ordering::Relaxed) < self.max {
            Ok(())
        } else {
            Err(FetchError::TooManyCalls(self.max))
        }
    }
}

/// The response of a subgraph.
#[derive(Debug)]
pub struct SubgraphResponse {
    /// JSON text of `data`: an object or `null`; `null` if it is absent.
    pub data: Bytes,
    /// Errors reported by the subgraph.
    pub errors: Vec<SubgraphError>,
}

/// An error reported by a subgraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubgraphError {
    /// Message, or an empty text.
    pub message: String,
    /// Path to the failed field; empty if none was given.
    pub path: Vec<PathSegment>,
    /// Value of `extensions.code`, if it has the form of a code.
    pub code: Option<String>,
    /// The error for clients, if it is known: of the local subgraph, or of one of several requests.
    pub local_error: Option<ApiError>,
}

/// What the result of a call shows about its subgraph, for the circuit breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Availability {
    /// The subgraph responded.
    Available,
    /// The subgraph was unreachable, reported a server error or timed out.
    Unavailable,
    /// It was not called.
    Unknown,
}

/// Error of a fetch.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FetchError {
    /// The connection could not be established, or was closed.
    #[error("unreachable")]
    Unreachable(#[source] Cause),
    /// The timeout expired.
    #[error("timed out after {} ms", .0.as_millis())]
    Timeout(Duration),
    /// The circuit is open after repeated failures.
    #[error("circuit breaker open")]
    CircuitOpen,
    /// The HTTP status does not indicate a GraphQL response.
    #[error("unexpected HTTP status {0}")]
    Status(u16),
    /// The response exceeds the maximum length.
    #[error("response exceeds {0} bytes")]
    ResponseTooLarge(usize),
    /// The response is not a GraphQL response.
    #[error("malformed GraphQL response")]
    MalformedResponse(#[source] Cause),
    /// The supergraph names a subgraph that is not registered.
    #[error("unknown subgraph")]
    UnknownSubgraph,
    /// The URL is invalid.
    #[error("invalid URL: `{url}`")]
    InvalidUrl {
        /// The URL, without its secrets.
        url: String,
        /// The reason.
        #[source]
        reason: Cause,
    },
    /// The address of the subgraph must not receive requests.
    #[error("address rejected")]
    AddressRejected(#[from] AddressError),
    /// The request of the client would cause more requests than the maximum.
    #[error("request exceeds limit `subgraph_calls_max`: {0}")]
    TooManyCalls(usize),
}

impl FetchError {
    /// Whether an immediate retry can succeed.
    fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Status(status) => matches!(status, 502..=504),
            _ => false,
        }
    }

    /// What the error shows about the subgraph. A status below 500, a malformed or too large
    /// response and any GraphQL error show that it is available, since the query of a single client
    /// can cause them.
    fn availability(&self) -> Availability {
        match self {
            Self::Unreachable(_) | Self::Timeout(_) | Self::Status(500..) => {
                Availability::Unavailable
            }
            Self::Status(_) | Self::ResponseTooLarge(_) | Self::MalformedResponse(_) => {
                Availability::Available
            }
            Self::CircuitOpen
            | Self::UnknownSubgraph
            | Self::InvalidUrl { .. }
            | Self::AddressRejected(_)
            | Self::TooManyCalls(_) => Availability::Unknown,
        }
    }

    /// The error for clients.
    pub(crate) fn client_error(&self, subgraph: &str) -> ApiError {
        let (code, message) = match self {
            Self::TooManyCalls(max) => return ApiError::limit("subgraph_calls_max", *max as u64),
            Self::Timeout(_) => {
                (ErrorCode::SubgraphTimeout, format!("subgraph timed out: `{subgraph}`"))
            }
            Self::MalformedResponse(_) | Self::ResponseTooLarge(_) | Self::Status(..500) => (
                ErrorCode::SubgraphMalformedResponse,
                format!("malformed response from subgraph `{subgraph}`"),
            ),
            _ => (ErrorCode::SubgraphUnavailable, format!("subgraph unavailable: `{subgraph}`")),
        };
        ApiError::new(code, message)
    }
}
