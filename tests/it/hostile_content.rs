//! No single query or record may block others: queries and texts that could cause quadratic time,
//! and the longest time for which a task occupies a runtime thread.

use std::{
    io::Write,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use cpu_time::ThreadTime;
use gateway::{
    app::App,
    clock::Clock,
    config::{Config, Overrides},
};
use indexer::catalog::{CatalogError, SEARCH_QUERY_BYTES_MAX};
use serde_json::json;

use crate::{
    support::{Installation, clock, everything, runtime},
    test_server::{Server, exchange},
};

/// Maximum time for which one task may occupy a runtime thread; in development builds, our crates are
/// not optimised.
const POLL_MAX: Duration = Duration::from_micros(if cfg!(debug_assertions) { 25_000 } else { 500 });
/// Number of measurements, of which the shortest counts: each contains the cost of new connections,
/// and of the first use of memory.
const POLL_MEASUREMENTS: usize = 3;

/// Queries that used to make the parser, the planner or spelling correction slow.
fn hostile_queries(bytes: usize) -> Vec<String> {
    let pieces = [
        "a(",
        "(",
        ")",
        "\"",
        "\"a\" ",
        "„",
        "«a",
        "-",
        "-a ",
        ":",
        "titel:",
        "titel:a* ",
        "*",
        "a* ",
        "OR ",
        "a OR ",
        "(a OR ",
        "titel:(a ",
        "-(a ",
        "a ",
        "ab-",
        "é",
        "\u{301}",
        " ",
        "\\",
        "'",
        "a'",
    ];
    let mut queries: Vec<_> =
        pieces.iter().map(|piece| piece.repeat(bytes / piece.len())).collect();
    let words = (0..).map(|n| format!("gebruikersonderzoekx{n:x}"));
    let mut typing_errors = String::new();
    for word in words.take_while(|_| bytes > 30) {
        if typing_errors.len() + word.len() + 1 > bytes {
            break;
        }
        typing_errors = typing_errors + &word + " ";
    }
    queries.push(typing_errors);
    queries.push("x".repeat(bytes));
    queries
}

#[test]
fn a_hostile_query_must_be_limited_in_bytes_and_time_on_every_interface() {
    let (installation, server) = Server::demo();
    let snapshot = installation.snapshot();
    let runtime = runtime();
    for query in hostile_queries(SEARCH_QUERY_BYTES_MAX) {
        let start = Instant::now();
        let mut search = everything();
        search.words = Some(query.clone());
        search.extras.highlights = true;
        search.extras.explanations = true;
        runtime.block_on(snapshot.search(search)).expect("a search");
        assert!(start.elapsed() < Duration::from_secs(5), "{query:.40} {:?}", start.elapsed());
    }
    for query in hostile_queries(100_000) {
        let start = Instant::now();
        let mut search = everything();
        search.words = Some(query.clone());
        let error = runtime.block_on(snapshot.search(search)).expect_err("too long");
        assert!(matches!(error, CatalogError::Limit { name: "search_query_bytes_max", .. }));
        let highlights = runtime.block_on(snapshot.highlights(query.clone(), Vec::new()));
        assert!(matches!(highlights, Err(CatalogError::Limit { .. })), "{query:.40}");
        let suggestions = runtime.block_on(snapshot.suggest(query.clone(), 10));
        assert!(matches!(suggestions, Err(CatalogError::Limit { .. })), "{query:.40}");
        let document = "query($q: String) { search(query: $q) { totalCount } }";
        let reply = server.post(&json!({ "query": document, "variables": { "q": query } }));
        assert_eq!(
            (reply.code(), reply.limit()),
            ("LIMIT_EXCEEDED".into(), "search_query_bytes_max".into())
        );
        assert!(start.elapsed() < Duration::from_secs(5), "{query:.40} {:?}", start.elapsed());
    }
    let long = "a".repeat(SEARCH_QUERY_BYTES_MAX + 1);
    assert_eq!(server.get(&format!("/?q={long}")).status, 400);
    assert_eq!(server.get(&format!("/?q={}", &long[1..])).status, 200);
    assert_eq!(
        server.query("{ search(query: \"klantreis\") { totalCount } }")["errors"],
        json!(null)
    );
}

/// An installation with bodies that could be slow to sanitise, each in its own file.
fn hostile_installation() -> Installation {
    let installation = Installation::small();
    let write = |slug: &str, body: &str| {
        let text = format!("---\ntitle: Artikel {slug}\n---\nEerst tekst.\n\n{body}");
        installation.write(&format!("items/{slug}.md"), &text);
    };
    write("unmatched", &"<div></x>".repeat(60_000));
    write("deep", &"<div>".repeat(100_000));
    write("formatting", &(0..9_000).map(|n| format!("<p><b id={n}>")).collect::<Vec<_>>().concat());
    write("quotes", &">".repeat(20_000));
    write("lists", &"- ".repeat(20_000));
    write("brackets", &"[".repeat(100_000));
    write("long", &"<h3>Kop</h3>\n\nEen lange tekst over van alles. ".repeat(20_000));
    installation
}

#[test]
fn hostile_html_must_be_sanitised_once_at_ingest_and_lose_no_text() {
    let installation = hostile_installation();
    let start = Instant::now();
    installation.build();
    assert!(start.elapsed() < Duration::from_mins(1), "{:?}", start.elapsed());
    let snapshot = installation.snapshot();
    let page = runtime().block_on(snapshot.search(everything())).expect("a search");
    let ids: Vec<_> = page.hits.iter().map(|hit| hit.record.id()).collect();
    let bodies = runtime().block_on(snapshot.bodies(&ids)).expect("bodies");
    assert!(bodies.iter().flatten().filter(|body| body.text.contains("Eerst tekst.")).count() >= 7);
    for body in bodies.iter().flatten() {
        let (mut depth, mut deepest) = (0_i64, 0);
        for tag in body.html.split('<').skip(1) {
            depth += match tag {
                tag if tag.starts_with('/') => -1,
                tag if ["br", "hr", "img"].iter().any(|void| tag.starts_with(void)) => 0,
                _ => 1,
            };
            deepest = deepest.max(depth);
        }
        assert!(depth == 0 && deepest <= 600, "{depth} {deepest}");
    }
    let server = Server::of(&installation);
    for slug in ["unmatched", "deep", "formatting", "quotes", "lists", "brackets", "long"] {
        let start = Instant::now();
        let page = server.get(&format!("/article/artikel-{slug}"));
        assert_eq!(page.status, 200, "{slug}");
        assert!(page.body.contains("Eerst tekst."), "{slug}");
        assert!(start.elapsed() < Duration::from_secs(5), "{slug}: {:?}", start.elapsed());
    }
}

/// CPU time of this thread.
fn thread_time() -> Duration {
    thread_local! {
        static START: ThreadTime = ThreadTime::now();
    }
    START.with(ThreadTime::elapsed)
}

/// Lets every other ready task run once; Tokio's `yield_now` also waits until none of them is ready.
async fn let_others_run() {
    let mut is_woken = false;
    let others = std::future::poll_fn(move |context| {
        if std::mem::replace(&mut is_woken, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    });
    others.await;
}

/// The longest CPU time between two polls of a task that yields to all others, on a single-threaded
/// runtime. This approximates the longest poll of any task.
fn longest_poll(installation: &Installation, requests: impl FnOnce(SocketAddr)) -> Duration {
    let overrides = Overrides {
        data: Some(installation.data()),
        listen: Some("127.0.0.1:0".to_owned()),
        ..Overrides::default()
    };
    let mut config = Config::load(Some(installation.config()), &overrides).expect("valid");
    config.clock = Clock::Fixed(clock());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let app = runtime.block_on(runtime.spawn(App::build(config))).expect("joined").expect("starts");
    let address = app.address();
    runtime.spawn(app.run(std::future::pending()));
    let (longest, is_measuring) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let (recorded, measuring) = (Arc::clone(&longest), Arc::clone(&is_measuring));
    runtime.spawn(async move {
        let mut before = thread_time();
        loop {
            let_others_run().await;
            let now = thread_time();
            if measuring.load(Ordering::Relaxed) {
                let busy = u64::try_from(now.saturating_sub(before).as_micros()).unwrap();
                recorded.fetch_max(busy, Ordering::Relaxed);
            }
            before = now;
        }
    });
    // The first request fills caches and compiles lazy patterns.
    exchange(address, "GET / HTTP/1.1", b"");
    exchange(address, "GET /article/klantreis HTTP/1.1\r\naccept-encoding: br", b"");
    is_measuring.store(true, Ordering::Relaxed);
    requests(address);
    runtime.shutdown_background();
    Duration::from_micros(longest.load(Ordering::Relaxed))
}

#[test]
fn no_task_must_occupy_a_runtime_thread_for_long() {
    let installation = hostile_installation();
    installation.build();
    for (name, target) in [
        ("health", "/health/live"),
        ("a page", "/article/de-klantreis-van-een-verhuizing"),
        ("a long page", "/article/artikel-long"),
        ("a deep page", "/article/artikel-deep"),
        ("a search", "/?q=klantreis"),
        ("a hostile search", "/?q=a(a(a(a(a(a(a(a(a(a(a("),
        ("a long body", "/graphql?query={articles{nodes{bodyHtml%20bodyText}}}"),
    ] {
        let measure = || {
            longest_poll(&installation, |address| {
                for encoding in ["identity", "br", "gzip"] {
                    let head = format!(
                        "GET {target} HTTP/1.1\r\naccept-encoding: {encoding}\r\naccept: application/json, text/html"
                    );
                    let body = std::panic::catch_unwind(|| exchange(address, &head, b"").status);
                    // Compressed bodies are not text, which the exchange expects.
                    assert!(body.is_err() || body.is_ok_and(|status| status == 200), "{name}");
                }
            })
        };
        let measured: Vec<_> = (0..POLL_MEASUREMENTS).map(|_| measure()).collect();
        // Not `eprintln!`: the test harness would capture it.
        let _ = writeln!(std::io::stderr(), "longest poll of {name}: {measured:?}");
        assert!(measured.iter().any(|longest| *longest < POLL_MAX), "{name}: {measured:?}");
    }
}
