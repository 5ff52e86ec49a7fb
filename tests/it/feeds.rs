//! Feeds and calendars: the results of the search with the same query string, as parsers read them
//! that others wrote.

use std::{
    collections::BTreeSet,
    env,
    io::Write,
    process::{Command, Stdio},
};

use indexer::ingest::{self, BuildOptions, NoProgress};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    mcp,
    partners::{EVENTS_KEY, KEY, is_problem, serve},
    support::{Installation, Rng},
    test_server::{Reply, Server},
};

/// Path of a Python interpreter with `feedparser` and `icalendar`, required if the variable is set.
const PYTHON_ENV: &str = "FEEDS_PYTHON";
/// Number of random searches.
const SEARCHES: u64 = 300;

/// Reads `{"atom": …, "ics": …}` and prints what parsers find.
const PARSE: &str = "
import sys, json, feedparser, icalendar
texts = json.load(sys.stdin)
def feed(text):
    parsed = feedparser.parse(text.encode())
    assert not parsed.bozo, parsed.bozo_exception
    links = lambda entry, rel: [link['href'] for link in entry.get('links', []) if link.get('rel') == rel]
    return {'version': parsed.version, 'title': parsed.feed.title, 'entries': [
        {'id': entry.id, 'title': entry.title, 'link': entry.link, 'via': links(entry, 'via'),
         'published': entry.published, 'updated': entry.updated} for entry in parsed.entries]}
def calendar(text):
    parsed = icalendar.Calendar.from_ical(text)
    return {'prodid': str(parsed['prodid']), 'name': str(parsed.get('name', '')),
        'zones': [str(zone['tzid']) for zone in parsed.walk('VTIMEZONE')],
        'events': [{'uid': str(event['uid']), 'summary': str(event['summary']), 'status': str(event['status']),
            'sequence': int(event.get('sequence', -1)), 'start': event.decoded('dtstart').isoformat(),
            'errors': [str(error) for error in event.errors]} for event in parsed.walk('VEVENT')]}
print(json.dumps({name: (calendar if name == 'ics' else feed)(text) for name, text in texts.items()}))
";

/// Not `eprintln!`: the test harness would capture the line.
fn python() -> Option<String> {
    let python = env::var(PYTHON_ENV);
    let program = python.clone().unwrap_or_else(|_| "python3".to_owned());
    let installed = Command::new(&program).args(["-c", "import feedparser, icalendar"]).output();
    if installed.is_ok_and(|output| output.status.success()) {
        return Some(program);
    }
    assert!(python.is_err(), "`{PYTHON_ENV}` has no feedparser and icalendar: `{program}`");
    let line = "skipped: install feedparser and icalendar from PyPI, and name their Python in FEEDS_PYTHON\n";
    let _ = std::io::stderr().write_all(line.as_bytes());
    None
}

fn parse(python: &str, texts: &Value) -> Value {
    let mut parser = Command::new(python)
        .args(["-c", PARSE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python runs");
    let mut input = parser.stdin.take().expect("a pipe");
    input.write_all(texts.to_string().as_bytes()).expect("it reads");
    drop(input);
    let output = parser.wait_with_output().expect("it ends");
    let problems = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{problems}\n{texts}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn ok(server: &Server, path: &str) -> Reply {
    let reply = server.get(path);
    let start: String = reply.body.chars().take(400).collect();
    assert_eq!(reply.status, 200, "{path}: {start}");
    reply
}

/// The values between two texts.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    let parts = text.split(start).skip(1);
    parts.map(|part| part.split(end).next().expect("a part")).collect()
}

/// A text in HTML.
fn decoded(html: &str) -> String {
    let characters =
        [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    characters.iter().fold(html.to_owned(), |text, (name, character)| text.replace(name, character))
}

/// A random query string, of what the demo has.
fn random_query(random: &mut Rng, ids: &[String]) -> String {
    let words = [
        "klantreis",
        "brief",
        "gemeente",
        "loket",
        "toegankelijk*",
        "agenda",
        "\"de brief\"",
        "UWV",
    ];
    let conditions = [
        "kind=article",
        "kind=event",
        "kind=toolkit",
        "kind=community",
        "form=blog",
        "form=webinar",
        "year=2026",
        "year=2025",
        "phase=upcoming",
        "phase=past",
        "attendance=online",
        "language=nl",
        "from=2026-01-01",
        "until=2026-06-30",
        "layer=gemeente",
    ];
    let sorts = ["sort=newest", "sort=oldest", "sort=title", "sort=start", "sort=relevance"];
    let mut parts = Vec::new();
    for _ in 0..random.below(3) {
        parts.push(random.pick(&conditions).to_owned());
    }
    if random.below(3) == 0 {
        parts.push(ids[random.below(ids.len() as u64) as usize].clone());
    }
    if random.below(3) > 0 {
        let count = 1 + random.below(2);
        let words: Vec<_> = (0..count).map(|_| random.pick(&words)).collect();
        let words: String =
            url::form_urlencoded::byte_serialize(words.join(" ").as_bytes()).collect();
        parts.push(format!("q={words}"));
    }
    if random.below(2) == 0 {
        parts.push(random.pick(&sorts).to_owned());
    }
    if random.below(5) == 0 {
        parts.push("wider=true".to_owned());
    }
    if random.below(5) == 0 {
        parts.push(format!("page={}", 1 + random.below(3)));
    }
    parts.join("&")
}

#[test]
fn feeds_must_have_the_results_of_the_page_in_the_same_order() {
    let (_installation, server) = Server::demo();
    let start = ok(&server, "/?q=brief").body;
    let themes = between(&start, "name=\"theme\" value=\"", "\"");
    let ids: Vec<_> = themes.into_iter().map(|id| format!("theme={id}")).collect();
    let mut random = Rng(20_261_129);
    let (mut found, mut found_events) = (0, 0);
    for _ in 0..SEARCHES {
        let query = random_query(&mut random, &ids);
        let page = ok(&server, &format!("/?{query}")).body;
        // Without words and conditions, there is a page of another kind.
        let is_search = query.contains("q=") || query.contains('=') && page.contains("id=\"told\"");
        let expected: Vec<_> = between(&page, "<h3><a href=\"", "\"")
            .into_iter()
            .map(|path| format!("http://127.0.0.1:8080{path}"))
            .collect();
        let json = ok(&server, &format!("/search.json?{query}&first=10")).json();
        let items = json["items"].as_array().expect("items");
        let urls: Vec<_> = items.iter().map(|item| item["url"].as_str().expect("a URL")).collect();
        if is_search {
            assert_eq!(urls, expected, "{query}");
        }
        let atom = ok(&server, &format!("/search.atom?{query}&first=10")).body;
        let in_atom = between(&atom, "<link rel=\"alternate\" type=\"text/html\" href=\"", "\"");
        assert_eq!(in_atom[1..], urls, "{query}");
        let rest = ok(&server, &format!("/v1/search?{query}&first=10")).json();
        let rest = rest["items"].as_array().expect("items").iter();
        let in_rest: Vec<_> =
            rest.map(|item| item["content"]["pageUrl"].as_str().expect("a URL")).collect();
        assert_eq!(in_rest, urls, "{query}");
        let in_mcp = mcp::call(&server, "search", &mcp::arguments(&query, 10));
        let in_mcp = in_mcp["results"].as_array().expect("results").iter();
        let in_mcp: Vec<_> = in_mcp.map(|one| one["pageUrl"].as_str().expect("a URL")).collect();
        assert_eq!(in_mcp, urls, "{query}");
        // The configurator states the same search for GraphQL; it is about the first page.
        if !query.contains("page=") {
            let address: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
            let page = ok(&server, &format!("/embed?address=%3F{address}")).body;
            let code = between(&page, "&#60;&#60;&#39;EOF&#39;\n", "\nEOF").concat();
            let request = decoded(&code);
            let response = server.post(&serde_json::from_str(&request).expect("JSON")).json();
            let nodes = response["data"]["search"]["nodes"].as_array();
            let nodes = nodes.unwrap_or_else(|| panic!("{query} {response}"));
            let urls: Vec<_> = nodes.iter().map(|node| &node["url"]).collect();
            let sources: Vec<_> = items.iter().map(|item| &item["external_url"]).collect();
            assert_eq!(urls, sources, "{query}");
        }
        found += urls.len();
        found_events += compare_calendar(&server, &query);
    }
    assert!(found > 1_000 && found_events > 200, "{found} {found_events}");
}

/// Compares the events of a calendar with those of a feed; returns their number.
fn compare_calendar(server: &Server, query: &str) -> usize {
    let calendar = ok(server, &format!("/search.ics?{query}")).body;
    assert_eq!(calendar.matches("PRODID:").count(), 1, "{calendar}");
    let unfolded = calendar.replace("\r\n ", "");
    let mut ids = Vec::new();
    for uid in between(&unfolded, "\r\nUID:", "@") {
        let id = uid.split('-').next().expect("an id");
        if ids.last() != Some(&id) {
            ids.push(id);
        }
    }
    let kinds = between(query, "kind=", "&");
    if kinds.iter().any(|kind| *kind != "event") {
        let is_mixed = kinds.contains(&"event");
        assert!(is_mixed || ids.is_empty(), "{query} {ids:?}");
        return 0;
    }
    let sort = if query.contains("sort=") { "" } else { "&sort=start" };
    let feed = ok(server, &format!("/search.json?{query}&kind=event{sort}&first=100")).json();
    let items = feed["items"].as_array().expect("items");
    let expected: Vec<_> = items
        .iter()
        .map(|item| item["id"].as_str().and_then(|id| id.rsplit(':').next()).expect("an id"))
        .collect();
    assert_eq!(ids, expected, "{query}");
    let rest = ok(server, &format!("/v1/events?{query}&first=100")).json();
    let rest = rest["items"].as_array().expect("items").iter();
    let in_rest: Vec<_> = rest.map(|item| item["content"]["id"].as_str().expect("an id")).collect();
    assert_eq!(ids, in_rest, "{query}");
    let in_mcp = mcp::call(server, "events", &mcp::arguments(query, 100));
    let in_mcp = in_mcp["results"].as_array().expect("results").iter();
    let in_mcp: Vec<_> = in_mcp.map(|one| one["id"].as_str().expect("an id")).collect();
    assert_eq!(ids, in_mcp, "{query}");
    ids.len()
}

#[test]
fn feeds_and_calendars_must_be_read_by_other_parsers() {
    let Some(python) = python() else { return };
    let (_installation, server) = Server::demo();
    for (language, query) in
        [("", ""), ("", "?kind=event"), ("en/", "?q=klantreis&sort=newest"), ("", "?q=qqqqzzzz")]
    {
        let text = |name: &str| ok(&server, &format!("/{language}search.{name}{query}")).body;
        let json_feed = text("json");
        let texts = json!({ "atom": text("atom"), "ics": text("ics") });
        let parsed = parse(&python, &texts);
        assert_eq!(parsed["atom"]["version"], "atom10");
        let entries = parsed["atom"]["entries"].as_array().expect("entries");
        let json_feed = feed_rs::parser::parse(json_feed.as_bytes()).expect("a JSON Feed");
        assert_eq!(json_feed.feed_type, feed_rs::model::FeedType::JSON);
        assert_eq!(entries.len(), json_feed.entries.len());
        assert_eq!(entries.is_empty(), query.contains("qqqq"), "{query}");
        for (entry, item) in entries.iter().zip(&json_feed.entries) {
            let title = item.title.as_ref().map(|title| title.content.as_str());
            assert_eq!(
                (entry["id"].as_str(), entry["title"].as_str()),
                (Some(item.id.as_str()), title)
            );
            for (name, time) in [("published", item.published), ("updated", item.updated)] {
                let time = time.map(|time| time.timestamp());
                let other =
                    entry[name].as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
                assert_eq!(other.map(jiff::Timestamp::as_second), time, "{name} {entry}");
            }
            assert!(item.links.iter().any(|link| entry["link"] == link.href), "{entry}");
            assert!(item.links.iter().any(|link| entry["via"] == json!([link.href])), "{entry}");
            assert!(item.id.starts_with("tag:127.0.0.1,2026:"), "{entry}");
        }
        let calendar = &parsed["ics"];
        assert_eq!(calendar["zones"], json!(["Europe/Amsterdam"]));
        assert_eq!(calendar["name"], parsed["atom"]["title"]);
        let events = calendar["events"].as_array().expect("events");
        let uids: BTreeSet<_> = events.iter().map(|event| event["uid"].to_string()).collect();
        assert_eq!(uids.len(), events.len());
        assert!(events.iter().all(|event| event["errors"] == json!([])), "{events:?}");
    }
}

#[test]
fn a_calendar_must_keep_what_is_cancelled_and_number_its_changes() {
    let installation = Installation::empty();
    let event = |title: &str, more: &str| {
        format!(
            r#"{{"key":"1","kind":"event","title":"{title}","url":"https://x.nl/1","start":"2026-04-01T10:00","end":"2026-04-01T12:00"{more}}}"#
        )
    };
    let calendar_at = |hours: i64, line: &str| {
        installation.write_lines(&[line.to_owned()]);
        let mut config = installation.build_config();
        config.now += SignedDuration::from_hours(hours);
        ingest::build(&config, &BuildOptions::default(), &NoProgress).expect("a generation");
        ok(&Server::of(&installation), "/search.ics").body
    };
    let first = calendar_at(0, &event("Dag", r#","modified_at":"2026-01-05T10:00:00Z""#));
    for line in [
        "DTSTART;TZID=Europe/Amsterdam:20260401T100000",
        "DTEND;TZID=Europe/Amsterdam:20260401T120000",
        "STATUS:CONFIRMED",
        "LAST-MODIFIED:20260105T100000Z",
    ] {
        assert!(first.contains(&format!("\r\n{line}\r\n")), "{line} {first}");
    }
    let value = |text: &str, name: &str| between(text, &format!("\r\n{name}:"), "\r\n").concat();
    // A change that its source gives no date for is known by when it was fetched.
    let sequence = |text: &str| value(text, "SEQUENCE").parse::<u32>().expect("a number");
    let unchanged = calendar_at(1, &event("Dag", r#","modified_at":"2026-01-05T10:00:00Z""#));
    assert_eq!(sequence(&first), sequence(&unchanged));
    let undated = calendar_at(2, &event("Nieuwe dag", r#","modified_at":"2026-01-05T10:00:00Z""#));
    assert!(sequence(&undated) > sequence(&first), "{first} {undated}");
    let cancelled = r#","modified_at":"2026-01-06T10:00:00Z","status":"CANCELLED""#;
    let second = calendar_at(3, &event("Andere dag", cancelled));
    assert!(second.contains("\r\nSTATUS:CANCELLED\r\n"), "{second}");
    assert_eq!(value(&first, "UID"), value(&second, "UID"));
    // Texts of sources cannot add lines.
    let hostile = r"a\r\nEND:VEVENT\rBEGIN:VEVENT\nUID:x\u000b\u0085b";
    let third = calendar_at(
        4,
        &event(hostile, &format!(r#","summary":"{hostile}","place":{{"name":"{hostile}"}}"#)),
    );
    let lines = third.replace("\r\n", "");
    assert!(!lines.contains(char::is_control), "{third}");
    assert_eq!(third.matches("\r\nBEGIN:VEVENT").count(), 1, "{third}");
    assert!(sequence(&second) > sequence(&undated), "{undated} {second}");
}

#[test]
fn feeds_must_reject_what_they_do_not_know() {
    let (_installation, server) = serve();
    for (query, text) in [
        ("boek=1", "unknown parameter: `boek`"),
        ("q=brief&utm_source=mail", "unknown parameter: `utm_source`"),
        ("kind=boek", "invalid value for `kind`: `boek`"),
        ("first=0", "`first` must be from 1 to 100"),
        ("first=101", "`first` must be from 1 to 100"),
        ("page=51", "invalid value for `page`: `51`"),
        (&format!("kind=article&key={EVENTS_KEY}"), "the key does not find this `kind`"),
    ] {
        for format in ["atom", "json", "ics"] {
            let reply = server.get(&format!("/search.{format}?{query}"));
            assert!(reply.status == 400 && is_problem(&reply), "{query}: {reply:?}");
            assert!(reply.body.contains(text), "{query}: {}", reply.body);
        }
    }
    assert_eq!(server.get("/search.atom?key=wk_unknown_unknown").status, 401);
    // A key with a filter, and one without.
    let total = |query: &str| {
        let feed = ok(&server, &format!("/search.json?{query}&first=100")).json();
        feed["items"].as_array().expect("items").len()
    };
    assert!(total(&format!("key={EVENTS_KEY}")) < total(&format!("key={KEY}")));
    assert_eq!(total(&format!("key={KEY}")), total(""));
    // Words cannot add lines to a calendar, nor characters that XML does not have.
    let words = "a%0D%0ABEGIN%3AVEVENT%0D%0A%0B%EF%BF%BE%3B%2C%5C%3Cb%3E";
    let calendar = ok(&server, &format!("/search.ics?q={words}")).body;
    assert!(!calendar.contains("\r\nBEGIN:VEVENT") && !calendar.contains('\u{b}'), "{calendar}");
    for name in ["NAME", "X-WR-CALNAME"] {
        let line = format!("\r\n{name}:Wegwijzer: ‘aBEGIN:VEVENT\\;\\,\\\\<b>’\r\n");
        assert!(calendar.contains(&line), "{line} {calendar}");
    }
    for format in ["atom", "json"] {
        let feed = ok(&server, &format!("/search.{format}?q={words}")).body;
        assert!(feed_rs::parser::parse(feed.as_bytes()).is_ok(), "{feed}");
        assert!(!feed.contains('\u{b}') && !feed.contains('\u{fffe}'), "{feed}");
    }
    // Beyond the last page there is nothing, as on the page.
    assert_eq!(total("page=50"), 0);
}

#[test]
fn feeds_must_be_found_and_be_cached() {
    let (_installation, server) = Server::demo();
    for (path, feeds) in [
        ("/", vec!["/search.atom?sort=newest", "/search.json?sort=newest", "/search.ics"]),
        (
            "/?q=brief&kind=article",
            vec![
                "/search.atom?q=brief&kind=article&sort=newest",
                "/search.json?q=brief&kind=article&sort=newest",
            ],
        ),
        (
            "/en/event",
            vec![
                "/en/search.atom?kind=event&sort=newest",
                "/en/search.json?kind=event&sort=newest",
                "/en/search.ics?kind=event",
            ],
        ),
        (
            "/calendar",
            vec![
                "/search.atom?kind=event&sort=newest",
                "/search.json?kind=event&sort=newest",
                "/search.ics?kind=event",
            ],
        ),
        ("/status", vec![]),
    ] {
        let page = ok(&server, path).body;
        let links: Vec<_> =
            between(&page, "<link rel=\"alternate\" type=\"", ">").into_iter().collect();
        let hrefs: Vec<_> = links
            .iter()
            .map(|link| between(link, "href=\"", "\"").concat().replace("&#38;", "&"))
            .collect();
        assert_eq!(hrefs, feeds, "{path}");
        for href in feeds {
            for encoding in ["identity", "br", "gzip"] {
                let head = |more: &str| {
                    format!(
                        "GET {href} HTTP/1.1\r\naccept: application/atom+xml, application/rss+xml, */*;q=0.1\r\naccept-encoding: {encoding}{more}"
                    )
                };
                let reply = server.request(&head(""), "");
                let coding = (encoding != "identity").then_some(encoding);
                assert_eq!(reply.header("content-encoding"), coding, "{href}");
                let etag = reply.header("etag").expect("an ETag").to_owned();
                let again = server.request(&head(&format!("\r\nif-none-match: {etag}")), "");
                assert_eq!((reply.status, again.status), (200, 304), "{href}");
            }
        }
    }
    let link = "<link rel=\"search\" type=\"application/opensearchdescription+xml\"";
    assert!(ok(&server, "/").body.contains(link));
    let description = ok(&server, "/opensearch.xml");
    assert_eq!(description.header("content-type"), Some("application/opensearchdescription+xml"));
    let templates = between(&description.body, "template=\"", "\"");
    assert_eq!(templates.len(), 4, "{templates:?}");
    let suggestions = ok(&server, "/opensearch/suggest?q=klantr").json();
    assert_eq!(suggestions[0], "klantr");
    assert!(suggestions[1].as_array().is_some_and(|texts| !texts.is_empty()), "{suggestions}");
}
