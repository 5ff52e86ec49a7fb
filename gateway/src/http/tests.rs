//! Tests of request parsing, status codes, media types and error codes. Responses from a generation
//! are tested in the package `acceptance`.

use async_graphql::Variables;
use poem::{
    Body, Endpoint, Request, Response,
    http::{Method, StatusCode, header},
};
use serde_json::{Value, json};

use super::{content_negotiation::GraphqlMediaType, graphql_request};
use crate::{
    app::App,
    config::{Config, Limits, Overrides},
    pipeline::{AllowedOperations, GraphqlRequest},
};

fn limits() -> Limits {
    Limits { request_bytes_max: 100, ..Limits::default() }
}

/// The parsed request, or the HTTP status of its rejection.
async fn read(mut request: Request) -> Result<GraphqlRequest, StatusCode> {
    let body = request.take_body();
    let media = GraphqlMediaType::Json;
    graphql_request::read(&request, body, media, &limits(), &[]).await.map_err(|error| error.status)
}

fn post(content_type: &str, body: impl Into<Body>) -> Request {
    let builder = Request::builder().method(Method::POST).uri_str("/graphql");
    builder.header(header::CONTENT_TYPE, content_type).body(body)
}

fn get(query_string: &str) -> Request {
    Request::builder().uri_str(format!("/graphql?{query_string}")).finish()
}

#[tokio::test]
async fn only_json_in_utf_8_must_be_read_from_a_body() {
    let body = r#"{"query":"{a}"}"#;
    for (content_type, status) in [
        ("application/json", None),
        ("application/json; charset=utf-8", None),
        ("Application/JSON; charset=\"UTF-8\"", None),
        ("application/json; profile=\"a;charset=latin1\"; charset=utf8", None),
        ("application/json ;\tCHARSET=utf-8", None),
        ("application/json; charset=utf-16", Some(415)),
        ("application/graphql", Some(415)),
        ("text/plain", Some(415)),
        ("application/x-www-form-urlencoded", Some(415)),
        ("multipart/form-data; boundary=x", Some(415)),
        ("", Some(415)),
    ] {
        let found = read(post(content_type, body)).await.err().map(|status| status.as_u16());
        assert_eq!(found, status, "{content_type}");
    }
}

#[tokio::test]
async fn a_body_must_be_one_request_with_the_right_types() {
    for (body, status) in [
        (r#"{"query":"{a}"}"#, None),
        (r#"{"query":"{a}","operationName":null,"variables":null,"extensions":null}"#, None),
        (r#"{"query":"{a}","variables":{"a":[1]},"extensions":{"b":2},"more":1}"#, None),
        ("", Some(400)),
        ("{", Some(400)),
        ("{}", Some(400)),
        ("null", Some(400)),
        (r#"["{a}",null,null,null]"#, Some(400)),
        (r#"  [{"query":"{a}"}]"#, Some(400)),
        (r#"{"query":1}"#, Some(400)),
        (r#"{"query":"{a}","query":"{b}"}"#, Some(400)),
        (r#"{"query":"{a}","operationName":1}"#, Some(400)),
        (r#"{"query":"{a}","variables":"{}"}"#, Some(400)),
        (r#"{"query":"{a}","variables":[]}"#, Some(400)),
        (r#"{"query":"{a}","extensions":""}"#, Some(400)),
        ("\u{0}", Some(400)),
    ] {
        let found = read(post("application/json", body)).await.err();
        assert_eq!(found.map(|status| status.as_u16()), status, "{body}");
    }
    let long = format!(r#"{{"query":"{}"}}"#, " ".repeat(limits().request_bytes_max));
    let found = read(post("application/json", long)).await.err();
    assert_eq!(found, Some(StatusCode::PAYLOAD_TOO_LARGE));
}

#[tokio::test]
async fn a_get_request_must_be_read_from_the_query_string_and_allow_queries_only() {
    let graphql_request =
        read(get("query=%7Ba%7D&operationName=A&variables=%7B%22n%22%3A1%7D")).await;
    let graphql_request = graphql_request.unwrap();
    assert_eq!(graphql_request.document, "{a}".into());
    assert_eq!(graphql_request.operation_name.as_deref(), Some("A"));
    assert_eq!(graphql_request.variables, Variables::from_json(json!({ "n": 1 })));
    assert_eq!(graphql_request.allowed, AllowedOperations::QueriesOnly);
    for (query_string, status) in [
        ("query=%7Ba%7D&operationName=&variables=&extensions=", None),
        ("", Some(400)),
        ("query=%7Ba%7D&variables=1", Some(400)),
        ("query=%7Ba%7D&variables=%7B", Some(400)),
        ("query=%7Ba%7D&extensions=%5B%5D", Some(400)),
    ] {
        let found = read(get(query_string)).await.err().map(|status| status.as_u16());
        assert_eq!(found, status, "{query_string}");
    }
}

/// Sends a request to the whole service, with an empty data folder.
async fn send(request: Request) -> Response {
    let folder = tempfile::tempdir().unwrap();
    let overrides = Overrides {
        data: Some(folder.path().to_owned()),
        listen: Some("127.0.0.1:0".to_owned()),
        ..Overrides::default()
    };
    let config = Config::load_if_any(None, &overrides).unwrap();
    let app = App::build(config.clone()).await.unwrap();
    crate::routes::endpoint(app.pipeline().clone(), None, &config).call(request).await.unwrap()
}

#[tokio::test]
async fn every_response_must_have_its_status_its_media_type_and_its_code() {
    const GRAPHQL: &str = "application/graphql-response+json; charset=utf-8";
    const JSON: &str = "application/json; charset=utf-8";
    const PROBLEM: &str = "application/problem+json";
    for (method, path, accept, status, media, code) in [
        (Method::GET, "/graphql?query={a}", "*/*", 503, JSON, "UNAVAILABLE"),
        (Method::GET, "/graphql?query={a}", GRAPHQL, 503, GRAPHQL, "UNAVAILABLE"),
        (Method::GET, "/graphql", GRAPHQL, 400, GRAPHQL, "BAD_REQUEST"),
        (Method::GET, "/graphql?query={a}", "text/html", 406, JSON, "BAD_REQUEST"),
        (Method::POST, "/graphql", "*/*", 415, JSON, "BAD_REQUEST"),
        (Method::PUT, "/graphql", "*/*", 405, JSON, "METHOD_NOT_ALLOWED"),
        (Method::GET, "/health/ready", "*/*", 503, PROBLEM, "UNAVAILABLE"),
        (Method::POST, "/health/live", "*/*", 405, PROBLEM, "METHOD_NOT_ALLOWED"),
        (Method::GET, "/nowhere", "*/*", 404, PROBLEM, "NOT_FOUND"),
        (Method::GET, "/graphql/", "*/*", 404, PROBLEM, "NOT_FOUND"),
    ] {
        let path = path.replace('{', "%7B").replace('}', "%7D");
        let request = Request::builder().method(method).uri_str(&path);
        let response = send(request.header(header::ACCEPT, accept).finish()).await;
        assert_eq!(response.status().as_u16(), status, "{path} {accept}");
        assert_eq!(response.content_type(), Some(media), "{path} {accept}");
        let body: Value = response.into_body().into_json().await.unwrap();
        let found = body.pointer("/errors/0/extensions/code").or(body.get("code"));
        assert_eq!(found.and_then(Value::as_str), Some(code), "{path} {accept}");
        assert_eq!(body.get("data"), None, "{path} {accept}");
    }
}

#[tokio::test]
async fn every_response_must_carry_its_id_and_the_security_headers() {
    for path in ["/graphql", "/health/live", "/nowhere"] {
        let request = Request::builder().uri_str(path).header("x-request-id", "abc");
        let response = send(request.finish()).await;
        for (name, value) in [
            ("x-request-id", "abc"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ] {
            assert_eq!(response.header(name), Some(value), "{path}");
        }
    }
}

#[tokio::test]
async fn a_rejected_method_must_get_the_list_of_allowed_methods() {
    let response = send(Request::builder().method(Method::PUT).uri_str("/graphql").finish()).await;
    assert_eq!(response.header(header::ALLOW), Some("GET, POST"));
}

#[tokio::test]
async fn without_a_generation_a_page_must_report_it_in_its_language_and_load_only_own_files() {
    for (path, language) in [("/", "nl"), ("/en/", "en"), ("/?q=brief", "nl")] {
        let page = send(Request::builder().uri_str(path).finish()).await;
        assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(page.content_type(), Some("text/html; charset=utf-8"));
        let policy = page.header("content-security-policy").unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        let page = page.into_body().into_string().await.unwrap();
        assert!(page.contains(&format!("<html lang=\"{language}\">")), "{path}");
        for text in ["src=\"http", "<style", "style="] {
            assert!(!page.contains(text), "{text}");
        }
    }
}
