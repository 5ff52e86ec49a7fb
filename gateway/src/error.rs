//! Conversions of errors of the catalog, of the record schema and of async-graphql to errors for
//! clients ([`federation::error`]).

use async_graphql::{PathSegment as LibrarySegment, ServerError};
pub(crate) use federation::error::{ApiError, ErrorCode, GraphqlError, PathSegment};
use indexer::catalog::CatalogError;
use schema::{CursorError, IdError};

/// The result of a resolver.
pub(crate) type Result<T, E = ApiError> = std::result::Result<T, E>;

/// The error for a client about a catalog call; an internal cause goes to the log.
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

/// The error for a client about an invalid cursor.
pub(crate) fn from_cursor(error: &CursorError) -> ApiError {
    ApiError::bad_user_input(error.to_string())
}

/// The error for a client about an invalid id.
pub(crate) fn from_id(error: &IdError) -> ApiError {
    ApiError::bad_user_input(error.to_string())
}

/// An error of async-graphql. Those of resolvers hold an [`ApiError`]; the library's own are about
/// arguments if they have a path, and about the document if not.
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
