//! Calls one subgraph of somebody else over HTTP: within a time and a number of bytes, again where that
//! is safe, once for equal questions at the same time, and not at all while it does not answer.
//!
//! This module must not know plans nor what an answer is for. What a subgraph says is material: nothing
//! of it is trusted before it was looked at.

mod circuit_breaker;
mod http_client;
mod http_subgraph;
mod introspect;
pub(crate) mod registry;
mod response;
mod status;

use std::{sync::Arc, time::Duration};

use async_graphql::{PathSegment, Value};

pub(crate) use self::{
    circuit_breaker::CircuitState,
    http_client::HttpClient,
    http_subgraph::{Health, HttpSubgraph, SubgraphRequest},
    introspect::{fetch_sdl, set_headers},
    status::SubgraphStatus,
};
use crate::error::ApiError;

/// What a subgraph answered.
#[derive(Debug)]
pub(crate) struct SubgraphResponse {
    /// Its data; null where it has none.
    pub(crate) data: Value,
    pub(crate) errors: Vec<SubgraphError>,
}

/// An error that a subgraph tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SubgraphError {
    pub(crate) message: String,
    pub(crate) path: Vec<PathSegment>,
    /// Its code, where it has one that looks like a code.
    pub(crate) code: Option<String>,
    /// What it is, where it is an error of our own graph, which clients may see.
    pub(crate) local_error: Option<ApiError>,
}

/// Why a subgraph gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FetchError {
    /// No connection, or one that ended.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// It took too long.
    #[error("timed out after {} ms", .0.as_millis())]
    Timeout(Duration),
    /// It does not answer for some time, and is left alone.
    #[error("circuit breaker open")]
    CircuitOpen,
    /// It answered with a status that means no answer.
    #[error("unexpected HTTP status {0}")]
    Status(u16),
    /// Its answer is longer than is read.
    #[error("response exceeds {0} bytes")]
    ResponseTooLarge(usize),
    /// Its answer is no GraphQL.
    #[error("malformed GraphQL response: {0}")]
    MalformedResponse(String),
    /// Its address is none.
    #[error("invalid URL: {0}")]
    InvalidUrl(String),
}

impl FetchError {
    /// Whether it is likely to go well at once when asked again.
    fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Status(status) => matches!(status, 502..=504),
            _ => false,
        }
    }

    /// Whether it says that the subgraph is in trouble, and not that a question was wrong.
    fn counts_as_failure(&self) -> bool {
        match self {
            Self::Status(status) => *status >= 500,
            Self::CircuitOpen | Self::InvalidUrl(_) => false,
            _ => true,
        }
    }
}

/// How a subgraph is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SubgraphPolicy {
    /// So long may one call take, its repetitions included.
    pub(crate) timeout: Duration,
    /// So often is a query asked again.
    pub(crate) retries: u32,
    /// So long an answer is read.
    pub(crate) bytes_max: usize,
    /// After so many failures one after the other it is left alone.
    pub(crate) failure_threshold: u32,
    /// For so long.
    pub(crate) open_for: Duration,
}

/// Headers of the client's request that a subgraph gets, too.
pub(crate) type Headers = Arc<[(hyper::header::HeaderName, hyper::header::HeaderValue)]>;
