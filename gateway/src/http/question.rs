//! Reads a GraphQL question from an HTTP request: strictly, as the GraphQL over HTTP draft says.

use std::{sync::Arc, time::Duration};

use crate::{
    authentication::Caller,
    config::Limits,
    failure::Failure,
    pipeline::{Allowed, Asked, DocumentId, Question, Sharing},
};
use async_graphql::Variables;
use bytes::Bytes;
use poem::{
    Body, Request,
    error::ReadBodyError,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
};
use serde::{Deserialize, de::DeserializeOwned};

/// Why a request is no question, with the status that says so.
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) failure: Failure,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, failure: Failure::bad_request(message) }
    }

    fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }
}

/// The parameters of a request, each of the type it must have.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    query: Option<String>,
    document_id: Option<String>,
    operation_name: Option<String>,
    variables: Option<Variables>,
    extensions: Option<Extensions>,
}

/// What a request may say besides; what is not known here means nothing.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Extensions {
    persisted_query: Option<PersistedQuery>,
}

/// A document named by its digest (automatic persisted queries, version 1).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PersistedQuery {
    version: u32,
    sha256_hash: String,
}

/// The parameters in the query string of an address, where the last two are JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AddressParameters {
    query: Option<String>,
    document_id: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

/// Reads the question of a GET or POST request.
pub(super) async fn read(
    request: &Request,
    body: Body,
    limits: &Limits,
    forwarded: &[HeaderName],
) -> Result<Question, Refusal> {
    let (parameters, allowed) = match *request.method() {
        Method::GET => (from_address(request)?, Allowed::Queries),
        Method::POST => {
            check_content_type(request.headers())?;
            (from_body(body, limits).await?, Allowed::Any)
        }
        _ => return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "use GET or POST")),
    };
    let headers = request.headers();
    let Parameters { query, document_id, operation_name, variables, extensions } = parameters;
    let persisted = extensions.and_then(|extensions| extensions.persisted_query);
    Ok(Question {
        caller: Caller::default(),
        asked: asked(query, document_id, persisted)?,
        operation_name: operation_name.filter(|name| !name.is_empty()),
        variables: variables.unwrap_or_default(),
        allowed,
        sharing: sharing(headers),
        known: if allowed == Allowed::Queries { validators(headers) } else { Vec::new() },
        headers: passed_on(headers, forwarded),
    })
}

/// Which document is meant.
fn asked(
    query: Option<String>,
    document_id: Option<String>,
    persisted: Option<PersistedQuery>,
) -> Result<Asked, Refusal> {
    let persisted = persisted
        .map(|PersistedQuery { version, sha256_hash }| {
            let id = (version == 1).then(|| DocumentId::parse(&sha256_hash)).flatten();
            id.ok_or_else(|| {
                let message = "`persistedQuery` wants `version` 1 and `sha256Hash` as 64 digits";
                Refusal::bad_request(message)
            })
        })
        .transpose()?;
    match (query, document_id, persisted) {
        (Some(text), None, None) => Ok(Asked::Text(text)),
        (Some(text), None, Some(id)) => Ok(Asked::Kept(text, id)),
        (None, None, Some(id)) => Ok(Asked::Id(id)),
        (None, Some(id), None) => {
            Ok(DocumentId::parse(&id).map_or_else(|| Asked::Name(id), Asked::Id))
        }
        (None, None, None) => Err(Refusal::bad_request(
            "send a document as `query`, or name one by `documentId` or `persistedQuery`",
        )),
        _ => Err(Refusal::bad_request("send either `query` or `documentId`, not both")),
    }
}

/// The headers that subgraphs get, too.
fn passed_on(headers: &HeaderMap, forwarded: &[HeaderName]) -> Arc<[(HeaderName, HeaderValue)]> {
    let values = forwarded.iter().flat_map(|name| {
        headers.get_all(name).iter().map(move |value| (name.clone(), value.clone()))
    });
    values.collect()
}

/// Answers to a request with credentials are for nobody else.
fn sharing(headers: &HeaderMap) -> Sharing {
    let private = [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION]
        .iter()
        .any(|name| headers.contains_key(name));
    if private { Sharing::Private } else { Sharing::Public }
}

/// So many validators of one request are looked at.
const VALIDATORS_MAX: usize = 16;

/// The validators of `if-none-match`, without what the media type adds to them.
pub(super) fn validators(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|v| v.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .filter_map(|tag| {
            let tag = tag.trim();
            if tag == "*" {
                return Some(tag);
            }
            tag.strip_prefix("W/").unwrap_or(tag).strip_prefix('"')?.strip_suffix('"')
        })
        .map(str::to_owned)
        .take(VALIDATORS_MAX)
        .collect()
}

fn from_address(request: &Request) -> Result<Parameters, Refusal> {
    let given: AddressParameters =
        request.params().map_err(|error| Refusal::bad_request(error.to_string()))?;
    Ok(Parameters {
        query: given.query,
        document_id: given.document_id,
        operation_name: given.operation_name,
        variables: json_parameter("variables", given.variables)?,
        extensions: json_parameter("extensions", given.extensions)?,
    })
}

fn json_parameter<T: DeserializeOwned>(
    name: &str,
    text: Option<String>,
) -> Result<Option<T>, Refusal> {
    match text.filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => serde_json::from_str(&text)
            .map_err(|error| Refusal::bad_request(format!("{name}: {error}"))),
    }
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let refusal = |message| Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message);
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let given = given.unwrap_or_default().to_ascii_lowercase();
    let mut parts = given.split(';').map(str::trim);
    if parts.next() != Some("application/json") {
        return Err(refusal("send POST with `content-type: application/json`"));
    }
    let charset = parts.find_map(|part| part.strip_prefix("charset="));
    match charset.map(|name| name.trim_matches('"')) {
        None | Some("utf-8") => Ok(()),
        Some(_) => Err(refusal("send JSON as UTF-8")),
    }
}

async fn from_body(body: Body, limits: &Limits) -> Result<Parameters, Refusal> {
    let bytes = read_body(body, limits).await?;
    // serde would read a JSON array as a struct, so that a batch is known by its first byte.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(Refusal::bad_request("send one question at a time; batches are not answered"));
    }
    serde_json::from_slice(&bytes)
        .map_err(|error| Refusal::bad_request(format!("the body is no GraphQL request: {error}")))
}

async fn read_body(body: Body, limits: &Limits) -> Result<Bytes, Refusal> {
    let time = Duration::from_millis(limits.request_ms_max);
    match tokio::time::timeout(time, body.into_bytes_limit(limits.request_bytes_max)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(ReadBodyError::PayloadTooLarge)) => Err(Refusal {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            failure: Failure::limit("request_bytes_max", limits.request_bytes_max as u64),
        }),
        Ok(Err(error)) => Err(Refusal::bad_request(error.to_string())),
        Err(_elapsed) => Err(Refusal {
            status: StatusCode::REQUEST_TIMEOUT,
            failure: Failure::limit("request_ms_max", limits.request_ms_max),
        }),
    }
}
