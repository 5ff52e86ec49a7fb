//! Hot paths of the program, for counting the instructions of each.
//!
//! `hot_paths prepare FOLDER` builds the data; `hot_paths PATH FOLDER ITERATIONS` runs one path.
//! `cargo it performance` runs each path under callgrind with two numbers of iterations and uses
//! the difference, which excludes the set-up. Runs must be repeatable: the clock is fixed, requests
//! and blocking work have one thread each, and timeouts are long enough for a program under
//! valgrind.

#[path = "support/fixed_subgraph.rs"]
mod fixed_subgraph;
#[path = "support/records.rs"]
mod records;

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, bail, ensure};
use gateway::{
    app::App,
    clock::Clock,
    config::{Config, Overrides, PrivateAddresses},
};
use indexer::ingest::{self, BuildConfig, BuildLimits, BuildOptions, NoProgress};
use poem::{
    Endpoint, Request,
    http::{Method, StatusCode, header},
};
use serde_json::json;

/// The same allocator as the program.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Search words of all HTTP paths: they occur in many records of the demo.
const WORDS: &str = "klantreis gemeente";
const SEARCH: &str = "query Search($words: String!) { search(query: $words, first: 10) { \
    nodes { id title url summary language publishedAt { date } } } }";
const TOTAL: &str = "query Total($words: String!) { search(query: $words, first: 10) { \
    totalCount nodes { id title url summary language publishedAt { date } } } }";
const SUGGEST: &str = "{ suggest(prefix: \"kla\", first: 8) { text kind } }";
const FACETS: &str = "query Facets($words: String!) { search(query: $words, first: 10) { \
    totalCount nodes { id title url summary language publishedAt { date } } facets { \
    kinds { value count } languages { value count } years { value count } \
    themes { count } organisations { count } communities { count } } } }";
const LOANS: &str = "{ loans { id until reader { card } } }";

/// A timeout in milliseconds that is never reached.
const NEVER_MS: u64 = 3_600_000;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["prepare", folder] => prepare(Path::new(folder)),
        [path, folder, iterations] => run(path, Path::new(folder), iterations.parse()?),
        _ => bail!("usage: `hot_paths prepare FOLDER`, or `hot_paths PATH FOLDER ITERATIONS`"),
    }
}

/// Builds the demo, and writes the records to ingest.
fn prepare(folder: &Path) -> anyhow::Result<()> {
    build(&demo(folder)?)?;
    records::write(folder)?;
    Ok(())
}

fn run(path: &str, folder: &Path, iterations: usize) -> anyhow::Result<()> {
    // Responses to requests with credentials are not cached.
    let private = |query: &str| {
        let mut request = graphql(query);
        request.headers_mut().insert(header::COOKIE, header::HeaderValue::from_static("a=b"));
        request
    };
    match path {
        "search" => serve(&demo(folder)?, || private(SEARCH), "\"publishedAt\"", iterations),
        "search-total" => serve(&demo(folder)?, || private(TOTAL), "\"totalCount\"", iterations),
        "suggest" => serve(&demo(folder)?, || private(SUGGEST), "\"text\"", iterations),
        "facets" => serve(&demo(folder)?, || private(FACETS), "\"facets\"", iterations),
        "response-cache-hit" => {
            serve(&demo(folder)?, || graphql(SEARCH), "\"publishedAt\"", iterations)
        }
        "cached-feed" => serve(&demo(folder)?, feed, "\"items\"", iterations),
        "subgraph-call" => serve(&supergraph(folder)?, || graphql(LOANS), "\"reader\"", iterations),
        "page" => serve(&demo(folder)?, page, "class=\"hits\"", iterations),
        "ingest" => ingest(folder, iterations),
        _ => bail!("no such path: `{path}`"),
    }
}

/// Serves the same request repeatedly. Its response must be a success and contain `expected`.
fn serve(
    config: &Config,
    request: impl Fn() -> Request,
    expected: &str,
    iterations: usize,
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build()?;
    runtime.block_on(async {
        let app = App::build(config.clone()).await?;
        let endpoint = gateway::routes::endpoint(Arc::clone(app.pipeline()), None, config);
        for _ in 0..iterations {
            let response = endpoint.get_response(request()).await;
            let status = response.status();
            let body = response.into_body().into_string().await?;
            ensure!(status == StatusCode::OK && body.contains(expected), "{status}: {body}");
            ensure!(!body.contains("\"errors\""), "{body}");
        }
        Ok(())
    })
}

/// Builds a generation of the same records from scratch, repeatedly.
fn ingest(folder: &Path, iterations: usize) -> anyhow::Result<()> {
    for _ in 0..iterations {
        let data = tempfile::tempdir_in(folder)?;
        build(&config(&folder.join(records::CONFIG), data.path())?)?;
    }
    Ok(())
}

fn build(config: &Config) -> anyhow::Result<()> {
    let build = BuildConfig {
        data: config.data.clone(),
        sources: config.resolve_sources()?,
        aliases: config.aliases.clone(),
        item_url: config.public_url.clone(),
        limits: BuildLimits::default(),
        now: config.clock.now(),
        demo_date: config.demo_date,
    };
    let report = ingest::build(&build, &BuildOptions::default(), &NoProgress)?;
    ensure!(report.rejections.is_empty(), "{:?}", report.rejections);
    Ok(())
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn demo(folder: &Path) -> anyhow::Result<Config> {
    config(&repository().join("fixtures/demo.toml"), &folder.join("demo"))
}

fn config(file: &Path, data: &Path) -> anyhow::Result<Config> {
    let overrides = Overrides { data: Some(data.to_owned()), ..overrides() };
    repeatable(Config::load(Some(file), &overrides)?)
}

/// A supergraph of the fixtures with one running subgraph.
fn supergraph(folder: &Path) -> anyhow::Result<Config> {
    let fixture = repository().join("fixtures/federation/simple_entity_call.graphql");
    let subgraph = fixed_subgraph::start(&loans().to_string())?;
    let text = fs::read_to_string(&fixture).with_context(|| fixture.display().to_string())?;
    let text = text.replace("http://shelf.test/", &format!("http://{subgraph}/"));
    let file = tempfile::Builder::new().suffix(".graphql").tempfile_in(folder)?;
    fs::write(file.path(), text)?;
    let (_, path) = file.keep()?;
    repeatable(Config::load_to_serve(None, &Overrides { supergraph: Some(path), ..overrides() })?)
}

fn overrides() -> Overrides {
    Overrides {
        listen: Some("127.0.0.1:0".to_owned()),
        private_addresses: PrivateAddresses::Allowed,
        ..Overrides::default()
    }
}

fn repeatable(mut config: Config) -> anyhow::Result<Config> {
    config.clock = Clock::Fixed("2026-03-02T12:00:00+01:00".parse()?);
    config.limits.request_timeout_ms = NEVER_MS;
    config.limits.plan_timeout_ms = NEVER_MS;
    config.limits.subgraph_timeout_ms = NEVER_MS;
    config.limits.concurrent_searches_max = 1;
    Ok(config)
}

fn graphql(query: &str) -> Request {
    let body = json!({ "query": query, "variables": { "words": WORDS } });
    Request::builder()
        .method(Method::POST)
        .uri_str("/graphql")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/graphql-response+json")
        .body(body.to_string())
}

/// The page with search results.
fn page() -> Request {
    let words = WORDS.replace(' ', "+");
    Request::builder().uri_str(format!("/?q={words}")).header(header::ACCEPT, "text/html").finish()
}

/// The same search as a feed, which is cached.
fn feed() -> Request {
    let words = WORDS.replace(' ', "+");
    Request::builder().uri_str(format!("/search.json?q={words}&first=10")).finish()
}

/// Twenty loans, as returned by the subgraph.
fn loans() -> serde_json::Value {
    let loan = |number| {
        json!({ "id": format!("{number}"), "until": "2026-03-01",
            "reader": { "card": format!("card-{number}") } })
    };
    json!({ "data": { "loans": (0..20).map(loan).collect::<Vec<_>>() } })
}
