//! Whole HTTP requests: whatever comes, the answer has a status and a code of the documented ones,
//! and a body of the type that it says.

use std::sync::LazyLock;

use poem::{
    Endpoint, EndpointExt, Request, Response,
    endpoint::BoxEndpoint,
    http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header},
};
use serde_json::{Value, json};

use crate::{
    demo::{DEMO, Demo},
    document,
    draw::Draw,
};

/// The statuses that are documented for `/graphql`: done, permission of a browser, known already,
/// and what is wrong with a request.
const STATUSES: [u16; 9] = [200, 204, 304, 400, 403, 405, 406, 413, 415];
/// The statuses of all other addresses.
const OTHER_STATUSES: [u16; 3] = [200, 404, 405];
/// The codes of errors that a request may be answered with where the service has no fault.
const CODES: [&str; 4] =
    ["BAD_REQUEST", "LIMIT_EXCEEDED", "PERSISTED_QUERY_NOT_FOUND", "NOT_FOUND"];

/// Everything that is served.
static SERVICE: LazyLock<BoxEndpoint<'static, Response>> =
    LazyLock::new(|| gateway::http::endpoint(DEMO.pipeline.clone(), None, &DEMO.config).boxed());

/// Checks the request that bytes choose.
pub fn check(bytes: &[u8]) {
    let demo = &*DEMO;
    let Some(request) = drawn(Draw::new(bytes), demo) else { return };
    let shown = format!("{request:?}");
    let is_graphql = request.uri().path() == "/graphql";
    let is_head = *request.method() == Method::HEAD;
    let response = demo.runtime.block_on(SERVICE.call(request)).expect("errors are answers, too");
    let (parts, body) = response.into_parts();
    let body = demo.runtime.block_on(body.into_vec()).expect("a body in memory");
    let media = parts.headers.get(header::CONTENT_TYPE).map(|value| value.to_str().expect("ASCII"));
    let status = parts.status.as_u16();
    let told = || format!("{status} {media:?} {}: {shown}", String::from_utf8_lossy(&body));

    let known = if is_graphql { &STATUSES[..] } else { &OTHER_STATUSES };
    assert!(known.contains(&status), "{}", told());
    assert!(parts.headers.contains_key("x-request-id"), "{}", told());
    if is_head || matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        // The server sends no body to a HEAD, whatever there is.
        assert!(is_head || body.is_empty(), "{}", told());
        return;
    }
    assert!(std::str::from_utf8(&body).is_ok(), "{}", told());
    if !media.is_some_and(|media| media.contains("json")) {
        // What is not found is a page, too.
        assert!(!is_graphql && matches!(status, 200 | 404), "{}", told());
        return;
    }
    let body: Value = serde_json::from_slice(&body).unwrap_or_else(|_| panic!("{}", told()));
    let mut codes = body["errors"].as_array().into_iter().flatten();
    let codes = codes.by_ref().map(|error| &error["extensions"]["code"]);
    for code in codes.chain(body.get("code")) {
        assert!(code.as_str().is_some_and(|code| CODES.contains(&code)), "{}", told());
    }
    if is_graphql {
        assert!(body["errors"].is_array() || body["data"].is_object(), "{}", told());
    }
    if status == 405 && is_graphql {
        assert!(parts.headers.contains_key(header::ALLOW), "{}", told());
    }
}

/// A request; `None` where the parts that were chosen are none.
fn drawn(mut draw: Draw<'_>, demo: &Demo) -> Option<Request> {
    let method = match draw.below(8) {
        0..=3 => Method::POST,
        4..=5 => Method::GET,
        _ => draw
            .pick(&[Method::OPTIONS, Method::HEAD, Method::PUT, Method::DELETE, Method::TRACE])
            .clone(),
    };
    let mut builder = Request::builder().method(method.clone());
    for _ in 0..draw.below(4) {
        let (name, value) = some_header(&mut draw)?;
        builder = builder.header(name, value);
    }
    let is_plain = method == Method::POST && !draw.one_in(16);
    if is_plain {
        builder = builder.header(header::CONTENT_TYPE, "application/json");
    }
    let path = path(&mut draw, demo);
    let uri = if method == Method::POST {
        path
    } else {
        format!("{path}?{}", address_parameters(&mut draw, demo))
    };
    let uri = Uri::try_from(uri).ok()?;
    Some(builder.uri(uri).body(body(draw, demo)))
}

fn path(draw: &mut Draw<'_>, demo: &Demo) -> String {
    match draw.below(12) {
        8 => format!("/event/{}.ics", draw.pick(&demo.ids)),
        9 => format!("/event/{}", encoded(draw.bytes(24))),
        10 => {
            draw.pick(&["/", "/metrics", "/health/live", "/health/ready", "//graphql"]).to_string()
        }
        11 => format!("/{}", encoded(draw.bytes(16))),
        _ => "/graphql".to_owned(),
    }
}

fn encoded(bytes: &[u8]) -> String {
    url::form_urlencoded::byte_serialize(bytes).collect()
}

fn some_header(draw: &mut Draw<'_>) -> Option<(HeaderName, HeaderValue)> {
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
    let name = HeaderName::from_static(draw.pick::<&str>(NAMES));
    let value = match draw.below(4) {
        0 => HeaderValue::from_bytes(draw.bytes(64)).ok()?,
        1 => HeaderValue::from_str(draw.text(64).as_str()).ok()?,
        _ => HeaderValue::from_static(draw.pick::<&str>(VALUES)),
    };
    Some((name, value))
}

fn address_parameters(draw: &mut Draw<'_>, demo: &Demo) -> String {
    let mut parameters = url::form_urlencoded::Serializer::new(String::new());
    for _ in 0..draw.below(5) {
        match draw.below(6) {
            0 | 1 => {
                let drawn = document::drawn(draw, demo);
                parameters.append_pair("query", &drawn.text);
                parameters.append_pair("variables", &drawn.variables.to_string());
            }
            2 => drop(parameters.append_pair("operationName", &draw.text(16))),
            3 => drop(parameters.append_pair("extensions", &extensions(draw).to_string())),
            4 => drop(parameters.append_pair("variables", &draw.text(60))),
            _ => drop(parameters.append_pair(&draw.text(12), &draw.text(40))),
        }
    }
    parameters.finish()
}

fn extensions(draw: &mut Draw<'_>) -> Value {
    let hash = match draw.below(3) {
        0 => "0".repeat(64),
        1 => draw.text(70),
        _ => format!("sha256:{}", "é".repeat(32)),
    };
    json!({ "persistedQuery": { "version": draw.below(3), "sha256Hash": hash } })
}

/// A body: a right one, one with a wrong part, or the bytes that are left.
fn body(mut draw: Draw<'_>, demo: &Demo) -> Vec<u8> {
    if draw.one_in(64) {
        return vec![b' '; 262_145];
    }
    match draw.below(6) {
        0..=2 => {
            let drawn = document::drawn(&mut draw, demo);
            json!({ "query": drawn.text, "variables": drawn.variables }).to_string().into_bytes()
        }
        3 => {
            let mut body = json!({ "query": "{ __typename }" });
            for _ in 0..draw.below(4) {
                let name = *draw.pick(&[
                    "query",
                    "documentId",
                    "operationName",
                    "variables",
                    "extensions",
                ]);
                body[name] = match draw.below(4) {
                    0 => Value::Null,
                    1 => json!(draw.text(20)),
                    2 => extensions(&mut draw),
                    _ => json!([{}, 1.5e300, "\u{0}"]),
                };
            }
            body.to_string().into_bytes()
        }
        _ => draw.rest().to_vec(),
    }
}
