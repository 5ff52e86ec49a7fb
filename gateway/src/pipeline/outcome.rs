//! What became of a request, and what may be said about it.

use std::{fmt, sync::Arc};

use async_graphql::{Value, parser::types::OperationType};
use bytes::Bytes;
use federation::{Response, error::shorten};
use schema::GenerationNumber;
use serde::Serialize;

use crate::error::{ApiError, ErrorCode, GraphqlError, from_server_error};

/// Digest of everything that a response depends on: equal keys mean equal responses. Also the `ETag`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CacheKey(pub(super) blake3::Hash);

impl fmt::Display for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_hex()[..32])
    }
}

/// What became of a request.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It was executed and nothing failed: the body of the answer, as JSON.
    Complete(Bytes),
    /// It was executed; single fields failed.
    Partial {
        /// What could be answered, and the errors.
        response: Arc<Response>,
        /// How many more errors there are.
        omitted: usize,
    },
    /// The client has the answer already.
    NotModified,
    /// The request is wrong; nothing was executed.
    Rejected {
        /// What is wrong with it.
        errors: Vec<GraphqlError>,
        /// How many more errors there are.
        omitted: usize,
    },
    /// It is no query, and only queries are allowed.
    MethodNotAllowed(ApiError),
    /// It could not be executed to its end.
    Failed(ApiError),
}

impl Outcome {
    /// The request is wrong in one way.
    pub(crate) fn rejected(error: impl Into<GraphqlError>) -> Self {
        Self::Rejected { errors: vec![error.into()], omitted: 0 }
    }

    /// The code under which it is counted: `OK`, or that of its first error.
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

    /// The outcome of an execution that yields data, perhaps with errors of fields.
    pub(crate) fn executed(response: Response, omitted: usize) -> Self {
        if response.errors.is_empty() && omitted == 0 {
            let body = serde_json::to_vec(&DataOnlyBody { data: &response.data });
            return Self::Complete(body.expect("GraphQL values always serialise to JSON").into());
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

/// How an answer was come by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CacheStatus {
    /// It was made for this request.
    #[default]
    Miss,
    /// It was made before.
    Hit,
    /// It was made for another request at the same time.
    Coalesced,
}

impl CacheStatus {
    /// Its name in the log.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Miss => "miss",
            Self::Hit => "hit",
            Self::Coalesced => "coalesced",
        }
    }
}

/// What became of a request, and what may be said about it.
#[derive(Debug)]
pub struct ServedResponse {
    /// What became of it.
    pub outcome: Outcome,
    /// What is said about it in the log and in headers.
    pub meta: ResponseMeta,
}

/// What may be said about a request and its answer.
#[derive(Debug, Clone, Default)]
pub struct ResponseMeta {
    /// Name of the chosen operation, as the document gives it.
    pub operation_name: Option<String>,
    /// What sort of operation, where it got so far.
    pub kind: Option<OperationType>,
    /// The front of the document's digest, so that equal documents are known without their text.
    pub document_digest: Option<String>,
    /// The generation that answered.
    pub generation: Option<GenerationNumber>,
    /// How the answer was come by.
    pub cache_status: CacheStatus,
    /// Names this very answer, where it may be given again.
    pub cache_key: Option<CacheKey>,
}

/// The body of a response without errors.
#[derive(Serialize)]
struct DataOnlyBody<'a> {
    data: &'a Value,
}

/// Tells errors of the request from errors of its fields.
pub(crate) fn classify_response(response: async_graphql::Response, errors_max: usize) -> Outcome {
    let data = response.data;
    let mut errors: Vec<_> = response.errors.into_iter().map(from_server_error).collect();
    if errors.iter().any(|error| error.error.code == ErrorCode::Unavailable) {
        return Outcome::Failed(ApiError::busy());
    }
    // The error of a field has a path, save for a failing non-null field of an interface; those of
    // ours fail only where their whole list fails, which has one.
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
    Outcome::executed(Response { data, errors }, omitted)
}
