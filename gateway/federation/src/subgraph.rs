//! Fetches from one subgraph: over HTTP with timeout, retries, deduplication of concurrent queries and a
//! circuit breaker, or in process by the host's [`Subgraph`].
//!
//! This module must not know plans nor what a response is for. Responses are untrusted until validated.

mod circuit_breaker;
mod http_client;
mod http_subgraph;
mod introspect;
mod registry;
mod response;
mod status;

use std::{sync::Arc, time::Duration};

use async_graphql_parser::types::OperationType;
use async_graphql_value::{ConstValue as Value, Variables};
use futures_util::future::BoxFuture;
use tokio::time::Instant;

pub use self::{
    circuit_breaker::CircuitState,
    http_client::HttpClient,
    http_subgraph::{Health, HttpSubgraph},
    status::SubgraphStatus,
};
pub(crate) use self::{introspect::fetch_sdl, registry::SubgraphRegistry};
pub use crate::config::Headers;
use crate::error::{ApiError, Cause, PathSegment};

/// A subgraph that can be fetched from.
pub trait Subgraph: Send + Sync {
    /// Executes an operation before the deadline of the request.
    ///
    /// # Errors
    /// [`FetchError`] if there is no usable response in time.
    fn fetch<'a>(&'a self, request: SubgraphRequest<'a>) -> BoxFuture<'a, FetchResult>;
}

/// The result of a fetch; concurrent equal queries share a response.
pub type FetchResult = Result<Arc<SubgraphResponse>, FetchError>;

/// An operation for a subgraph.
#[derive(Debug)]
pub struct SubgraphRequest<'a> {
    /// The document, with one operation.
    pub document: &'a str,
    /// The type of the operation; only queries are retried and shared.
    pub operation_type: OperationType,
    /// Values of its variables.
    pub variables: &'a Variables,
    /// Headers of the HTTP request.
    pub headers: &'a Headers,
    /// When the response must be there.
    pub deadline: Instant,
}

/// The response of a subgraph.
#[derive(Debug)]
pub struct SubgraphResponse {
    /// Its data; null if it has none.
    pub data: Value,
    /// Its errors.
    pub errors: Vec<SubgraphError>,
}

/// An error that a subgraph reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubgraphError {
    /// Its message.
    pub message: String,
    /// Path to the field that failed; empty if none is given.
    pub path: Vec<PathSegment>,
    /// Its code, if it has the form of one.
    pub code: Option<String>,
    /// The error as clients may see it, if the local subgraph reports it.
    pub local_error: Option<ApiError>,
}

/// What a call says of its subgraph; the circuit breaker counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Availability {
    /// It responds.
    Available,
    /// It cannot be reached, says that it is broken, or does not respond in time.
    Unavailable,
    /// It was not called.
    Unknown,
}

/// Why a fetch yields no response.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FetchError {
    /// No connection, or one that ended.
    #[error("unreachable")]
    Unreachable(#[source] Cause),
    /// It took too long.
    #[error("timed out after {} ms", .0.as_millis())]
    Timeout(Duration),
    /// The circuit is open after repeated failures.
    #[error("circuit breaker open")]
    CircuitOpen,
    /// The HTTP status stands for no GraphQL response.
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
}

impl FetchError {
    /// Whether a retry may succeed at once.
    fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Status(status) => matches!(status, 502..=504),
            _ => false,
        }
    }

    /// What it says of the subgraph. A status below 500, a response that is malformed or too long, and
    /// every error of GraphQL are responses: the query of one client can cause them.
    fn availability(&self) -> Availability {
        match self {
            Self::Unreachable(_) | Self::Timeout(_) | Self::Status(500..) => {
                Availability::Unavailable
            }
            Self::Status(_) | Self::ResponseTooLarge(_) | Self::MalformedResponse(_) => {
                Availability::Available
            }
            Self::CircuitOpen | Self::UnknownSubgraph | Self::InvalidUrl { .. } => {
                Availability::Unknown
            }
        }
    }
}
