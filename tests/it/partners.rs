//! Results in pages of partners: fragments and frames, and what keys may do.

use std::fs;

use crate::{
    support::Installation,
    test_server::{Reply, Server},
};

pub(crate) const KEY: &str = "wk_0123456789abcdef";
const SECOND_KEY: &str = "wk_00000000000second";
pub(crate) const EVENTS_KEY: &str = "wk_0000events0only";
pub(crate) const EXPIRED_KEY: &str = "wk_0000000expired";
const SLOW_KEY: &str = "wk_00000000000slow";

const PARTNERS: &str = r#"
[[partner]]
name = "portaal"
keys = ["wk_0123456789abcdef", "wk_00000000000second"]
origins = ["https://portaal.example"]
framing = true
burst = 1000

[[partner]]
name = "agenda"
keys = ["wk_0000events0only"]
origins = ["https://agenda.example"]
filter = "http://127.0.0.1:8080/?kind=event&from=2026-01-01"
burst = 1000

[[partner]]
name = "oud"
keys = ["wk_0000000expired"]
expires = 2020-01-01

[[partner]]
name = "traag"
keys = ["wk_00000000000slow"]
origins = ["https://traag.example"]
requests_per_second = 1
burst = 2
"#;

pub(crate) fn serve() -> (Installation, Server) {
    let installation = Installation::small();
    let config = fs::read_to_string(installation.config()).expect("a file");
    fs::write(installation.config(), format!("{config}{PARTNERS}")).expect("a file");
    installation.build();
    let server = Server::of(&installation);
    (installation, server)
}

fn request(server: &Server, method: &str, target: &str, headers: &[&str]) -> Reply {
    let lines: Vec<_> = headers.iter().map(|line| format!("\r\n{line}")).collect();
    server.request(&format!("{method} {target} HTTP/1.1{}", lines.concat()), b"")
}

pub(crate) fn get(server: &Server, target: &str, headers: &[&str]) -> Reply {
    request(server, "GET", target, headers)
}

/// Whether a response has problem details (RFC 9457).
pub(crate) fn is_problem(reply: &Reply) -> bool {
    let has_detail = serde_json::from_str(&reply.body).is_ok_and(|body: serde_json::Value| {
        body["detail"].is_string() && body["code"].is_string()
    });
    has_detail && reply.header("content-type") == Some("application/problem+json")
}

#[test]
fn a_fragment_and_a_frame_must_be_the_search() {
    let (_installation, server) = serve();
    for (target, count, link) in [
        ("/embed/fragment?q=klantreis", "resultaten voor", "http://127.0.0.1:8080/article/"),
        ("/embed/frame?q=klantreis", "resultaten voor", "http://127.0.0.1:8080/article/"),
        ("/en/embed/fragment?q=klantreis", "results for", "http://127.0.0.1:8080/en/article/"),
    ] {
        let reply = get(&server, target, &[]);
        assert_eq!(reply.status, 200, "{target} {}", reply.body);
        assert!(reply.body.contains(count) && reply.body.contains(link), "{target} {}", reply.body);
        assert!(!reply.body.contains("<script") && !reply.body.contains("style="), "{target}");
        let etag = reply.header("etag").expect("an ETag");
        let again = get(&server, target, &[&format!("if-none-match: {etag}")]);
        assert_eq!((again.status, again.body.as_str()), (304, ""), "{target}");
    }
    // The same number as on the search page; what is further away follows under a heading.
    let demo = Server::demo();
    for query in ["klantreis", "brief", "loket", "digitale+toegankelijkheid"] {
        let sentence = |html: &str| {
            let start = html.find("Er zijn ").expect("a number");
            html[start..].split('.').next().expect("a sentence").to_owned()
        };
        let page = get(&demo.1, &format!("/?q={query}"), &[]).body;
        let fragment = get(&demo.1, &format!("/embed/fragment?q={query}"), &[]).body;
        assert_eq!(sentence(&page), sentence(&fragment));
        let headings = [&page, &fragment].map(|html| html.matches("Verder weg: ").count());
        assert_eq!(headings[0], headings[1], "{query} {fragment}");
    }
    let frame = get(&server, &format!("/embed/frame?kind=event&first=1&key={KEY}"), &[]).body;
    for text in [
        "<input type=\"hidden\" name=\"kind\" value=\"event\">",
        "<input type=\"hidden\" name=\"first\" value=\"1\">",
        "<input type=\"hidden\" name=\"key\" value=\"wk_0123456789abcdef\">",
        "rel=\"next\" href=\"http://127.0.0.1:8080/embed/frame?kind=event&#38;page=2&#38;fixed=kind&#38;first=1&#38;key=wk_0123456789abcdef\"",
        "<input type=\"hidden\" name=\"fixed\" value=\"kind\">",
        "target=\"_top\"",
    ] {
        assert!(frame.contains(text), "{text}: {frame}");
    }
    assert_eq!(frame.matches("wegwijzer-item").count(), 1, "{frame}");
    for (target, name) in [
        ("/embed/fragment?first=0", "first"),
        ("/embed/fragment?first=11", "first"),
        ("/embed/frame?kind=person", "kind"),
        ("/embed/fragment?page=51", "page"),
        ("/embed/search?field=nee", "field"),
        ("/embed/search?heading=1", "heading"),
        ("/embed/search?fixed=q", "fixed"),
    ] {
        let reply = get(&server, target, &[]);
        assert_eq!(reply.status, 400, "{target}");
        assert!(reply.body.contains(name) && is_problem(&reply), "{target} {}", reply.body);
    }
}

#[test]
fn visitors_must_choose_within_what_the_page_fixes() {
    let (_installation, server) = serve();
    let options = |html: &str, name: &str| {
        html.matches(&format!("type=\"checkbox\" name=\"{name}\"")).count()
    };
    let all = get(&server, "/embed/search", &[]).body;
    assert!(options(&all, "kind") > 1, "{all}");
    let fixed = get(&server, "/embed/search?kind=article", &[]).body;
    assert_eq!(options(&fixed, "kind"), 0, "{fixed}");
    for input in ["name=\"kind\" value=\"article\"", "name=\"fixed\" value=\"kind\""] {
        assert!(fixed.contains(&format!("<input type=\"hidden\" {input}>")), "{input} {fixed}");
    }
    // What a visitor chose remains a choice.
    let chosen = get(&server, "/embed/search?kind=event&kind=article&fixed=from", &[]).body;
    assert!(
        options(&chosen, "kind") > 1
            && chosen.contains("<details class=\"wegwijzer-filters\" part=\"filters\" open>"),
        "{chosen}"
    );
    assert_eq!(chosen.matches(" checked>").count(), 2, "{chosen}");
    let locked = get(&server, &format!("/embed/search?key={EVENTS_KEY}"), &[]).body;
    assert_eq!(
        (options(&locked, "kind"), locked.contains("value=\"event\"")),
        (0, false),
        "{locked}"
    );
    let bare = get(&server, "/embed/search?q=klantreis&field=false", &[]).body;
    assert!(!bare.contains("type=\"search\"") && !bare.contains("<details"), "{bare}");
}

#[test]
fn the_module_must_be_small_and_cacheable() {
    let (_installation, server) = serve();
    let path = "/embed/v1/wegwijzer.js";
    let module = get(&server, path, &[]);
    assert_eq!(module.header("access-control-allow-origin"), Some("*"));
    assert_eq!(module.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert!(module.body.contains("const BASE = \"http://127.0.0.1:8080/\";"), "{}", module.body);
    for word in ["__STYLE__", "__BASE__", "eval", "innerHTML", "localStorage", "cookie"] {
        assert!(!module.body.contains(word), "{word}");
    }
    let etag = module.header("etag").expect("an ETag");
    assert_eq!(get(&server, path, &[&format!("if-none-match: {etag}")]).status, 304);
    let compressed = request(&server, "HEAD", path, &["accept-encoding: br"]);
    assert_eq!(compressed.header("content-encoding"), Some("br"));
    // The compressed size is in `tests/browser`.
    assert!(module.body.len() < 15_000, "{}", module.body.len());
    let digest = etag.trim_matches('"').split('-').nth(1).expect("a digest").to_owned();
    let hashed = get(&server, &format!("/assets/wegwijzer.{digest}.js"), &[]);
    assert_eq!((hashed.status, hashed.body == module.body), (200, true));
    assert!(hashed.header("cache-control").is_some_and(|value| value.contains("immutable")));
    assert_eq!(hashed.header("access-control-allow-origin"), Some("*"));
    assert!(get(&server, "/embed/v1/wegwijzer.d.ts", &[]).body.contains("WegwijzerSearch"));
}

#[test]
fn keys_must_be_admitted_by_site_date_and_rate() {
    let (_installation, server) = serve();
    let portal = "origin: https://portaal.example";
    for (target, headers, status) in [
        (format!("/embed/fragment?key={KEY}"), vec![portal], 200),
        (format!("/embed/fragment?key={SECOND_KEY}"), vec![], 200),
        ("/embed/fragment".to_owned(), vec!["x-api-key: wk_0123456789abcdef", portal], 200),
        (format!("/embed/fragment?key={KEY}"), vec!["x-api-key: wk_0123456789abcdef"], 200),
        // Our own pages, such as a preview.
        (format!("/embed/fragment?key={KEY}"), vec!["origin: http://127.0.0.1:8080"], 200),
        // An empty field of a form.
        ("/embed/fragment?key=+".to_owned(), vec!["x-api-key: wk_0123456789abcdef"], 200),
        ("/embed/fragment?key=".to_owned(), vec![], 200),
        (format!("/graphql?query=%7B__typename%7D&key={KEY}"), vec![portal], 200),
        (format!("/?q=brief&key={KEY}"), vec![], 200),
        ("/embed/fragment?key=wk_unknown0000000".to_owned(), vec![], 401),
        ("/graphql?query=%7B__typename%7D&key=wk_unknown0000000".to_owned(), vec![], 401),
        ("/?q=brief&key=wk_unknown0000000".to_owned(), vec![], 401),
        (format!("/embed/fragment?key={EXPIRED_KEY}"), vec![], 401),
        (format!("/embed/fragment?key={KEY}"), vec!["origin: https://elders.example"], 403),
        (format!("/embed/fragment?key={KEY}"), vec!["origin: null"], 403),
        (format!("/embed/fragment?key={KEY}&key={SECOND_KEY}"), vec![], 400),
        (format!("/embed/fragment?key={KEY}"), vec!["x-api-key: wk_00000000000second"], 400),
        // A key in the address of the page that links here is none.
        (
            "/embed/fragment".to_owned(),
            vec!["referer: https://x.example/?key=wk_unknown0000000"],
            200,
        ),
    ] {
        let reply = get(&server, &target, &headers);
        assert_eq!(reply.status, status, "{target} {headers:?} {}", reply.body);
        assert!(status == 200 || is_problem(&reply), "{target}");
        let allowed = reply.header("access-control-allow-origin");
        let expected = match (headers.contains(&portal), status) {
            (true, _) => Some("https://portaal.example"),
            (false, 200) => None,
            // A page may read why it is rejected.
            (false, _) => Some("*"),
        };
        assert_eq!(allowed, expected, "{target} {headers:?}");
    }
    let slow = format!("/embed/fragment?key={SLOW_KEY}");
    let statuses: Vec<_> = (0..3).map(|_| get(&server, &slow, &[]).status).collect();
    assert_eq!(statuses, [200, 200, 429]);
    let rejected = get(&server, &slow, &["origin: https://traag.example"]);
    assert_eq!((rejected.status, rejected.header("retry-after")), (429, Some("1")));
    assert_eq!(rejected.header("access-control-allow-origin"), Some("https://traag.example"));
    // Others are not affected, and what a key does is counted under the name of its partner.
    assert_eq!(get(&server, &format!("/embed/fragment?q=zzzz&key={KEY}"), &[]).status, 200);
    let metrics = get(&server, "/metrics", &[]).body;
    for line in [
        "wegwijzer_partner_requests_total{partner=\"traag\"} 2",
        "wegwijzer_partner_requests_rejected_total{partner=\"traag\"} 2",
        "wegwijzer_partner_searches_without_hits_total{partner=\"portaal\"} 1",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    assert!(!metrics.contains("zzzz") && !metrics.contains(KEY));
}

#[test]
fn a_key_with_a_filter_must_find_nothing_else() {
    let (_installation, server) = serve();
    let titles = |reply: &Reply| reply.body.matches("wegwijzer-item").count();
    let all = get(&server, &format!("/embed/fragment?key={EVENTS_KEY}"), &[]);
    assert_eq!((all.status, titles(&all)), (200, 2), "{}", all.body);
    assert!(all.body.contains("?kind=event&#38;from=2026-01-01"), "{}", all.body);
    for (query, status) in [
        ("q=klantreis", 200),
        ("kind=event&form=webinar", 200),
        ("from=2026-03-01", 200),
        ("kind=article", 400),
        ("kind=event&kind=article", 400),
        ("from=2025-12-31", 400),
    ] {
        for form in ["fragment", "frame"] {
            let reply = get(&server, &format!("/embed/{form}?{query}&key={EVENTS_KEY}"), &[]);
            assert_eq!(reply.status, status, "{form} {query} {}", reply.body);
            assert!(!reply.body.contains("begrijpelijke brief"), "{form} {query}");
            assert!(status == 200 || is_problem(&reply), "{form} {query}");
        }
    }
    for target in ["/?kind=article", "/graphql?query=%7B__typename%7D", "/suggest?q=br"] {
        let separator = if target.contains('?') { '&' } else { '?' };
        let reply = get(&server, &format!("{target}{separator}key={EVENTS_KEY}"), &[]);
        assert_eq!(reply.status, 400, "{target} {}", reply.body);
        assert!(
            is_problem(&reply) && reply.body.contains("accepted by searches only"),
            "{}",
            reply.body
        );
    }
}

#[test]
fn responses_must_vary_by_key() {
    let (_installation, server) = serve();
    let target = "/embed/frame?kind=event&fixed=";
    let replies = [
        get(&server, target, &[]),
        get(&server, target, &["x-api-key: wk_0123456789abcdef"]),
        get(&server, target, &["x-api-key: wk_0000events0only"]),
    ];
    let etags: std::collections::HashSet<_> =
        replies.iter().map(|reply| reply.header("etag").expect("an ETag")).collect();
    assert_eq!(etags.len(), 3);
    assert!(replies.iter().all(|reply| reply.head.contains("vary: x-api-key, origin")));
    // As many values as a query string may have, so that a filter after them would be lost.
    let years: Vec<_> = (1929..2028).map(|year| format!("&year={year}")).collect();
    let target = format!("/embed/fragment?q=brief{}&key={EVENTS_KEY}", years.concat());
    let all = get(&server, &target, &[]).body;
    assert!(!all.contains("/article/"), "{all}");
}

#[test]
fn only_the_sites_of_a_partner_may_show_a_frame() {
    let (_installation, server) = serve();
    for (query, ancestors) in [
        (String::new(), "frame-ancestors 'self'"),
        (format!("?key={KEY}"), "frame-ancestors 'self' https://portaal.example"),
        (format!("?key={EVENTS_KEY}"), "frame-ancestors 'self'"),
    ] {
        let reply = get(&server, &format!("/embed/frame{query}"), &[]);
        let policy = reply.header("content-security-policy").expect("a policy");
        assert!(policy.ends_with(ancestors), "{query} {policy}");
        assert!(!policy.contains("script-src") && policy.starts_with("default-src 'none'"));
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
        let fragment = get(&server, &format!("/embed/fragment{query}"), &[]);
        let policy = fragment.header("content-security-policy").expect("a policy");
        assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
    }
    let page = get(&server, &format!("/?key={KEY}"), &[]);
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
}

#[test]
fn a_preflight_with_a_key_must_name_the_site_of_its_partner() {
    let (_installation, server) = serve();
    let preflight = |key: &str, origin: &str| {
        let head = [
            format!("origin: {origin}"),
            "access-control-request-method: POST".to_owned(),
            "access-control-request-headers: content-type".to_owned(),
        ];
        let head: Vec<_> = head.iter().map(String::as_str).collect();
        request(&server, "OPTIONS", &format!("/graphql?key={key}"), &head)
    };
    let allowed = preflight(KEY, "https://portaal.example");
    assert_eq!(allowed.status, 204);
    assert_eq!(allowed.header("access-control-allow-origin"), Some("https://portaal.example"));
    for (key, origin) in
        [(KEY, "https://elders.example"), ("wk_unknown0000000", "https://portaal.example")]
    {
        let reply = preflight(key, origin);
        let allowed = reply.header("access-control-allow-origin");
        assert!(reply.status != 204 && allowed != Some(origin), "{key} {origin}");
    }
}

#[test]
fn a_new_key_must_be_printed_with_lines_that_work() {
    let installation = Installation::small();
    let output = installation
        .program(&["partner", "new", "portaal", "--origin", "https://portaal.example"])
        .output()
        .expect("it runs");
    let lines = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success() && lines.contains("keys = [\"wk_"), "{lines}");
    let all = lines.replace("# filter", "filter").replace("# framing", "framing");
    let all = all.replace("# expires", "expires").replace("# requests", "requests");
    let config = fs::read_to_string(installation.config()).expect("a file");
    for lines in [&lines, &all.replace("# burst", "burst")] {
        fs::write(installation.config(), format!("{config}{lines}")).expect("a file");
        let output = installation.output(&["check"]);
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{text}\n{lines}");
    }
    let output =
        installation.program(&["partner", "new", "Mijn portaal"]).output().expect("it runs");
    assert!(String::from_utf8_lossy(&output.stderr).contains("lower-case letters"));
}

#[test]
fn mistakes_in_a_partner_must_be_reported_with_the_remedy() {
    let installation = Installation::small();
    let config = fs::read_to_string(installation.config()).expect("a file");
    let valid = "[[partner]]\nname = \"a\"\nkeys = [\"wk_0123456789abcdef\"]\n";
    for (lines, reason) in [
        (valid.replace("\"a\"", "\"A b\""), "lower-case letters"),
        (valid.replace("abcdef", ""), "16 to 64 letters"),
        (format!("{valid}{}", valid.replace("\"a\"", "\"b\"")), "unique"),
        (format!("{valid}{}", valid.replace("0123", "9999")), "unique"),
        (format!("{valid}origins = [\"https://a.example/pad\"]\n"), "https://www.example.nl"),
        (format!("{valid}origins = [\"*\"]\n"), "https://www.example.nl"),
        (format!("{valid}filter = \"kind=person\"\n"), "kind=event"),
        (format!("{valid}filter = \"https://x.example/\"\n"), "kind=event"),
        (format!("{valid}filter = \"kind=\"\n"), "kind=event"),
        (format!("{valid}origins = [\"https://*.example\"]\n"), "special characters"),
        (format!("{valid}origins = [\"http://[::1]:3000\"]\n"), "special characters"),
        (format!("{valid}filter = \"q=brief\"\n"), "conditions"),
        (format!("{valid}filter = \"knid=event\"\n"), "knid"),
        (format!("{valid}burst = 0\n"), "burst"),
        (format!("{valid}requests_per_day = 0\n"), "requests_per_day"),
        (format!("{valid}expires = \"morgen\"\n"), "2026-03-02"),
        (format!("{valid}origin = \"https://a.example\"\n"), "did you mean `origins`"),
        (valid.replace("keys =", "key ="), "keys"),
    ] {
        fs::write(installation.config(), format!("{config}{lines}")).expect("a file");
        let output = installation.output(&["check"]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && text.contains(reason), "{reason}: {text}\n{lines}");
    }
}

#[test]
fn titles_must_have_the_level_that_the_page_needs() {
    let (_installation, server) = serve();
    for (query, level) in [("", 3), ("&heading=2", 2), ("&heading=6", 6)] {
        let body = get(&server, &format!("/embed/search?q=klantreis&first=1{query}"), &[]).body;
        assert_eq!(
            body.matches(&format!("<h{level} class=\"wegwijzer-title")).count(),
            1,
            "{body}"
        );
        let hidden = format!("name=\"heading\" value=\"{level}\"");
        assert_eq!(body.contains(&hidden), level != 3, "{body}");
    }
}
