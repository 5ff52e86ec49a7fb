//! Reads a GraphQL question from an HTTP request: strictly, as the GraphQL over HTTP draft says.

use std::time::Duration;

use async_graphql::Variables;
use poem::{
    Body, Request,
    error::ReadBodyError,
    http::{HeaderMap, Method, StatusCode, header},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{
    config::Limits,
    failure::Failure,
    pipeline::{Allowed, Question},
};

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
    query: String,
    operation_name: Option<String>,
    variables: Option<Variables>,
    #[expect(dead_code, reason = "must be a map if it is there, and means nothing here")]
    extensions: Option<Map<String, Value>>,
}

/// The parameters in the query string of an address, where the last two are JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AddressParameters {
    query: String,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

/// Reads the question of a GET or POST request.
pub(super) async fn read(
    request: &Request,
    body: Body,
    limits: &Limits,
) -> Result<Question, Refusal> {
    let (parameters, allowed) = match *request.method() {
        Method::GET => (from_address(request)?, Allowed::Queries),
        Method::POST => {
            check_content_type(request.headers())?;
            (from_body(body, limits).await?, Allowed::Any)
        }
        _ => return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "use GET or POST")),
    };
    let Parameters { query, operation_name, variables, .. } = parameters;
    let variables = variables.unwrap_or_default();
    Ok(Question { query, operation_name, variables, allowed })
}

fn from_address(request: &Request) -> Result<Parameters, Refusal> {
    let given: AddressParameters =
        request.params().map_err(|error| Refusal::bad_request(error.to_string()))?;
    Ok(Parameters {
        query: given.query,
        operation_name: given.operation_name.filter(|name| !name.is_empty()),
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
    let time = Duration::from_millis(limits.request_ms_max);
    let bytes =
        match tokio::time::timeout(time, body.into_bytes_limit(limits.request_bytes_max)).await {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(ReadBodyError::PayloadTooLarge)) => {
                return Err(Refusal {
                    status: StatusCode::PAYLOAD_TOO_LARGE,
                    failure: Failure::limit("request_bytes_max", limits.request_bytes_max as u64),
                });
            }
            Ok(Err(error)) => return Err(Refusal::bad_request(error.to_string())),
            Err(_elapsed) => {
                return Err(Refusal {
                    status: StatusCode::REQUEST_TIMEOUT,
                    failure: Failure::limit("request_ms_max", limits.request_ms_max),
                });
            }
        };
    // serde would read a JSON array as a struct, so that a batch is known by its first byte.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(Refusal::bad_request("send one question at a time; batches are not answered"));
    }
    serde_json::from_slice(&bytes)
        .map_err(|error| Refusal::bad_request(format!("the body is no GraphQL request: {error}")))
}
