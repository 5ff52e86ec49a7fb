//! Errors as clients see them: one code per cause, from one table, with a safe message.
//!
//! Invariant: an [`ApiError`] never contains an internal cause; that is logged where it occurs.

use std::{any::Any, borrow::Cow, sync::Arc};

use async_graphql_parser::Pos;
use serde::{Serialize, Serializer};

/// Declares each code with its HTTP status, cause and remedy; the rustdoc of a code is its row.
macro_rules! error_codes {
    ($($variant:ident, $name:literal, $status:literal, $cause:literal, $remedy:literal;)*) => {
        /// The codes of `extensions.code` in a GraphQL error and of `code` in problem details.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ErrorCode {
            $(#[doc = concat!("Cause: ", $cause, ". Remedy: ", $remedy, ".")] $variant,)*
        }

        impl ErrorCode {
            /// All codes, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name of the code in responses.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The HTTP status of a response with only errors of this code. With
            /// `application/json`, the status is 200 if the document could be read.
            pub const fn http_status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// Cause of this error.
            pub const fn cause(self) -> &'static str {
                match self { $(Self::$variant => $cause,)* }
            }

            /// Remedy for the client.
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$variant => $remedy,)* }
            }
        }
    };
}

error_codes! {
    BadRequest, "BAD_REQUEST", 400,
        "the HTTP request is malformed", "correct the request";
    CsrfPrevention, "CSRF_PREVENTION", 403,
        "a browser could send this request from another site without permission",
        "send `accept: application/json` or the header `apollo-require-preflight`";
    MethodNotAllowed, "METHOD_NOT_ALLOWED", 405,
        "the HTTP method is not allowed here, such as GET for a mutation", "use POST";
    GraphqlParseFailed, "GRAPHQL_PARSE_FAILED", 400,
        "the document contains a syntax error", "correct the document";
    GraphqlValidationFailed, "GRAPHQL_VALIDATION_FAILED", 400,
        "the document is not valid against the schema", "correct the document";
    OperationResolutionFailure, "OPERATION_RESOLUTION_FAILURE", 400,
        "`operationName` is missing or matches no operation in the document",
        "send the name of one of its operations";
    BadUserInput, "BAD_USER_INPUT", 400,
        "a variable, argument, cursor or id has an invalid value", "correct the value";
    PersistedQueryNotFound, "PERSISTED_QUERY_NOT_FOUND", 200,
        "no document is registered under this hash", "send the document along with its hash";
    PersistedQueryHashMismatch, "PERSISTED_QUERY_HASH_MISMATCH", 400,
        "`sha256Hash` is not the SHA-256 of `query`", "hash the document as it is sent";
    TrustedDocumentNotFound, "TRUSTED_DOCUMENT_NOT_FOUND", 400,
        "`documentId` names no trusted document", "use the name of a trusted document";
    TrustedDocumentRequired, "TRUSTED_DOCUMENT_REQUIRED", 400,
        "only trusted documents are accepted", "ask the operator to add the document";
    IntrospectionDisabled, "INTROSPECTION_DISABLED", 400,
        "the operation is an introspection query, and introspection is disabled",
        "read the published schema";
    SubscriptionsNotSupported, "SUBSCRIPTIONS_NOT_SUPPORTED", 400,
        "the operation is a subscription", "poll with a query";
    LimitExceeded, "LIMIT_EXCEEDED", 400,
        "the request exceeds the limit in `extensions.limit`", "request less";
    Unauthenticated, "UNAUTHENTICATED", 401,
        "authentication is required, or the token is invalid",
        "send `authorization: Bearer TOKEN` with a valid token";
    Forbidden, "FORBIDDEN", 403,
        "the token lacks a required scope", "use a token with that scope";
    RateLimited, "RATE_LIMITED", 429,
        "too many requests with the key of a partner", "retry after the seconds in `Retry-After`";
    NotFound, "NOT_FOUND", 404,
        "there is no resource or record at this address", "check the address or id";
    Unavailable, "UNAVAILABLE", 503,
        "the service has no data yet, or is busy", "retry in a few seconds";
    SubgraphUnavailable, "SUBGRAPH_UNAVAILABLE", 200,
        "a subgraph cannot be reached", "retry later";
    SubgraphTimeout, "SUBGRAPH_TIMEOUT", 200,
        "a subgraph did not respond in time", "retry later, or select fewer of its fields";
    SubgraphMalformedResponse, "SUBGRAPH_MALFORMED_RESPONSE", 200,
        "the response from a subgraph violates the protocol or the subgraph's schema",
        "report it to the operator of the subgraph";
    SubgraphError, "SUBGRAPH_ERROR", 200,
        "a subgraph reported an error", "see the message; the operator's log has the cause";
    QueryPlanBuildFailed, "QUERY_PLAN_BUILD_FAILED", 500,
        "there is no query plan for a valid operation", "report the operation to the operator";
    InternalServerError, "INTERNAL_SERVER_ERROR", 500,
        "an error in the service", "give the operator the `x-request-id` of the response";
}

impl ErrorCode {
    /// The code with the given name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A limit that was exceeded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Limit {
    /// Name of the limit in the configuration, such as `page_size_max`.
    pub name: Cow<'static, str>,
    /// Maximum, in the unit at the end of the name.
    pub value: u64,
}

/// An error for clients.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// Code of the error.
    pub code: ErrorCode,
    /// Message that is safe to show; one sentence.
    pub message: String,
    /// The limit that was exceeded ([`ErrorCode::LimitExceeded`]).
    pub limit: Option<Box<Limit>>,
}

impl ApiError {
    /// An error with the given message; [`shorten`]ed, since it can quote the request.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        let mut message = message.into();
        shorten(&mut message);
        Self { code, message, limit: None }
    }

    /// A malformed HTTP request.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::BadRequest, message)
    }

    /// An invalid variable, argument, cursor or id.
    pub fn bad_user_input(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::BadUserInput, message)
    }

    /// A document with a syntax error.
    pub fn parse_failed(reason: &str) -> Self {
        Self::new(ErrorCode::GraphqlParseFailed, format!("invalid GraphQL document: {reason}"))
    }

    /// No resource or record at an address.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::NotFound, message)
    }

    /// A request that exceeds the limit `name`, whose maximum is `value`.
    pub fn limit(name: &'static str, value: u64) -> Self {
        let message = format!("request exceeds limit `{name}`: {value}");
        let limit = Some(Box::new(Limit { name: name.into(), value }));
        Self { limit, ..Self::new(ErrorCode::LimitExceeded, message) }
    }

    /// A missing or invalid token.
    pub fn unauthenticated(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Unauthenticated, message)
    }

    /// A service that is temporarily unavailable.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Unavailable, message)
    }

    /// A service with too many concurrent requests.
    pub fn busy() -> Self {
        Self::unavailable("service is busy; retry in a few seconds")
    }

    /// An internal error; its cause is in the log.
    pub fn internal() -> Self {
        Self::new(
            ErrorCode::InternalServerError,
            "internal error; give the operator `extensions.requestId`",
        )
    }

    /// This error at a position in the document.
    pub fn at(self, position: Pos) -> GraphqlError {
        GraphqlError { locations: vec![position], ..self.into() }
    }
}

/// Maximum length of a message in bytes, since it can quote long names from the request.
const MESSAGE_BYTES_MAX: usize = 500;

/// Truncates a message of more than the maximum length.
pub fn shorten(message: &mut String) {
    if message.len() > MESSAGE_BYTES_MAX {
        message.truncate(message.floor_char_boundary(MESSAGE_BYTES_MAX));
        message.push('…');
    }
}

/// A segment of the path to a field of a response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum PathSegment {
    /// Response key of a field.
    Field(String),
    /// Index into a list, from 0.
    Index(usize),
}

/// An entry of `errors` in a GraphQL response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphqlError {
    /// Code and message for the client.
    pub error: ApiError,
    /// Path to the field that failed; empty for an error of the request.
    pub path: Vec<PathSegment>,
    /// Positions in the document, if known.
    pub locations: Vec<Pos>,
    /// Name of the subgraph that caused the error (`extensions.service`).
    pub subgraph: Option<Arc<str>>,
}

impl From<ApiError> for GraphqlError {
    fn from(error: ApiError) -> Self {
        Self { error, path: Vec::new(), locations: Vec::new(), subgraph: None }
    }
}

impl Serialize for GraphqlError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Entry<'a> {
            message: &'a str,
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            locations: &'a [Pos],
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            path: &'a [PathSegment],
            extensions: Extensions<'a>,
        }
        #[derive(Serialize)]
        struct Extensions<'a> {
            code: ErrorCode,
            #[serde(skip_serializing_if = "Option::is_none")]
            limit: Option<&'a Limit>,
            #[serde(skip_serializing_if = "Option::is_none")]
            service: Option<&'a str>,
        }
        let Self { error: ApiError { code, message, limit }, path, locations, subgraph } = self;
        let extensions =
            Extensions { code: *code, limit: limit.as_deref(), service: subgraph.as_deref() };
        Entry { message, locations, path, extensions }.serialize(serializer)
    }
}

/// A cause of any kind; shared, so that an error that holds it can be cloned.
pub type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// The [`Cause`] that is an error or a text.
pub fn cause(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Cause {
    error.into().into()
}

/// The text of an error, followed by the texts of its causes.
pub fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// The message of a panic, or an empty text.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}
