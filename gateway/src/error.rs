//! Conversions from errors of the catalog, of record types and of async-graphql to API errors
//! ([`federation::error`]).

use async_graphql::{PathSegment as LibrarySegment, ServerError};
pub(crate) use federation::error::{ApiError, ErrorCode, GraphqlError, PathSegment};
use indexer::catalog::CatalogError;
use schema::{CursorError, IdError};

/// The result of a resolver.
pub(crate) type Result<T, E = ApiError> = std::result::Result<T, E>;

/// The API error for a failed catalog call; an internal cause is logged.
pub(crate) fn from_catalog(error: &CatalogError) -> ApiError {
    match error {
        CatalogError::Cursor(error) => from_cursor(error),
        CatalogError::Limit { name, value } => ApiError::limit(name, *value),
        CatalogError::Busy => ApiError::busy(),
        CatalogError::Timeout(timeout) => {
            let timeout_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
            ApiError::limit("request_timeout_ms", timeout_ms)
        }
        CatalogError::Panicked => ApiError::internal(),
        other => {
            tracing::error!(error = federation::error::with_causes(other), "catalog call failed");
            ApiError::internal()
        }
    }
}

/// The API error for an invalid cursor.
pub(crate) fn from_cursor(error: &CursorError) -> ApiError {
    ApiError::bad_user_input(error.to_string())
}

/// The API error for an invalid id.
pub(crate) fn from_id(error: &IdError) -> ApiError {
    ApiError::bad_user_input(error.to_string())
}

/// Converts an error of async-graphql. Errors of resolvers contain an [`ApiError`]; its own errors
/// are about an argument if they have a path, and about the document otherwise.
pub(crate) fn from_server_error(error: ServerError) -> GraphqlError {
    let code = if error.path.is_empty() {
        ErrorCode::GraphqlValidationFailed
    } else {
        ErrorCode::BadUserInput
    };
    let source = error.source::<ApiError>().cloned();
    let segment = |segment: LibrarySegment| match segment {
        LibrarySegment::Field(key) => PathSegment::Field(key),
        LibrarySegment::Index(index) => PathSegment::Index(index),
    };
    GraphqlError {
        error: source.unwrap_or_else(|| ApiError::new(code, error.message)),
        path: error.path.into_iter().map(segment).collect(),
        locations: error.locations,
        subgraph: None,
    }
}
