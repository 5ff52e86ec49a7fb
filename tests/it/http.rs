//! HTTP behaviour of GraphQL: `ETag`s and the response cache, persisted and trusted documents,
//! cross-origin requests, and metrics.

use std::{fs, thread};

use gateway::{
    clock::Clock,
    config::{CorsOrigins, HeaderRule, TrustedDocumentPolicy},
};
use jiff::ToSpan;
use serde_json::{Value, json};

use crate::{
    support::{Installation, clock},
    test_server::{Reply, Server, subgraph_config},
};

const QUERY: &str = "{ search(query: \"klantreis\", first: 2) { nodes { id title } } }";

fn etag_of(reply: &Reply) -> String {
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.header("etag").unwrap_or_else(|| panic!("an ETag: {reply:?}")).to_owned()
}

#[test]
fn a_response_that_the_client_has_must_not_be_sent_again() {
    let (installation, server) = Server::demo();
    let first = server.get_query(QUERY, "");
    let etag = etag_of(&first);
    assert_eq!(first.header("cache-control"), Some("no-cache"));
    assert_eq!(first.header("vary"), Some("accept"));
    assert_eq!(etag_of(&server.get_query(QUERY, "")), etag);

    for headers in [
        format!("\r\nif-none-match: {etag}"),
        format!("\r\nif-none-match: \"other\", W/{etag}"),
        "\r\nif-none-match: *".to_owned(),
    ] {
        let again = server.get_query(QUERY, &headers);
        assert_eq!((again.status, again.body.as_str()), (304, ""), "{again:?}");
        assert_eq!(again.header("etag"), Some(etag.as_str()));
    }
    // Another media type or another query has another ETag.
    let accept = "\r\naccept: application/graphql-response+json";
    assert_ne!(etag_of(&server.get_query(QUERY, accept)), etag);
    let other = format!("{accept}\r\nif-none-match: {etag}");
    assert_eq!(server.get_query(QUERY, &other).status, 200);
    assert_ne!(etag_of(&server.get_query("{ themes { nodes { id } } }", "")), etag);

    // A restart does not change the ETag; another configuration does.
    let restarted = Server::of(&installation);
    assert_eq!(etag_of(&restarted.get_query(QUERY, "")), etag);
    let configured = Server::with(&installation, |config| config.limits.page_size_max = 99);
    assert_ne!(etag_of(&configured.get_query(QUERY, "")), etag);
}

#[test]
fn an_etag_must_change_with_the_generation_and_with_time() {
    let installation = Installation::small();
    installation.build();
    let at = |hours: i64| {
        let server = Server::with(&installation, |config| {
            config.clock = Clock::Fixed(clock() + hours.hours());
        });
        etag_of(&server.get_query(QUERY, ""))
    };
    // The clock is at noon; the series of the fixture starts at three on Tuesdays.
    let noon = at(0);
    assert_eq!(at(1), noon);
    let next_day = at(24);
    assert_ne!(next_day, noon);
    assert_eq!(at(24 + 2), next_day);
    assert_ne!(at(24 + 3), next_day, "the series begins");
    installation.write_item("nieuw", "Een nieuwe klantreis");
    installation.build();
    assert_ne!(at(0), noon);
}

#[test]
fn responses_without_a_generation_private_or_failed_must_not_be_cached() {
    let (_installation, server) = Server::demo();
    for (query, headers) in [
        ("{ catalog { generation } }", ""),
        ("{ themes { nodes { id } } ...c } fragment c on Query { it: catalog { generation } }", ""),
        (QUERY, "\r\nauthorization: Bearer x"),
        (QUERY, "\r\ncookie: a=b"),
        ("{ search(after: \"nonsense\") { totalCount } }", ""),
        ("{ nothing }", ""),
    ] {
        for _ in 0..2 {
            let reply = server.get_query(query, headers);
            assert_eq!(reply.header("etag"), None, "{query} {headers}");
            assert_eq!(reply.header("cache-control"), Some("no-store"), "{query} {headers}");
        }
    }
    let posted = server.post(&json!({ "query": "{ themes { nodes { id } } }" }));
    assert_eq!((posted.header("etag"), posted.header("cache-control")), (None, Some("no-store")));
    assert!(server.metric_value("wegwijzer_graphql_responses_total{cache_status=\"hit\"}") < 1.0);
}

#[test]
fn identical_concurrent_requests_must_be_executed_once() {
    let (_installation, server) = Server::demo();
    let body = json!({ "query": "query A($q: String) { search(query: $q) { totalCount } }",
        "variables": { "q": "overheid" } });
    let bodies: Vec<String> = thread::scope(|scope| {
        let threads: Vec<_> = (0..40).map(|_| scope.spawn(|| server.post(&body).body)).collect();
        threads
            .into_iter()
            .map(|one| one.join().expect("the request thread does not panic"))
            .collect()
    });
    assert!(bodies.iter().all(|one| *one == bodies[0]), "{bodies:?}");
    let responses = |cache: &str| {
        server
            .metric_value(&format!("wegwijzer_graphql_responses_total{{cache_status=\"{cache}\"}}"))
    };
    assert!((responses("miss") - 1.0).abs() < 0.1);
    assert!((responses("hit") + responses("coalesced") - 39.0).abs() < 0.1);
    let queries = "wegwijzer_graphql_requests_total{operation_type=\"query\",code=\"OK\"}";
    assert!((server.metric_value(queries) - 40.0).abs() < 0.1);
}

#[test]
fn a_document_must_be_stored_under_its_hash_once_its_text_was_sent() {
    let (_installation, server) = Server::demo();
    let query = "{__typename}";
    let hash = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38";
    let named = |hash: &str, version: u8| json!({ "persistedQuery": { "version": version, "sha256Hash": hash } });
    let send = |extensions: Value| server.post(&json!({ "extensions": extensions }));

    let unknown = send(named(hash, 1));
    assert_eq!(unknown.code(), "PERSISTED_QUERY_NOT_FOUND");
    assert_eq!(unknown.json()["errors"][0]["message"], "PersistedQueryNotFound");
    let mismatch = server.post(&json!({ "query": "{ a }", "extensions": named(hash, 1) }));
    assert_eq!(mismatch.code(), "PERSISTED_QUERY_HASH_MISMATCH");
    let registered = server.post(&json!({ "query": query, "extensions": named(hash, 1) }));
    assert_eq!(registered.body, r#"{"data":{"__typename":"Query"}}"#);
    assert_eq!(send(named(hash, 1)).body, registered.body);
    assert_eq!(send(named(&hash.to_uppercase(), 1)).body, registered.body);
    assert_eq!(
        server.post(&json!({ "documentId": format!("sha256:{hash}") })).body,
        registered.body
    );
    let extensions = named(hash, 1).to_string();
    let encoded: String = url::form_urlencoded::byte_serialize(extensions.as_bytes()).collect();
    assert_eq!(server.get(&format!("/graphql?extensions={encoded}")).body, registered.body);

    for extensions in [named(hash, 2), named("abc", 1), named(&"é".repeat(32), 1)] {
        let reply = send(extensions.clone());
        assert_eq!((reply.status, reply.code()), (400, "BAD_REQUEST".into()), "{extensions}");
    }
    let both = server.post(&json!({ "query": query, "documentId": hash }));
    assert_eq!((both.status, both.code()), (400, "BAD_REQUEST".into()));
}

/// With other statuses, Apollo's clients for mobile devices do not read that they have to send the
/// document.
#[test]
fn an_unknown_hash_must_have_status_200_and_another_hash_400_for_each_media_type() {
    let (_installation, server) = Server::demo();
    let hash = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38";
    let extensions = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
    let unknown = json!({ "extensions": extensions });
    let by_id = json!({ "documentId": format!("sha256:{hash}") });
    let other = json!({ "query": "{ a }", "extensions": extensions });
    let unnamed = json!({ "documentId": "Unknown" });
    let encoded: String =
        url::form_urlencoded::byte_serialize(extensions.to_string().as_bytes()).collect();
    let (json, graphql) = ("application/json", "application/graphql-response+json");
    for (accept, media, invalid) in [
        ("*/*", json, 200),
        ("Application/JSON", json, 200),
        ("application/graphql-response+json", graphql, 400),
        ("application/GraphQL-Response+JSON; q=0.9, application/json;q=\"0.1\"", graphql, 400),
        ("application/graphql-response+json;charset=\"a,b;q=0\", text/html", graphql, 400),
    ] {
        let head =
            format!("POST /graphql HTTP/1.1\r\ncontent-type: application/json\r\naccept: {accept}");
        let post = |body: &Value| server.request(&head, body.to_string());
        let get = format!("GET /graphql?extensions={encoded} HTTP/1.1\r\naccept: {accept}");
        for (reply, status, code) in [
            (post(&unknown), 200, "PERSISTED_QUERY_NOT_FOUND"),
            (post(&by_id), 200, "PERSISTED_QUERY_NOT_FOUND"),
            (server.request(&get, ""), 200, "PERSISTED_QUERY_NOT_FOUND"),
            (post(&other), 400, "PERSISTED_QUERY_HASH_MISMATCH"),
            (post(&unnamed), invalid, "TRUSTED_DOCUMENT_NOT_FOUND"),
        ] {
            assert_eq!((reply.status, reply.code()), (status, code.into()), "{accept} {reply:?}");
            let expected = format!("{media}; charset=utf-8");
            assert_eq!(reply.header("content-type"), Some(&*expected), "{accept}");
            assert_eq!(reply.header("cache-control"), Some("no-store"), "{accept}");
            assert_eq!(reply.json().get("data"), None, "{accept}");
        }
    }
}

#[test]
fn trusted_documents_must_be_served_by_name_and_exclusively_where_required() {
    let installation = Installation::small();
    installation.build();
    let folder = installation.path().join("documents");
    fs::create_dir(&folder).expect("a folder");
    let text = "query Type { __typename }";
    fs::write(folder.join("Type.graphql"), text).expect("a file");
    let expected = r#"{"data":{"__typename":"Query"}}"#;
    for (trusted, others) in [
        (TrustedDocumentPolicy::Optional(folder.clone()), Value::Null),
        (TrustedDocumentPolicy::Required(folder.clone()), "TRUSTED_DOCUMENT_REQUIRED".into()),
    ] {
        let server =
            Server::with(&installation, |config| config.graphql.trusted_documents = trusted);
        assert_eq!(server.post(&json!({ "documentId": "Type" })).body, expected);
        assert_eq!(server.post(&json!({ "query": text })).body, expected);
        assert_eq!(server.post(&json!({ "query": "{ themes { nodes { id } } }" })).code(), others);
        assert_eq!(
            server.post(&json!({ "documentId": "Other" })).code(),
            "TRUSTED_DOCUMENT_NOT_FOUND"
        );
    }
}

#[test]
fn pages_of_other_sites_must_read_responses_only_where_cors_allows_it() {
    let installation = Installation::small();
    installation.build();
    let preflight = "OPTIONS /graphql HTTP/1.1\r\norigin: https://a.example\
        \r\naccess-control-request-method: POST\r\naccess-control-request-headers: content-type";
    let allow = "access-control-allow-origin";
    let of = |cors: CorsOrigins| Server::with(&installation, |config| config.cors = cors);

    let server = of(CorsOrigins::List(Vec::new()));
    assert_eq!(server.request(preflight, "").status, 405);
    let reply = server.get_query("{ __typename }", "\r\norigin: https://a.example");
    assert_eq!((reply.status, reply.header(allow)), (200, None));

    let server = of(CorsOrigins::List(vec!["https://a.example".to_owned()]));
    let reply = server.request(preflight, "");
    assert_eq!((reply.status, reply.header(allow)), (204, Some("https://a.example")));
    assert_eq!(reply.header("access-control-allow-methods"), Some("get, post"));
    assert_eq!(reply.header("access-control-allow-credentials"), None);
    let headers = reply.header("access-control-allow-headers").unwrap();
    assert!(headers.starts_with("authorization, content-type,"), "{headers}");
    let reply = server.get_query("{ __typename }", "\r\norigin: https://a.example");
    assert_eq!((reply.status, reply.header(allow)), (200, Some("https://a.example")));
    assert!(reply.head.contains("vary: origin"), "{reply:?}");
    for origin in ["https://b.example", "https://a.example.b.example", "null", "h\u{e9}"] {
        let reply = server.get_query("{ __typename }", &format!("\r\norigin: {origin}"));
        assert_eq!((reply.status, reply.header(allow)), (200, None), "{origin}");
    }

    let server = of(CorsOrigins::Any);
    let reply = server.get_query("{ __typename }", "\r\norigin: null");
    assert_eq!((reply.status, reply.header(allow)), (200, Some("*")));
}

#[test]
fn pages_of_other_sites_must_be_able_to_send_what_is_documented_and_forwarded() {
    let installation = Installation::small();
    installation.build();
    let server = Server::with(&installation, |config| {
        config.cors = CorsOrigins::Any;
        config.federation.forwarded_headers = vec!["x-tenant".parse().unwrap()];
        let url = "http://127.0.0.1:9/".parse().unwrap();
        let mut subgraph = subgraph_config("partner", url, None);
        let names = ["x-team", "X-Tenant", "cookie", "authorization"];
        let rule = |name: &str| HeaderRule::Forward { name: name.to_lowercase() };
        subgraph.headers = names.map(rule).into();
        let set = HeaderRule::Set { name: "x-ours".to_owned(), value: "1".to_owned() };
        subgraph.headers.push(set);
        config.subgraphs = vec![subgraph];
    });
    for path in ["/graphql", "/mcp", "/v1/search", "/search.json", "/embed/fragment"] {
        let head = format!(
            "OPTIONS {path} HTTP/1.1\r\norigin: https://a.example\
             \r\naccess-control-request-method: GET\r\naccess-control-request-headers: x-tenant"
        );
        let reply = server.request(&head, "");
        assert_eq!(reply.status, 204, "{path} {reply:?}");
        let allowed = reply.header("access-control-allow-headers").unwrap();
        let allowed: Vec<&str> = allowed.split(", ").collect();
        for name in [
            "authorization",
            "content-type",
            "x-api-key",
            "x-request-id",
            "apollo-require-preflight",
            "x-apollo-operation-name",
            "if-none-match",
            "accept-language",
            "traceparent",
            "tracestate",
            "x-tenant",
            "x-team",
        ] {
            let count = allowed.iter().filter(|allowed| **allowed == name).count();
            assert_eq!(count, 1, "{path} {name}: {allowed:?}");
        }
        assert!(!allowed.contains(&"x-ours"), "{allowed:?}");
    }
    let reply = server.get_query("{ __typename }", "\r\norigin: https://a.example");
    let exposed = reply.header("access-control-expose-headers").unwrap();
    for name in ["etag", "retry-after", "x-request-id", "api-version", "generation"] {
        assert!(exposed.split(", ").any(|exposed| exposed == name), "{exposed}");
    }
}

#[test]
fn requests_of_a_cross_site_form_must_be_rejected_or_harmless() {
    let installation = Installation::small();
    installation.build();
    let server = Server::of(&installation);
    let body = r#"{"query":"{ __typename }"}"#;
    for media in
        ["application/x-www-form-urlencoded", "multipart/form-data; boundary=a", "text/plain", ""]
    {
        let head = format!("POST /graphql HTTP/1.1\r\ncontent-type: {media}");
        assert_eq!(server.request(&head, body).status, 415, "{media}");
    }
    // The schema has no mutations; the operation type alone is rejected.
    let reply = server.get_query("mutation { a }", "");
    assert_eq!((reply.status, reply.header("allow")), (405, Some("post")));

    let protected = Server::with(&installation, |config| config.graphql.csrf_prevention = true);
    for (headers, status) in [
        ("", 403),
        ("\r\naccept: */*", 403),
        ("\r\naccept: text/html,application/xhtml+xml,*/*;q=0.8\r\nsec-fetch-mode: navigate", 403),
        ("\r\nsec-fetch-mode: cors", 200),
        ("\r\naccept: application/json", 200),
        ("\r\naccept: application/graphql-response+json", 200),
        ("\r\napollo-require-preflight: 1", 200),
        ("\r\nX-Apollo-Operation-Name: A", 200),
    ] {
        assert_eq!(protected.get_query("{ __typename }", headers).status, status, "{headers}");
    }
}

#[test]
fn introspection_and_suggestions_must_be_absent_if_disabled() {
    let installation = Installation::small();
    installation.build();
    let open = Server::of(&installation);
    assert!(open.query("{ __schema { queryType { name } } }")["data"]["__schema"].is_object());
    let helped = open.query("{ serch { totalCount } }")["errors"][0]["message"].to_string();
    assert!(helped.contains("Did you mean"), "{helped}");

    let closed = Server::with(&installation, |config| {
        config.graphql.introspection = false;
        config.graphql.did_you_mean = false;
    });
    for query in [
        "{ __schema { queryType { name } } }",
        "{ ...a } fragment a on Query { __schema { types { name } } }",
        "{ hidden: __schema { types { name } } }",
        "{ t: __type(name: \"Query\") { name } }",
        "{ ... { t: __type(name: \"Query\") { name } } }",
        "{ _service { sdl } }",
    ] {
        let response = closed.query(query);
        assert_eq!(
            response["errors"][0]["extensions"]["code"], "INTROSPECTION_DISABLED",
            "{response}"
        );
        assert!(response.get("data").is_none(), "{response}");
    }
    let silent = closed.query("{ serch { totalCount } }")["errors"][0]["message"].to_string();
    assert!(!silent.contains("Did you mean"), "{silent}");
}

#[test]
fn metrics_must_report_what_is_served_and_how() {
    let (installation, server) = Server::demo();
    server.query("{ catalog { generation } }");
    server.post(&json!({ "query": "{ nothing }" }));
    server.get("/nothing");
    let counts = *installation.snapshot().counts();
    for (metric, value) in [
        ("wegwijzer_generation", 1),
        ("wegwijzer_generation_damaged", 0),
        ("wegwijzer_records{kind=\"event\"}", counts.events),
        ("wegwijzer_graphql_requests_total{operation_type=\"query\",code=\"OK\"}", 1),
        (
            "wegwijzer_graphql_requests_total{operation_type=\"query\",code=\"GRAPHQL_VALIDATION_FAILED\"}",
            1,
        ),
        ("wegwijzer_http_responses_total{status=\"404\"}", 1),
    ] {
        let value = f64::from(u32::try_from(value).expect("a small number"));
        assert!((server.metric_value(metric) - value).abs() < 0.1, "{metric}");
    }
    let text = server.get("/metrics");
    assert_eq!(
        text.header("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    for metric in ["wegwijzer_source_records{", "wegwijzer_http_request_duration_seconds_bucket{"] {
        assert!(text.body.contains(metric), "{metric}");
    }
    assert!(text.body.ends_with("# EOF\n"));
}

#[test]
fn an_event_must_be_available_as_an_icalendar_file() {
    let installation = Installation::small();
    installation.build();
    let server = Server::of(&installation);
    let response = server.query("{ events { nodes { title ics } } }");
    let file = |title: &str| {
        let events = response["data"]["events"]["nodes"].as_array().expect("events");
        let event = events.iter().find(|event| event["title"] == title).expect("an event");
        let url: url::Url = event["ics"].as_str().expect("an address").parse().expect("a URL");
        server.get(url.path())
    };
    let single = file("Dag van de klantreis");
    assert_eq!(single.header("content-type"), Some("text/calendar; charset=utf-8"));
    assert_eq!(single.body.matches("PRODID:").count(), 1, "{}", single.body);
    for line in [
        "VERSION:2.0",
        "SUMMARY:Dag van de klantreis",
        "DTSTART;TZID=Europe/Amsterdam:20260401T100000",
        "STATUS:CONFIRMED",
    ] {
        assert!(single.body.contains(&format!("\r\n{line}\r\n")), "{line}: {}", single.body);
    }
    // A weekly series of twenty from 6 January; on 2 March twelve are left.
    let series = file("Inloopuur");
    assert_eq!(series.body.matches("BEGIN:VEVENT").count(), 12, "{}", series.body);
    assert!(
        series.body.contains("\r\nDTSTART;TZID=Europe/Amsterdam:20260303T150000\r\n"),
        "{}",
        series.body
    );
    for path in ["/event/e000000000000.ics", "/event/nonsense.ics", "/event/x"] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
}

#[test]
fn a_default_value_of_a_variable_must_apply_to_skip_and_include() {
    let (_installation, server) = Server::demo();
    let query = "query($no: Boolean! = true, $yes: Boolean! = false) { __typename
        a: themes @skip(if: $no) { nodes { id } } b: themes @include(if: $yes) { nodes { id } } }";
    assert_eq!(server.query(query), json!({ "data": { "__typename": "Query" } }));
    let response = server.query_with(query, &json!({ "no": false }));
    assert!(
        response["data"]["a"]["nodes"].is_array() && response["data"]["b"].is_null(),
        "{response}"
    );
}
