//! Reads a GraphQL request from an HTTP request, strictly as in the GraphQL over HTTP draft.

use std::sync::Arc;

use crate::{
    auth::Caller,
    config::Limits,
    error::ApiError,
    pipeline::{AllowedOperations, CacheScope, DocumentId, DocumentRef, GraphqlRequest},
};
use async_graphql::Variables;
use federation::text_limits::{TextError, check_json};
use poem::{
    Body, Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
};
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    content_negotiation::GraphqlMediaType,
    etag::IfNoneMatch,
    quality_value,
    quality_value::split_unquoted,
    request_body::{RequestError, read_body},
};

/// Parameters of a GraphQL request, with their required types.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestParams {
    query: Option<String>,
    document_id: Option<String>,
    operation_name: Option<String>,
    variables: Option<Variables>,
    extensions: Option<RequestExtensions>,
}

/// Known extensions of a request; others are ignored.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestExtensions {
    persisted_query: Option<PersistedQuery>,
    /// Whether the response reports the cost of the operation.
    #[serde(default)]
    cost: bool,
}

/// Reference to a document by its hash (automatic persisted queries, version 1).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PersistedQuery {
    version: u32,
    sha256_hash: String,
}

/// Parameters in the query string of a URL; the last two are JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueryStringParams {
    query: Option<String>,
    document_id: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

/// Reads a GET or POST request whose response has the media type `media`.
pub(crate) async fn read(
    request: &Request,
    body: Body,
    media: GraphqlMediaType,
    limits: &Limits,
    forwarded: &[HeaderName],
) -> Result<GraphqlRequest, RequestError> {
    let (parameters, allowed) = match *request.method() {
        Method::GET => (from_query_string(request)?, AllowedOperations::QueriesOnly),
        Method::POST => {
            check_content_type(request.headers())?;
            (from_body(body, limits).await?, AllowedOperations::All)
        }
        _ => {
            return Err(RequestError::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method not allowed: use GET or POST",
            ));
        }
    };
    let headers = request.headers();
    let RequestParams { query, document_id, operation_name, variables, extensions } = parameters;
    let RequestExtensions { persisted_query: persisted, cost } = extensions.unwrap_or_default();
    Ok(GraphqlRequest {
        caller: Caller::default(),
        document: document_ref(query, document_id, persisted)?,
        operation_name: operation_name.filter(|name| !name.is_empty()),
        variables: variables.unwrap_or_default(),
        allowed,
        reports_cost: cost,
        cache_scope: cache_scope(headers),
        if_none_match: if allowed == AllowedOperations::QueriesOnly {
            IfNoneMatch::parse(headers).versions(media.etag_suffix())
        } else {
            Vec::new()
        },
        headers: forwarded_headers(headers, forwarded),
    })
}

/// The document that the parameters refer to.
fn document_ref(
    query: Option<String>,
    document_id: Option<String>,
    persisted: Option<PersistedQuery>,
) -> Result<DocumentRef, RequestError> {
    let persisted = persisted
        .map(|PersistedQuery { version, sha256_hash }| {
            let id = (version == 1).then(|| DocumentId::parse(&sha256_hash)).flatten();
            id.ok_or_else(|| {
                let message = "invalid `persistedQuery`: expected `version` 1 and a `sha256Hash` of 64 hexadecimal digits";
                RequestError::bad_request(message)
            })
        })
        .transpose()?;
    match (query, document_id, persisted) {
        (Some(text), None, None) => Ok(DocumentRef::Inline(text)),
        (Some(text), None, Some(id)) => Ok(DocumentRef::Register(text, id)),
        (None, None, Some(id)) => Ok(DocumentRef::Hash(id)),
        (None, Some(id), None) => {
            Ok(DocumentId::parse(&id).map_or_else(|| DocumentRef::Trusted(id), DocumentRef::Hash))
        }
        (None, None, None) => Err(RequestError::bad_request(
            "missing document: send `query`, `documentId` or `persistedQuery`",
        )),
        _ => Err(RequestError::bad_request("use either `query` or `documentId`, not both")),
    }
}

/// Headers that are forwarded to subgraphs, without those that the client declares to be for this
/// connection only (RFC 9110, section 7.6.1). All values of a header are forwarded, in order.
fn forwarded_headers(
    headers: &HeaderMap,
    forwarded: &[HeaderName],
) -> Arc<[(HeaderName, HeaderValue)]> {
    let of_connection = quality_value::members(headers, &header::CONNECTION);
    let is_forwarded =
        |name: &&HeaderName| of_connection.iter().all(|member| member.name != name.as_str());
    let values = forwarded.iter().filter(is_forwarded).flat_map(|name| {
        headers.get_all(name).iter().map(move |value| (name.clone(), value.clone()))
    });
    values.collect()
}

/// Responses to requests with credentials must not be shared.
fn cache_scope(headers: &HeaderMap) -> CacheScope {
    let is_private = [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION]
        .iter()
        .any(|name| headers.contains_key(name));
    if is_private { CacheScope::Private } else { CacheScope::Public }
}

fn from_query_string(request: &Request) -> Result<RequestParams, RequestError> {
    let parameters: QueryStringParams =
        request.params().map_err(|error| RequestError::bad_request(error.to_string()))?;
    Ok(RequestParams {
        query: parameters.query,
        document_id: parameters.document_id,
        operation_name: parameters.operation_name,
        variables: json_parameter("variables", parameters.variables)?,
        extensions: json_parameter("extensions", parameters.extensions)?,
    })
}

fn json_parameter<T: DeserializeOwned>(
    name: &str,
    text: Option<String>,
) -> Result<Option<T>, RequestError> {
    match text.filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => from_json(text.as_bytes(), &format!("invalid `{name}`")),
    }
}

fn check_content_type(headers: &HeaderMap) -> Result<(), RequestError> {
    let unsupported = |message| RequestError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message);
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
    let mut fields = split_unquoted(&content_type, ';');
    if fields.next() != Some("application/json") {
        return Err(unsupported("unsupported content type: send `content-type: application/json`"));
    }
    let charset = fields.find_map(|parameter| parameter.strip_prefix("charset="));
    match charset.map(|name| name.trim_matches('"')) {
        None | Some("utf-8" | "utf8") => Ok(()),
        Some(_) => Err(unsupported("unsupported charset: send `charset=utf-8`")),
    }
}

async fn from_body(body: Body, limits: &Limits) -> Result<RequestParams, RequestError> {
    let bytes = read_body(body, limits).await?;
    // serde would parse a JSON array as a struct, so a batch is detected by its first byte.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(RequestError::bad_request("batched requests are not supported"));
    }
    from_json(&bytes, "invalid request body")
}

/// Parses JSON of limited nesting.
fn from_json<T: DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T, RequestError> {
    check_json(bytes).map_err(|error| match error {
        TextError::TooDeep { limit, max, .. } => {
            let error = ApiError::limit(limit, max as u64);
            RequestError { status: StatusCode::BAD_REQUEST, error }
        }
        error @ TextError::UnterminatedString(_) => {
            RequestError::bad_request(format!("{what}: {error}"))
        }
    })?;
    serde_json::from_slice(bytes)
        .map_err(|error| RequestError::bad_request(format!("{what}: {error}")))
}
