//! Whether readers found what they searched for: the form, what is counted, and who sees it.

use std::fs;

use serde_json::{Value, json};

use crate::{
    partners::{KEY, is_problem},
    support::Installation,
    test_server::{Reply, Server},
};

const TOKEN: &str = "geheim-van-de-redactie";
const FORM: &str = "content-type: application/x-www-form-urlencoded";

/// An installation with feedback, behind a proxy that states the client.
fn installation() -> Installation {
    let installation = Installation::small();
    configure(&installation);
    installation.build();
    installation
}

fn configure(installation: &Installation) {
    let config = fs::read_to_string(installation.config()).expect("a file");
    let partner = format!("[[partner]]\nname = \"portaal\"\nkeys = [\"{KEY}\"]\nburst = 1000\n");
    let lines = format!("\n[feedback]\neditor_token_file = \"token\"\n{partner}");
    let proxies = "trusted_proxies = [\"127.0.0.1\"]\n";
    fs::write(installation.config(), format!("{proxies}{config}{lines}")).expect("a file");
    installation.write("token", &format!("{TOKEN}\n"));
}

fn send(server: &Server, method: &str, target: &str, headers: &[&str], body: &str) -> Reply {
    let lines: Vec<_> = headers.iter().map(|line| format!("\r\n{line}")).collect();
    server.request(&format!("{method} {target} HTTP/1.1{}", lines.concat()), body)
}

/// A page as a client sees it.
fn get_as(server: &Server, client: &str, target: &str) -> Reply {
    send(server, "GET", target, &[&format!("x-forwarded-for: {client}")], "")
}

fn vote_as(server: &Server, client: &str, page: &str, found: &str) -> Reply {
    let page: String = url::form_urlencoded::byte_serialize(page.as_bytes()).collect();
    let client = format!("x-forwarded-for: {client}");
    send(server, "POST", "/feedback", &[FORM, &client], &format!("page={page}&found={found}"))
}

/// The report of today as JSON.
fn report(server: &Server) -> Value {
    let token = format!("authorization: Bearer {TOKEN}");
    let reply = send(server, "GET", "/feedback", &[&token, "accept: application/json"], "");
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["today"].clone()
}

fn editors_page(server: &Server, path: &str) -> String {
    let reply = send(server, "GET", path, &[&format!("authorization: Bearer {TOKEN}")], "");
    assert_eq!((reply.status, reply.header("cache-control")), (200, Some("no-store")));
    reply.body
}

/// Numbers of votes for yes and no on search results, overviews and records.
fn votes(report: &Value) -> Vec<(u64, u64)> {
    let pages = report["pages"].as_array().expect("a list").iter();
    pages.map(|page| (page["yes"].as_u64().unwrap(), page["no"].as_u64().unwrap())).collect()
}

/// The path of an article.
fn article(server: &Server) -> String {
    let list = server.get("/article").body;
    let path = list.split("<h3><a href=\"/").nth(1).and_then(|rest| rest.split('"').next());
    path.expect("an article").to_owned()
}

#[test]
fn feedback_must_be_off_by_default() {
    let installation = Installation::small();
    installation.build();
    let server = Server::of(&installation);
    let item = format!("/{}", article(&server));
    for path in ["/?q=brief", "/?q=qqqqzzzz", "/article", &item] {
        let page = server.get(path).body;
        assert!(!page.contains("class=\"feedback\"") && !page.contains("<fieldset><legend>Hebt"));
    }
    for (method, path) in [
        ("GET", "/feedback"),
        ("GET", "/en/feedback"),
        ("GET", "/feedback/thanks"),
        ("POST", "/feedback"),
        ("DELETE", "/feedback"),
    ] {
        let body = if method == "POST" { "page=article&found=yes" } else { "" };
        assert_eq!(send(&server, method, path, &[FORM], body).status, 404, "{method} {path}");
    }
    // A browser with a page without the form gets the one with it, once it is on.
    let etag = |server: &Server| server.get("/article").header("etag").expect("one").to_owned();
    let before = etag(&server);
    configure(&installation);
    assert_ne!(before, etag(&Server::of(&installation)));
}

#[test]
fn pages_with_results_must_have_the_form_and_be_the_same_for_everybody() {
    let installation = installation();
    let server = Server::of(&installation);
    let item = format!("/{}", article(&server));
    let form = |path: &str| {
        let page = get_as(&server, "192.0.2.1", path);
        let (_, form) = page.body.split_once("<form class=\"feedback\"")?;
        let etag = page.header("etag").map(str::to_owned);
        assert_eq!(etag.as_deref(), get_as(&server, "192.0.2.2", path).header("etag"));
        assert_eq!((page.header("set-cookie"), page.status), (None, 200), "{path}");
        Some(form.split_once("</form>").expect("an end").0.to_owned())
    };
    for (path, action, page, legend) in [
        ("/?q=brief", "/feedback", "?q=brief", "Hebt u gevonden wat u zocht?"),
        ("/?q=qqqqzzzz", "/feedback", "?q=qqqqzzzz", "Hebt u gevonden wat u zocht?"),
        ("/?q=%22%3Cb&kind=event", "/feedback", "?q=%22%3Cb&#38;kind=event", "Hebt u"),
        ("/en/?q=brief", "/en/feedback", "?q=brief", "Did you find what you were looking for?"),
        ("/article", "/feedback", "article", "Hebt u gevonden wat u zocht?"),
        ("/en/event", "/en/feedback", "event", "Did you find"),
        (item.as_str(), "/feedback", &item[1..], "Hebt u gevonden wat u zocht?"),
    ] {
        let form = form(path).unwrap_or_else(|| panic!("no form on {path}"));
        for part in [
            format!("method=\"post\" action=\"{action}\""),
            format!("name=\"page\" value=\"{page}\""),
            format!("<fieldset><legend>{legend}"),
            "type=\"submit\" name=\"found\" value=\"yes\">".to_owned(),
            "type=\"submit\" name=\"found\" value=\"no\">".to_owned(),
        ] {
            assert!(form.contains(&part), "{part}: {form}");
        }
        assert!(form.len() < 420, "{}: {form}", form.len());
    }
    for path in ["/", "/about", "/calendar", "/status", "/embed/search?q=brief", "/embed/frame"] {
        assert_eq!(form(path), None, "{path}");
    }
}

#[test]
fn search_pages_must_stay_small_with_the_form() {
    let installation = Installation::of("fixtures/demo.toml");
    installation.build();
    let server = Server::with(&installation, |config| {
        let editor_token_file = "token".into();
        config.feedback = Some(gateway::config::FeedbackConfig { editor_token_file });
    });
    for path in ["/?q=brief", "/en/?q=plain+language", "/article", "/event", "/?q=de+het+een"] {
        let page = server.get(path).body;
        assert!(page.contains("class=\"feedback\""), "{path}");
        assert!(page.len() < 30_000, "{path} has {} bytes", page.len());
    }
}

#[test]
fn a_vote_must_be_counted_and_thanked_for() {
    let installation = installation();
    let server = Server::of(&installation);
    let item = article(&server);
    for (page, found, location, back) in [
        ("?q=Brief", "yes", "/feedback/thanks?page=%3Fq%3DBrief", "/?q=Brief"),
        (
            "?q=a&kind=event",
            "no",
            "/feedback/thanks?page=%3Fq%3Da%26kind%3Devent",
            "/?q=a&#38;kind=event",
        ),
        ("article", "no", "/feedback/thanks?page=article", "/article"),
        ("?kind=event", "no", "/feedback/thanks?page=%3Fkind%3Devent", "/?kind=event"),
    ] {
        let reply = vote_as(&server, "192.0.2.1", page, found);
        // Header values of `head` are in lower case.
        let expected = Some(location.to_lowercase());
        assert_eq!((reply.status, reply.header("location")), (303, expected.as_deref()));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let thanks = server.get(location);
        assert_eq!(thanks.status, 200, "{location}");
        assert!(thanks.body.contains("<h1>Bedankt voor uw antwoord</h1>"), "{}", thanks.body);
        assert!(thanks.body.contains(&format!("<a href=\"{back}\">Terug naar ")));
        assert!(thanks.body.contains("content=\"noindex"), "{}", thanks.body);
    }
    assert_eq!(vote_as(&server, "192.0.2.1", &item, "yes").status, 303);
    assert_eq!(votes(&report(&server)), [(1, 1), (0, 2), (1, 0)]);
    let body = "page=article&found=yes";
    let english = send(&server, "POST", "/en/feedback", &[FORM], body);
    assert_eq!(english.header("location"), Some("/en/feedback/thanks?page=article"));
    let thanks = server.get("/en/feedback/thanks?page=article").body;
    assert!(thanks.contains("Thank you") && thanks.contains("href=\"/en/article\""), "{thanks}");
    // Nothing from the address is on the page.
    for page in ["https://elders.example/", "//elders.example", "%3Cb%3E", "javascript:alert(1)"] {
        let thanks = server.get(&format!("/feedback/thanks?page={page}"));
        assert_eq!(thanks.status, 200);
        assert!(!thanks.body.contains("elders") && !thanks.body.contains("Terug naar"));
    }
}

#[test]
fn a_query_must_be_shown_once_five_clients_sent_it() {
    let installation = installation();
    let server = Server::of(&installation);
    let since = "2026-03-02T11:00:00Z";
    let client = |number: u32| format!("192.0.2.{number}");
    for number in 1..=4 {
        vote_as(&server, &client(number), "?q=Zorg+Kaart", "no");
        get_as(&server, &client(number), "/?q=Qqqqzzzz");
    }
    // One client does not become a second one.
    for found in ["yes", "no", "yes"] {
        vote_as(&server, &client(4), "?q=zorg++kaart&kind=event", found);
        get_as(&server, &client(4), "/en/?q=qqqqzzzz");
    }
    let four = report(&server);
    assert_eq!((votes(&four)[0], &four["since"]), ((0, 4), &json!(since)));
    assert_eq!([&four["queries"], &four["queriesWithoutHits"]], [&json!([]), &json!([])]);
    let page = editors_page(&server, "/feedback").to_lowercase();
    for text in ["zorg kaart", "qqqqzzzz", "192.0.2"] {
        assert!(!page.contains(text), "{text}: {page}");
    }
    vote_as(&server, &client(5), "?q=+ZORG+kaart", "yes");
    get_as(&server, &client(5), "/?q=qqqqZZZZ");
    let five = report(&server);
    assert_eq!(five["queries"], json!([{ "query": "zorg kaart", "yes": 1, "no": 4 }]));
    assert_eq!(five["queriesWithoutHits"], json!([{ "query": "qqqqzzzz", "clients": 5 }]));
    let page = editors_page(&server, "/feedback");
    for text in [
        "Geteld sinds 2 maart 2026, 12.00 uur.",
        "<th scope=\"row\"><bdi>Zoekresultaten</bdi></th><td>1</td><td>4</td>",
        "<th scope=\"row\"><bdi>zorg kaart</bdi></th><td>1</td><td>4</td>",
        "<th scope=\"row\"><bdi>qqqqzzzz</bdi></th><td>5</td>",
        "minstens 5 bezoekers",
        "content=\"noindex",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("192.0.2") && !five.to_string().contains("192.0.2"));
    assert!(editors_page(&server, "/en/feedback").contains("Counted since 2 March 2026"));
}

#[test]
fn clients_must_be_distinguished_by_the_address_that_the_proxy_states() {
    let installation = installation();
    let server = Server::of(&installation);
    // One client has all addresses of its network, and states others itself.
    for number in 1..=9 {
        vote_as(&server, &format!("2001:db8:1:{number}::1"), "?q=brief", "no");
        vote_as(&server, &format!("198.51.100.{number}, 203.0.113.7"), "?q=brief", "no");
    }
    assert_eq!(votes(&report(&server))[0], (0, 2));
    for number in 1..=3 {
        vote_as(&server, &format!("2001:db8:{}::1", number + 1), "?q=brief", "yes");
    }
    assert_eq!(report(&server)["queries"], json!([{ "query": "brief", "yes": 3, "no": 2 }]));
    // Without a proxy, the header counts for nothing.
    let server = Server::with(&installation, |config| config.trusted_proxies.clear());
    for number in 1..=9 {
        vote_as(&server, &format!("192.0.2.{number}"), "?q=brief", "no");
    }
    assert_eq!(votes(&report(&server))[0], (0, 1));
}

#[test]
fn only_unfiltered_searches_for_pages_must_count_as_without_hits() {
    let installation = installation();
    let server = Server::of(&installation);
    for number in 1..=6 {
        let client = format!("192.0.2.{number}");
        for path in [
            "/?q=qqaazz&kind=event",
            "/?q=qqbbzz&page=2",
            "/?q=qqcczz&theme=onzin",
            "/embed/search?q=qqddzz",
            "/v1/search?q=qqeezz",
            "/search.atom?q=qqffzz",
            "/suggest?q=qqggzz",
            "/?q=klantreis",
            "/?q=jan@qqhhzz.nl",
            "/?q=qqiizz+061234",
            "/theme/qqjjzz",
            "/?kind=community&from=2099-01-01",
            "/?q=qqkkzz",
        ] {
            get_as(&server, &client, path);
        }
        let query = "{\"query\":\"{ search(query: \\\"qqllzz\\\") { totalCount } }\"}";
        let headers = ["content-type: application/json", &format!("x-forwarded-for: {client}")]
            .map(str::to_owned);
        let headers: Vec<_> = headers.iter().map(String::as_str).collect();
        send(&server, "POST", "/graphql", &headers, query);
    }
    let empty = report(&server)["queriesWithoutHits"].clone();
    assert_eq!(empty, json!([{ "query": "qqkkzz", "clients": 6 }]));
}

#[test]
fn what_is_no_form_of_this_site_must_be_rejected() {
    let installation = installation();
    let server = Server::of(&installation);
    let valid = "page=article&found=yes";
    let (cross, same) = ("sec-fetch-site: cross-site", "sec-fetch-site: same-origin");
    let long = format!("page={}&found=yes", "x".repeat(2 << 20));
    for (headers, body, status, text) in [
        (vec![FORM, cross], valid, 403, "this site"),
        (vec![FORM, "sec-fetch-site: same-site"], valid, 403, "this site"),
        (vec![FORM, "origin: https://elders.example"], valid, 403, "this site"),
        (vec![], valid, 415, "application/x-www-form-urlencoded"),
        (vec!["content-type: text/plain"], valid, 415, "application/x-www-form-urlencoded"),
        (vec!["content-type: application/json"], "{}", 415, "application/x-www-form-urlencoded"),
        (vec![FORM], long.as_str(), 413, "request_bytes_max"),
        (vec![FORM], "", 400, "`page`"),
        (vec![FORM], "found=yes", 400, "`page`"),
        (vec![FORM], "page=article", 400, "`yes` or `no`"),
        (vec![FORM], "page=article&found=", 400, "`yes` or `no`"),
        (vec![FORM], "page=article&found=Yes", 400, "`yes` or `no`"),
        (vec![FORM], "page=article&found=yes&email=a", 400, "`email`"),
        (vec![FORM], "page=article&found=yes&found=no", 400, "once"),
        (vec![FORM], "page=article&page=event&found=no", 400, "once"),
        (vec![FORM], "page=&found=yes", 400, "`page`"),
        (vec![FORM], "page=https://elders.example/&found=yes", 400, "`page`"),
        (vec![FORM], "page=//elders.example&found=yes", 400, "`page`"),
        (vec![FORM], "page=/%5Celders.example&found=yes", 400, "`page`"),
        (vec![FORM], "page=status&found=yes", 400, "`page`"),
        (vec![FORM], "page=theme/taal&found=yes", 400, "`page`"),
        (vec![FORM], "page=%3Fkind%3Dboek&found=yes", 400, "`page`"),
        (vec![FORM], "page=%FF&found=yes", 400, "`page`"),
    ] {
        let reply = send(&server, "POST", "/feedback", &headers, body);
        assert_eq!(reply.status, status, "{headers:?} {} {reply:?}", &body[..body.len().min(80)]);
        assert!(reply.body.contains(text) && is_problem(&reply), "{text}: {}", reply.body);
        assert_eq!(
            (reply.header("location"), reply.header("cache-control")),
            (None, Some("no-store"))
        );
    }
    assert_eq!(votes(&report(&server)), [(0, 0); 3]);
    for headers in [
        vec![FORM, same, "origin: null"],
        vec![FORM, "origin: http://127.0.0.1:8080"],
        vec![FORM, "origin: null"],
        vec!["content-type: Application/X-WWW-Form-URLEncoded; charset=UTF-8"],
    ] {
        assert_eq!(send(&server, "POST", "/feedback", &headers, valid).status, 303, "{headers:?}");
    }
    for method in ["PUT", "DELETE", "OPTIONS", "PATCH"] {
        let reply = send(&server, method, "/feedback", &[], "");
        assert_eq!(
            (reply.status, reply.header("allow")),
            (405, Some("get, head, post")),
            "{method}"
        );
    }
    assert_eq!(send(&server, "POST", "/feedback/thanks", &[FORM], valid).status, 405);
}

#[test]
fn the_counts_must_be_shown_to_editors_only() {
    let installation = installation();
    let server = Server::of(&installation);
    let basic = |token: &str| {
        let encoded =
            base64::Engine::encode(&base64::prelude::BASE64_STANDARD, format!("x:{token}"));
        format!("authorization: Basic {encoded}")
    };
    for (written, authorization, status) in [
        (TOKEN, String::new(), 401),
        (TOKEN, basic("geheim"), 401),
        (TOKEN, "authorization: Bearer geheim".to_owned(), 401),
        ("kort", basic("kort"), 401),
        ("", basic(""), 401),
        (TOKEN, basic(TOKEN), 200),
        (TOKEN, format!("authorization: bearer {TOKEN}"), 200),
    ] {
        installation.write("token", written);
        for (path, accept) in
            [("/feedback", "accept: text/html"), ("/en/feedback", "accept: application/json")]
        {
            let authorization = if authorization.is_empty() { "x-none: 1" } else { &authorization };
            let reply = send(&server, "GET", path, &[accept, authorization], "");
            assert_eq!((reply.status, is_problem(&reply)), (status, status == 401), "{reply:?}");
            assert_eq!(reply.header("cache-control"), Some("no-store"));
            let challenge = "basic realm=\"wegwijzer feedback\", charset=\"utf-8\"";
            let expected = (status == 401).then_some(challenge);
            assert_eq!(reply.header("www-authenticate"), expected);
        }
    }
    let browser = "accept: text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8";
    let reply = send(&server, "GET", "/feedback", &[browser, &basic(TOKEN)], "");
    assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
    let head = send(&server, "HEAD", "/feedback", &[&basic(TOKEN)], "");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
}

#[test]
fn a_mistake_in_the_section_must_be_reported_with_its_remedy() {
    for (lines, text) in [
        ("[feedback]", "missing key `feedback.editor_token_file`"),
        ("[feedback]\neditor_token_file = 7", "must be a string"),
        ("[feedback]\neditor_token_fil = \"token\"", "did you mean `editor_token_file`?"),
    ] {
        let installation = Installation::small();
        let config = fs::read_to_string(installation.config()).expect("a file");
        fs::write(installation.config(), format!("{config}\n{lines}\n")).expect("a file");
        let checked = installation.output(&["check"]);
        let printed = String::from_utf8_lossy(&checked.stderr).into_owned();
        assert!(!checked.status.success() && printed.contains(text), "{lines}: {printed}");
    }
}
