//! The outcome of a request, and metadata for its log line and headers.

use std::{fmt, sync::Arc};

use async_graphql::{Value, parser::types::OperationType};
use bytes::Bytes;
use federation::{Response, error::shorten};
use schema::GenerationNumber;
use serde::Serialize;

use super::limits::Cost;
use crate::error::{ApiError, ErrorCode, GraphqlError, from_server_error};

/// Hash of everything that a response depends on: equal keys mean equal responses. Also used as
/// `ETag`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CacheKey(pub(super) blake3::Hash);

impl CacheKey {
    /// The key of another form of the same response.
    pub(crate) fn variant(self, name: &str) -> Self {
        Self(blake3::Hasher::new().update(self.0.as_bytes()).update(name.as_bytes()).finalize())
    }
}

impl fmt::Display for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_hex()[..32])
    }
}

/// The outcome of a request.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Executed without errors; the response body as JSON.
    Complete(Bytes),
    /// Executed; some fields failed.
    Partial {
        /// Data and errors.
        response: Arc<Response>,
        /// Number of further errors that are omitted.
        omitted: usize,
    },
    /// The client already has the response.
    NotModified,
    /// The request is invalid; nothing was executed.
    Rejected {
        /// Errors of the request.
        errors: Vec<GraphqlError>,
        /// Number of further errors that are omitted.
        omitted: usize,
    },
    /// The operation is not a query, but only queries are allowed.
    MethodNotAllowed(ApiError),
    /// The execution failed as a whole.
    Failed(ApiError),
}

impl Outcome {
    /// An invalid request with one error.
    pub(crate) fn rejected(error: impl Into<GraphqlError>) -> Self {
        Self::Rejected { errors: vec![error.into()], omitted: 0 }
    }

    /// The code for metrics: `OK`, or that of the first error.
    pub fn code(&self) -> &'static str {
        let first_code =
            |errors: &[GraphqlError]| errors.first().map_or("OK", |error| error.error.code.name());
        match self {
            Self::Complete(_) | Self::NotModified => "OK",
            Self::Partial { response, .. } => first_code(&response.errors),
            Self::Rejected { errors, .. } => first_code(errors),
            Self::MethodNotAllowed(error) | Self::Failed(error) => error.code.name(),
        }
    }

    /// The outcome of an execution with data, possibly with errors of fields.
    pub(crate) fn executed(response: Response, omitted: usize) -> Self {
        if response.errors.is_empty() && omitted == 0 {
            return Self::Complete([br#"{"data":"#, &*response.data, b"}"].concat().into());
        }
        Self::Partial { response: Arc::new(response), omitted }
    }
}

impl From<federation::RequestError> for Outcome {
    fn from(error: federation::RequestError) -> Self {
        match error {
            federation::RequestError::Rejected { errors, omitted } => {
                Self::Rejected { errors, omitted }
            }
            federation::RequestError::Failed(error) => Self::Failed(error),
        }
    }
}

/// Use of the response cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CacheStatus {
    /// Computed for this request.
    #[default]
    Miss,
    /// Returned from the cache.
    Hit,
    /// Computed for a concurrent identical request.
    Coalesced,
}

impl CacheStatus {
    /// Name in the log.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Miss => "miss",
            Self::Hit => "hit",
            Self::Coalesced => "coalesced",
        }
    }
}

/// A request's outcome and metadata.
#[derive(Debug)]
pub struct ServedResponse {
    /// Outcome of the request.
    pub outcome: Outcome,
    /// Metadata for the log and headers.
    pub meta: ResponseMeta,
}

/// Metadata of a request and its response.
#[derive(Debug, Clone, Default)]
pub struct ResponseMeta {
    /// Name of the selected operation, if it has one.
    pub operation_name: Option<String>,
    /// Type of the operation, if the document was parsed.
    pub kind: Option<OperationType>,
    /// Prefix of the document's hash, which identifies it in the log without its text.
    pub document_digest: Option<String>,
    /// The generation that served the request.
    pub generation: Option<GenerationNumber>,
    /// Use of the response cache.
    pub cache_status: CacheStatus,
    /// Key of the response, if it may be cached.
    pub cache_key: Option<CacheKey>,
    /// The cost of the operation, if the client requested it.
    pub cost: Option<Cost>,
}

/// Body of a local response without errors.
#[derive(Serialize)]
struct DataOnlyBody<'a> {
    data: &'a Value,
}

/// Distinguishes errors of the request from errors of fields.
pub(crate) fn classify_response(response: async_graphql::Response, errors_max: usize) -> Outcome {
    let data = response.data;
    let mut errors: Vec<_> = response.errors.into_iter().map(from_server_error).collect();
    if errors.iter().any(|error| error.error.code == ErrorCode::Unavailable) {
        return Outcome::Failed(ApiError::busy());
    }
    // The error of a field has a path, except that of a failing non-null field of an interface;
    // ours fail only together with their whole list, which has a path.
    let nothing_executed = !errors.is_empty()
        && data == Value::Null
        && errors.iter().all(|error| error.path.is_empty());
    let omitted = errors.len().saturating_sub(errors_max);
    errors.truncate(errors_max);
    for error in &mut errors {
        shorten(&mut error.error.message);
    }
    if nothing_executed {
        return Outcome::Rejected { errors, omitted };
    }
    if errors.is_empty() {
        let body = serde_json::to_vec(&DataOnlyBody { data: &data });
        return Outcome::Complete(body.expect("GraphQL values always serialise to JSON").into());
    }
    let data = serde_json::to_vec(&data).expect("GraphQL values always serialise to JSON");
    Outcome::executed(Response { data: data.into(), errors }, omitted)
}
