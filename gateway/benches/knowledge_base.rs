//! Benchmarks with 100,000 documents: building, searching, GraphQL, HTTP and federation, compared
//! with bare tantivy.
//!
//! The first run writes and builds the knowledge base below the target folder; later runs reuse it.
//! `cargo bench -- searching` measures one of the sections `building`, `searching`, `suggesting`,
//! `bad-input`, `serving`, `typing` and `federation`. With `growth`, the first, second and fifth,
//! or the sections that are named, are measured with 25,000, 100,000 and 400,000 documents.

#[path = "support/bad_input.rs"]
mod bad_input;
#[path = "support/building.rs"]
mod building;
#[path = "support/corpus.rs"]
mod corpus;
#[path = "support/federation.rs"]
mod federation;
#[path = "support/installation.rs"]
mod installation;
#[path = "support/loopback.rs"]
mod loopback;
#[path = "support/measure.rs"]
mod measure;
#[path = "support/random.rs"]
mod random;
#[path = "../../tests/load/schedule.rs"]
mod schedule;
#[path = "support/searching.rs"]
mod searching;
#[path = "support/serving.rs"]
mod serving;
#[path = "support/suggesting.rs"]
mod suggesting;
#[path = "support/typing.rs"]
mod typing;
#[path = "support/words.rs"]
mod words;

use std::{net::SocketAddr, path::Path};

use anyhow::Context;
use gateway::{
    app::App,
    clock::Clock,
    config::{Config, Overrides},
    pipeline::{CacheScope, GraphqlRequest, Outcome, Pipeline},
};
use installation::{Installation, now};
use loopback::{Client, ServerProcess};
use measure::Table;
use searching::Variant;
use serde_json::json;
use tokio::runtime::Runtime;

/// Selects ten records with seven fields each.
const QUERY: &str = "query Bench($words: String!) { search(query: $words, first: 10) { \
    nodes { id title url summary language titleSource publishedAt { date } } } }";
/// Numbers of documents.
const DOCUMENTS: usize = 100_000;
const GROWTH: [usize; 3] = [25_000, DOCUMENTS, 400_000];
/// The argument for all of these numbers, and its sections.
const GROWTH_ARGUMENT: &str = "growth";
const GROWTH_SECTIONS: [&str; 3] = ["building", "searching", "serving"];

fn main() -> anyhow::Result<()> {
    let arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let (growth, mut sections): (Vec<_>, Vec<_>) =
        arguments.partition(|argument| argument == GROWTH_ARGUMENT);
    let numbers = if growth.is_empty() { &[DOCUMENTS][..] } else { &GROWTH };
    if !growth.is_empty() && sections.is_empty() {
        sections = GROWTH_SECTIONS.map(str::to_owned).to_vec();
    }
    let mut table = Table::default();
    table.calibrate();
    for documents in numbers {
        table.head(&format!("{documents} documents"));
        measure(*documents, &sections, &mut table)?;
    }
    table.calibrate();
    table.print();
    Ok(())
}

fn measure(documents: usize, sections: &[String], table: &mut Table) -> anyhow::Result<()> {
    let is_selected =
        |section: &str| sections.is_empty() || sections.iter().any(|name| name == section);
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let installation = Installation::open(target, &repository, documents)?;
    let catalog = installation.catalog()?;
    let snapshot = catalog.current().context("no current generation")?;
    let (runtime, queries) = (searching::runtime()?, &installation.queries);
    if is_selected("building") {
        building::measure(&installation, table)?;
    }
    if is_selected("searching") {
        let bare = installation.bare_tantivy()?;
        let config = Config::load(Some(&installation.write_config()?), &loopback_address())?;
        let config = Config { clock: Clock::Fixed(now()), ..config };
        let app = runtime.block_on(App::build(config))?;
        let (pipeline, address) = (app.pipeline().clone(), app.address());
        runtime.spawn(app.run(std::future::pending()));
        let mut variants = searching::variants(&runtime, &snapshot, &bare);
        variants.extend(gateway_variants(&runtime, &pipeline, address)?);
        let what = format!("search: {} queries, in turns", queries.len());
        searching::measure(&what, queries, &mut variants, table)?;
    }
    if is_selected("suggesting") {
        suggesting::measure(&runtime, &snapshot, queries, table)?;
    }
    if is_selected("bad-input") {
        bad_input::measure(&runtime, &snapshot, queries, table)?;
    }
    // Its memory is not needed while the program runs.
    drop((snapshot, catalog));
    if is_selected("serving") {
        let bodies: Vec<_> = queries.iter().map(|words| body(words)).collect();
        serving::measure(&installation, &bodies, table)?;
    }
    if is_selected("typing") {
        let server = ServerProcess::start(&installation)?;
        typing::measure(&installation, server.address, table)?;
    }
    if is_selected("federation") {
        federation::measure(&installation, table)?;
    }
    Ok(())
}

fn loopback_address() -> Overrides {
    Overrides { listen: Some("127.0.0.1:0".to_owned()), ..Overrides::default() }
}

/// The same ten records through GraphQL and over HTTP.
fn gateway_variants<'a>(
    runtime: &'a Runtime,
    pipeline: &'a Pipeline,
    address: SocketAddr,
) -> anyhow::Result<Vec<Variant<'a>>> {
    let mut client = Client::connect(address)?;
    let graphql = move |words: &str| {
        // A private request is executed each time.
        let request = GraphqlRequest {
            document: QUERY.into(),
            variables: serde_json::from_value(json!({ "words": words }))?,
            cache_scope: CacheScope::Private,
            ..GraphqlRequest::default()
        };
        let outcome = runtime.block_on(pipeline.handle(request)).outcome;
        anyhow::ensure!(matches!(outcome, Outcome::Complete(_)), "incomplete: {outcome:?}");
        Ok(())
    };
    let http = move |words: &str| {
        client.post_graphql(&body(words))?;
        Ok(())
    };
    Ok(vec![
        Variant { name: "GraphQL, 10 x 7 fields", run: Box::new(graphql) },
        Variant { name: "HTTP, not cached", run: Box::new(http) },
    ])
}

fn body(words: &str) -> String {
    json!({ "query": QUERY, "variables": { "words": words } }).to_string()
}
