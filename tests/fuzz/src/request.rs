//! Complete HTTP requests: every response must have a documented status and code, and a body of the
//! stated media type.

use std::sync::LazyLock;

use poem::{
    Endpoint, EndpointExt, Request, Response,
    endpoint::BoxEndpoint,
    http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header},
};
use serde_json::{Value, json};

use crate::{
    byte_source::ByteSource,
    demo::{DEMO, Demo},
    document,
};

/// The documented statuses of `/graphql`: success, preflight, not modified, and request errors.
const STATUSES: [u16; 9] = [200, 204, 304, 400, 403, 405, 406, 413, 415];
/// The statuses of all other paths: success, not modified, a moved record, and request errors.
const OTHER_STATUSES: [u16; 6] = [200, 304, 308, 400, 404, 405];
/// The error codes of invalid requests.
const CODES: [&str; 11] = [
    "BAD_REQUEST",
    "METHOD_NOT_ALLOWED",
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "OPERATION_RESOLUTION_FAILURE",
    "BAD_USER_INPUT",
    "PERSISTED_QUERY_NOT_FOUND",
    "PERSISTED_QUERY_HASH_MISMATCH",
    "TRUSTED_DOCUMENT_NOT_FOUND",
    "LIMIT_EXCEEDED",
    "NOT_FOUND",
];

/// The complete HTTP service.
static SERVICE: LazyLock<BoxEndpoint<'static, Response>> =
    LazyLock::new(|| gateway::routes::endpoint(DEMO.pipeline.clone(), None, &DEMO.config).boxed());

/// Checks a request generated from the bytes.
pub fn check(bytes: &[u8]) {
    let demo = &*DEMO;
    let Some(request) = generate(ByteSource::new(bytes), demo) else { return };
    let description = format!("{request:?}");
    let is_graphql = request.uri().path() == "/graphql";
    let is_head = *request.method() == Method::HEAD;
    let response = demo.runtime.block_on(SERVICE.call(request)).expect("errors become responses");
    let (parts, body) = response.into_parts();
    let body = demo.runtime.block_on(body.into_vec()).expect("a body in memory");
    let media = parts.headers.get(header::CONTENT_TYPE).map(|value| value.to_str().expect("ASCII"));
    let status = parts.status.as_u16();
    let context =
        || format!("{status} {media:?} {}: {description}", String::from_utf8_lossy(&body));

    let statuses = if is_graphql { &STATUSES[..] } else { &OTHER_STATUSES };
    assert!(statuses.contains(&status), "{}", context());
    assert!(parts.headers.contains_key("x-request-id"), "{}", context());
    if is_head || matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        // The server sends no body in response to HEAD.
        assert!(is_head || body.is_empty(), "{}", context());
        return;
    }
    assert!(std::str::from_utf8(&body).is_ok(), "{}", context());
    if !media.is_some_and(|media| media.contains("json")) {
        // An unknown path and an invalid parameter yield an HTML page as well; a redirect is empty.
        assert!(!is_graphql && matches!(status, 200 | 308 | 400 | 404), "{}", context());
        return;
    }
    let body: Value = serde_json::from_slice(&body).unwrap_or_else(|_| panic!("{}", context()));
    let mut codes = body["errors"].as_array().into_iter().flatten();
    let codes = codes.by_ref().map(|error| &error["extensions"]["code"]);
    for code in codes.chain(body.get("code")) {
        assert!(code.as_str().is_some_and(|code| CODES.contains(&code)), "{}", context());
    }
    if is_graphql {
        assert!(body["errors"].is_array() || body["data"].is_object(), "{}", context());
    }
    if status == 405 && is_graphql {
        assert!(parts.headers.contains_key(header::ALLOW), "{}", context());
    }
}

/// A request; `None` if the generated components are invalid.
fn generate(mut source: ByteSource<'_>, demo: &Demo) -> Option<Request> {
    let method = match source.below(8) {
        0..=3 => Method::POST,
        4..=5 => Method::GET,
        _ => source
            .pick(&[Method::OPTIONS, Method::HEAD, Method::PUT, Method::DELETE, Method::TRACE])
            .clone(),
    };
    let mut builder = Request::builder().method(method.clone());
    for _ in 0..source.below(4) {
        let (name, value) = generate_header(&mut source)?;
        builder = builder.header(name, value);
    }
    let is_plain = method == Method::POST && !source.one_in(16);
    if is_plain {
        builder = builder.header(header::CONTENT_TYPE, "application/json");
    }
    let path = path(&mut source, demo);
    let uri = if method == Method::POST {
        path
    } else {
        format!("{path}?{}", query_string(&mut source, demo))
    };
    let uri = Uri::try_from(uri).ok()?;
    Some(builder.uri(uri).body(body(source, demo)))
}

fn path(source: &mut ByteSource<'_>, demo: &Demo) -> String {
    match source.below(12) {
        8 => format!("/event/{}.ics", source.pick(&demo.ids)),
        9 => format!("/event/{}", encoded(source.bytes(24))),
        10 => source
            .pick(&["/", "/metrics", "/health/live", "/health/ready", "//graphql"])
            .to_string(),
        11 => format!("/{}", encoded(source.bytes(16))),
        _ => "/graphql".to_owned(),
    }
}

fn encoded(bytes: &[u8]) -> String {
    url::form_urlencoded::byte_serialize(bytes).collect()
}

fn generate_header(source: &mut ByteSource<'_>) -> Option<(HeaderName, HeaderValue)> {
    const NAMES: &[&str] = &[
        "accept",
        "content-type",
        "if-none-match",
        "origin",
        "access-control-request-method",
        "authorization",
        "x-request-id",
        "traceparent",
        "x-forwarded-for",
        "sec-fetch-mode",
        "apollo-require-preflight",
        "content-encoding",
        "cookie",
        "accept-encoding",
    ];
    const VALUES: &[&str] = &[
        "application/graphql-response+json",
        "application/json",
        "*/*",
        "text/html",
        "application/json;q=0.5, application/graphql-response+json;q=0.500",
        "application/json;q=2",
        "application/json; charset=utf-8",
        "application/json; charset=latin1",
        "text/plain",
        "multipart/form-data; boundary=x",
        "W/\"0-json\", \"\", *",
        "https://a.example",
        "POST",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "1.2.3.4, ::1",
        "cors",
        "gzip",
    ];
    let name = HeaderName::from_static(source.pick::<&str>(NAMES));
    let value = match source.below(4) {
        0 => HeaderValue::from_bytes(source.bytes(64)).ok()?,
        1 => HeaderValue::from_str(source.text(64).as_str()).ok()?,
        _ => HeaderValue::from_static(source.pick::<&str>(VALUES)),
    };
    Some((name, value))
}

fn query_string(source: &mut ByteSource<'_>, demo: &Demo) -> String {
    let mut parameters = url::form_urlencoded::Serializer::new(String::new());
    for _ in 0..source.below(5) {
        match source.below(6) {
            0 | 1 => {
                let document = document::generate(source, demo);
                parameters.append_pair("query", &document.text);
                parameters.append_pair("variables", &document.variables.to_string());
            }
            2 => drop(parameters.append_pair("operationName", &source.text(16))),
            3 => drop(parameters.append_pair("extensions", &extensions(source).to_string())),
            4 => drop(parameters.append_pair("variables", &source.text(60))),
            _ => drop(parameters.append_pair(&source.text(12), &source.text(40))),
        }
    }
    parameters.finish()
}

fn extensions(source: &mut ByteSource<'_>) -> Value {
    let hash = match source.below(3) {
        0 => "0".repeat(64),
        1 => source.text(70),
        _ => format!("sha256:{}", "é".repeat(32)),
    };
    json!({ "persistedQuery": { "version": source.below(3), "sha256Hash": hash } })
}

/// A valid body, one with an invalid component, or the remaining bytes.
fn body(mut source: ByteSource<'_>, demo: &Demo) -> Vec<u8> {
    if source.one_in(64) {
        return vec![b' '; 262_145];
    }
    match source.below(6) {
        0..=2 => {
            let document = document::generate(&mut source, demo);
            json!({ "query": document.text, "variables": document.variables })
                .to_string()
                .into_bytes()
        }
        3 => {
            let mut body = json!({ "query": "{ __typename }" });
            for _ in 0..source.below(4) {
                let name = *source.pick(&[
                    "query",
                    "documentId",
                    "operationName",
                    "variables",
                    "extensions",
                ]);
                body[name] = match source.below(4) {
                    0 => Value::Null,
                    1 => json!(source.text(20)),
                    2 => extensions(&mut source),
                    _ => json!([{}, 1.5e300, "\u{0}"]),
                };
            }
            body.to_string().into_bytes()
        }
        _ => source.rest().to_vec(),
    }
}
