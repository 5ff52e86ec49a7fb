//! What became of a request, and what may be said about it.

use std::sync::Arc;

use async_graphql::{Response, ServerError, Value, parser::types::OperationType};
use bytes::Bytes;
use schema::GenerationNumber;
use serde::Serialize;

use super::CacheKey;
use crate::error::{ApiError, ErrorCode, shorten};

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
        errors: Vec<ServerError>,
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
    pub(crate) fn rejected(error: ServerError) -> Self {
        Self::Rejected { errors: vec![error], omitted: 0 }
    }

    /// The code under which it is counted: `OK`, or that of its first error.
    pub fn code(&self) -> &'static str {
        let first_code = |errors: &[ServerError]| {
            let code = errors.first()?.extensions.as_ref()?.get("code")?;
            ErrorCode::ALL.into_iter().map(ErrorCode::name).find(|name| *code == Value::from(*name))
        };
        match self {
            Self::Complete(_) | Self::NotModified => "OK",
            Self::Partial { response, .. } => first_code(&response.errors).unwrap_or("OK"),
            Self::Rejected { errors, .. } => {
                first_code(errors).unwrap_or(ErrorCode::BadRequest.name())
            }
            Self::MethodNotAllowed(failure) | Self::Failed(failure) => failure.code.name(),
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

/// The body of an answer in which nothing failed.
#[derive(Serialize)]
pub(crate) struct DataOnlyBody<'a> {
    pub(crate) data: &'a Value,
}

/// Tells errors of the request from errors of its fields, and gives a code to those of the library,
/// which are all about a request that is wrong.
pub(crate) fn classify_response(mut response: Response, errors_max: usize) -> Outcome {
    if response.errors.is_empty() {
        let body = serde_json::to_vec(&DataOnlyBody { data: &response.data });
        return Outcome::Complete(body.expect("GraphQL values always serialise to JSON").into());
    }
    let busy = Value::from(ErrorCode::Unavailable.name());
    let code = |error: &ServerError| error.extensions.as_ref()?.get("code").cloned();
    if response.errors.iter().any(|error| code(error).as_ref() == Some(&busy)) {
        return Outcome::Failed(ApiError::busy());
    }
    // The error of a field has a path, save for a failing non-null field of an interface; those of
    // ours fail only where their whole list fails, which has one.
    let nothing_executed =
        response.data == Value::Null && response.errors.iter().all(|error| error.path.is_empty());
    let omitted = response.errors.len().saturating_sub(errors_max);
    response.errors.truncate(errors_max);
    for error in &mut response.errors {
        shorten(&mut error.message);
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            extensions.set("code", ErrorCode::BadRequest.name());
        }
    }
    if nothing_executed {
        return Outcome::Rejected { errors: response.errors, omitted };
    }
    Outcome::Partial { response: Arc::new(response), omitted }
}
