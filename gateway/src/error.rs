//! What a client is told when something fails: one code from one table, and one safe sentence.
//!
//! Invariant: an internal cause never gets into a [`Failure`]; it is logged where it is met.

use std::borrow::Cow;

use async_graphql::{ErrorExtensionValues, Name, Pos, ServerError, Value, indexmap::IndexMap};
use indexer::catalog::CatalogError, with_causes;
use schema::{CursorError, IdError};

/// The codes that `extensions.code` of an error, or `code` of a problem, can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// The request cannot be understood; it fails again unless it is changed.
    BadRequest,
    /// There is nothing here.
    NotFound,
    /// The request asks for more than is allowed; `limit` says which limit and its value.
    LimitExceeded,
    /// A document is asked for by an id that is not known here; send its text along.
    PersistedQueryNotFound,
    /// Only those who say who they are may see this, or the token that says so is not sound.
    Unauthenticated,
    /// Whoever asks must not see this.
    Forbidden,
    /// Not now; the same request may succeed later.
    Unavailable,
    /// A fault of the service.
    Internal,
    /// A subgraph cannot be reached, or takes too long; the same request may succeed later.
    SubgraphUnavailable,
    /// A subgraph answers, but nothing that can be used.
    SubgraphMalformedResponse,
    /// A subgraph tells an error.
    SubgraphError,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: [Self; 11] = [
        Self::BadRequest,
        Self::NotFound,
        Self::LimitExceeded,
        Self::PersistedQueryNotFound,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::Unavailable,
        Self::Internal,
        Self::SubgraphUnavailable,
        Self::SubgraphMalformedResponse,
        Self::SubgraphError,
    ];

    /// The name that clients see.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BadRequest => "BAD_REQUEST",
            Self::NotFound => "NOT_FOUND",
            Self::LimitExceeded => "LIMIT_EXCEEDED",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL",
            Self::SubgraphUnavailable => "SUBGRAPH_UNAVAILABLE",
            Self::SubgraphMalformedResponse => "SUBGRAPH_BAD_ANSWER",
            Self::SubgraphError => "SUBGRAPH_ERROR",
        }
    }
}

/// A limit that a request went over, by its name in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// Its name, such as `page_size_max`.
    pub name: Cow<'static, str>,
    /// The most that is allowed.
    pub value: u64,
}

/// A failure as a client sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// What sort of failure.
    pub code: ErrorCode,
    /// One sentence that is safe to show.
    pub message: String,
    /// Which limit, where it is one.
    pub limit: Option<Limit>,
}

/// The result of a resolver.
pub(crate) type Result<T, E = ApiError> = std::result::Result<T, E>;

impl ApiError {
    fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        let mut message = message.into();
        shorten(&mut message);
        Self { code, message, limit: None }
    }

    /// The request cannot be understood.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::BadRequest, message)
    }

    /// There is nothing at this address.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::NotFound, message)
    }

    /// More was asked for than the limit `name` allows.
    pub(crate) fn limit(name: &'static str, value: u64) -> Self {
        let message = format!("request exceeds limit `{name}`: {value}");
        let limit = Some(Limit { name: name.into(), value });
        Self { limit, ..Self::new(ErrorCode::LimitExceeded, message) }
    }

    /// A document is not known by its id. Clients look for exactly this message.
    pub(crate) fn persisted_query_not_found() -> Self {
        Self::new(ErrorCode::PersistedQueryNotFound, "PersistedQueryNotFound")
    }

    /// It is not known who asks.
    pub(crate) fn unauthenticated(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Unauthenticated, message)
    }

    /// Whoever asks must not see this.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Forbidden, message)
    }

    /// Not now.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Unavailable, message)
    }

    /// Too much is asked at once.
    pub(crate) fn busy() -> Self {
        Self::unavailable("service is busy; retry in a few seconds")
    }

    /// A fault of ours, whose cause is in the log.
    pub(crate) fn internal() -> Self {
        Self::new(
            ErrorCode::Internal,
            "internal error; give the operator the `x-request-id` of this response",
        )
    }

    /// No plan gets at a field; the log says why.
    pub(crate) fn no_plan(field: &str) -> Self {
        let message = format!("no query plan for `{field}`");
        Self::new(ErrorCode::Internal, message)
    }

    /// A subgraph cannot be reached.
    pub(crate) fn subgraph_unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::SubgraphUnavailable, message)
    }

    /// A subgraph gave an answer that cannot be used.
    pub(crate) fn subgraph_malformed_response(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::SubgraphMalformedResponse, message)
    }

    /// A subgraph told an error.
    pub(crate) fn subgraph_error(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::SubgraphError, message)
    }

    /// What a client is told about an error of the catalog; an internal cause goes to the log.
    pub(crate) fn from_catalog(error: &CatalogError) -> Self {
        match error {
            CatalogError::Cursor(error) => error.clone().into(),
            CatalogError::Limit { name, value } => Self::limit(name, *value),
            CatalogError::Busy => Self::busy(),
            CatalogError::Panicked => Self::internal(),
            other => {
                tracing::error!(error = with_causes(other), "catalog call failed");
                Self::internal()
            }
        }
    }

    /// The failure that an error of our own graph tells.
    pub(crate) fn from_graphql(error: &ServerError) -> Self {
        let extension = |name| error.extensions.as_ref()?.get(name);
        let code = extension("code");
        let code = ErrorCode::ALL.into_iter().find(|one| code == Some(&Value::from(one.name())));
        let limit = match extension("limit") {
            Some(Value::Object(fields)) => match (fields.get("name"), fields.get("value")) {
                (Some(Value::String(name)), Some(Value::Number(value))) => {
                    value.as_u64().map(|value| Limit { name: name.clone().into(), value })
                }
                _ => None,
            },
            _ => None,
        };
        // The library's own errors have no code; they are all about a request that is wrong.
        Self { limit, ..Self::new(code.unwrap_or(ErrorCode::BadRequest), error.message.clone()) }
    }

    /// The failure as an error of a GraphQL request, at a place in its text.
    pub(crate) fn into_server_error(self, position: Option<Pos>) -> ServerError {
        let extensions = Some(self.extensions());
        ServerError { extensions, ..ServerError::new(self.message, position) }
    }

    /// `code`, and `limit { name, value }` where there is one.
    fn extensions(&self) -> ErrorExtensionValues {
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", self.code.name());
        if let Some(limit) = &self.limit {
            let fields = [
                (Name::new("name"), Value::from(limit.name.as_ref())),
                (Name::new("value"), Value::from(limit.value)),
            ];
            extensions.set("limit", Value::Object(IndexMap::from(fields)));
        }
        extensions
    }
}

/// A message quotes names of the request, however long they are.
const MESSAGE_BYTES_MAX: usize = 500;

/// Cuts a message that is too long to be read.
pub(crate) fn shorten(message: &mut String) {
    if message.len() > MESSAGE_BYTES_MAX {
        message.truncate(message.floor_char_boundary(MESSAGE_BYTES_MAX));
        message.push('…');
    }
}

// `Failure` has no `Display` on purpose: async-graphql would turn it into an error without a code.
impl From<ApiError> for async_graphql::Error {
    fn from(error: ApiError) -> Self {
        let extensions = Some(error.extensions());
        Self { extensions, ..Self::new(error.message) }
    }
}

impl From<CursorError> for ApiError {
    fn from(error: CursorError) -> Self {
        Self::bad_request(error.to_string())
    }
}

impl From<IdError> for ApiError {
    fn from(error: IdError) -> Self {
        Self::bad_request(error.to_string())
    }
}
