//! What became of a request.

use std::sync::Arc;

use async_graphql::{Response, ServerError, Value};
use bytes::Bytes;
use serde::Serialize;

use crate::failure::{Code, Failure, shorten};

/// What became of a request.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It was executed and nothing failed: the body of the answer, as JSON.
    Whole(Bytes),
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
    Refused {
        /// What is wrong with it.
        errors: Vec<ServerError>,
        /// How many more errors there are.
        omitted: usize,
    },
    /// It is no query, and only queries are allowed.
    NotAllowed(Failure),
    /// It could not be executed to its end.
    Failed(Failure),
}

impl Outcome {
    /// The request is wrong in one way.
    pub(super) fn refused(error: ServerError) -> Self {
        Self::Refused { errors: vec![error], omitted: 0 }
    }

    /// The code under which it is counted: `OK`, or that of its first error.
    pub fn code(&self) -> &'static str {
        let of = |errors: &[ServerError]| {
            let code = errors.first()?.extensions.as_ref()?.get("code")?;
            Code::ALL.into_iter().map(Code::name).find(|name| *code == Value::from(*name))
        };
        match self {
            Self::Whole(_) | Self::NotModified => "OK",
            Self::Partial { response, .. } => of(&response.errors).unwrap_or("OK"),
            Self::Refused { errors, .. } => of(errors).unwrap_or(Code::BadRequest.name()),
            Self::NotAllowed(failure) | Self::Failed(failure) => failure.code.name(),
        }
    }
}

/// The body of an answer in which nothing failed.
#[derive(Serialize)]
pub(super) struct WholeBody<'a> {
    pub(super) data: &'a Value,
}

/// Tells errors of the request from errors of its fields, and gives a code to those of the library,
/// which are all about a request that is wrong.
pub(super) fn sorted_out(mut response: Response, errors_max: usize) -> Outcome {
    if response.errors.is_empty() {
        let body = serde_json::to_vec(&WholeBody { data: &response.data });
        return Outcome::Whole(body.expect("GraphQL values are always JSON").into());
    }
    let busy = Value::from(Code::Unavailable.name());
    let code = |error: &ServerError| error.extensions.as_ref()?.get("code").cloned();
    if response.errors.iter().any(|error| code(error).as_ref() == Some(&busy)) {
        return Outcome::Failed(Failure::busy());
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
            extensions.set("code", Code::BadRequest.name());
        }
    }
    if nothing_executed {
        return Outcome::Refused { errors: response.errors, omitted };
    }
    Outcome::Partial { response: Arc::new(response), omitted }
}
