//! End-to-end benchmarks with 100,000 documents: publishing, searching, GraphQL and HTTP.
//!
//! The first run writes and builds the knowledge base below the target folder; later runs reuse it.
//! `cargo bench -p gateway -- typing` only measures search as you type.

#[path = "../../indexer/benches/support/corpus.rs"]
mod corpus;
#[path = "support/federation.rs"]
mod federation;
#[path = "../../indexer/benches/support/installation.rs"]
mod installation;
#[path = "support/loopback.rs"]
mod loopback;
#[path = "../../indexer/benches/support/measure.rs"]
mod measure;
#[path = "../../indexer/benches/support/publishing.rs"]
mod publishing;
#[path = "../../indexer/benches/support/searching.rs"]
mod searching;
#[path = "support/typing.rs"]
mod typing;
#[path = "../../indexer/benches/support/words.rs"]
mod words;

use std::{cell::Cell, net::SocketAddr, path::Path};

use gateway::{
    app::App,
    clock::Clock,
    config::{Config, Overrides},
    pipeline::{CacheScope, GraphqlRequest, Outcome, Pipeline},
};
use installation::{Installation, now};
use loopback::{Client, ServerProcess};
use measure::{Table, Timing, megabytes};
use searching::{Class, Variant};
use serde_json::json;
use tokio::runtime::Runtime;

/// Selects ten records with seven fields each.
const QUERY: &str = "query Bench($words: String!, $until: Date!) { \
    search(query: $words, first: 10, filter: { until: $until }) { \
    nodes { id title url summary language titleSource publishedAt { date } } } }";
/// Number of concurrent connections.
const CONNECTIONS: usize = 8;

fn main() -> anyhow::Result<()> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let installation = Installation::open(Path::new(env!("CARGO_TARGET_TMPDIR")), &repository)?;
    let mut table = Table::default();
    table.calibrate();
    publishing::build(&installation, &mut table)?;
    let only = |section: &str| std::env::args().any(|argument| argument == section);
    if only("typing") || only("federation") {
        if only("typing") {
            let server = ServerProcess::start(&installation)?;
            typing::measure(&installation, server.address, &mut table)?;
        } else {
            federation::measure(&installation, &mut table)?;
        }
        table.calibrate();
        return Ok(table.print()?);
    }
    let catalog = publishing::open(&installation, &mut table)?;
    publishing::change(&installation, &mut table)?;

    let runtime = searching::runtime()?;
    let snapshot = catalog.current().expect("the catalog was just opened");
    let classes = runtime.block_on(searching::classes(&installation, &snapshot))?;
    serve(&installation, &classes, &mut table)?;

    let file = installation.write_config()?;
    let config = Config::load(Some(&file), &Overrides::default())?;
    let config = Config { clock: Clock::Fixed(now()), ..config };
    let app = runtime.block_on(App::build(config))?;
    let (pipeline, address) = (app.pipeline().clone(), app.address());
    runtime.spawn(app.run(std::future::pending()));
    let hello = loopback::hello(&runtime)?;

    let mut variants = searching::catalog_variants(&runtime, &snapshot);
    variants.extend(gateway_variants(&runtime, &pipeline, (address, hello))?);
    searching::measure(&classes, &mut variants, &mut table)?;
    throughput(&classes, (address, hello), &mut table)?;
    table.calibrate();
    table.print()?;
    Ok(())
}

/// Starts the program as an operator does; measures start-up time and memory.
fn serve(installation: &Installation, classes: &[Class], table: &mut Table) -> anyhow::Result<()> {
    table.head("serving (the program itself)");
    let (timing, server) = Timing::measure(|| {
        let server = ServerProcess::start(installation)?;
        Client::connect(server.address)?.get("/health/ready")?;
        anyhow::Ok(server)
    });
    let (server, started) = (server?, Timing { cpu: std::time::Duration::ZERO, ..timing });
    table.line("from start to ready", Some(started), "");
    let memory = |when: &str| {
        let (own, files) = server.memory()?;
        anyhow::Ok(format!("{} own, {} of files, {when}", megabytes(own), megabytes(files)))
    };
    table.line("resident memory", None, &memory("when ready")?);
    for class in classes {
        let bodies: Vec<_> = class.queries.iter().map(|words| body(words, DAYS)).collect();
        loopback::responses_per_second(server.address, CONNECTIONS, &bodies)?;
    }
    table.line("resident memory", None, &memory("after several thousand searches")?);
    typing::measure(installation, server.address, table)?;
    Ok(())
}

/// The same ten records through GraphQL and over HTTP, uncached and cached.
fn gateway_variants<'a>(
    runtime: &'a Runtime,
    pipeline: &'a Pipeline,
    (address, hello): (SocketAddr, SocketAddr),
) -> anyhow::Result<Vec<Variant<'a>>> {
    let (mut client, mut same, mut other) =
        (Client::connect(address)?, Client::connect(address)?, Client::connect(hello)?);
    let day = Cell::new(0);
    let variant = |name, run| Variant { name, run };
    Ok(vec![
        variant(
            "GraphQL, 10 x 7 fields",
            Box::new(move |words: &str| {
                let variables = serde_json::from_value(variables(words, DAYS))?;
                // A private request is executed each time.
                let cache_scope = CacheScope::Private;
                let request = GraphqlRequest {
                    document: QUERY.into(),
                    variables,
                    cache_scope,
                    ..GraphqlRequest::default()
                };
                let response = runtime.block_on(pipeline.handle(request));
                anyhow::ensure!(
                    matches!(response.outcome, Outcome::Complete(_)),
                    "incomplete response: {:?}",
                    response.outcome
                );
                Ok(())
            }),
        ),
        variant(
            "HTTP, uncached",
            Box::new(move |words: &str| {
                day.set((day.get() + 1) % DAYS);
                client.post_graphql(&body(words, day.get()))?;
                Ok(())
            }),
        ),
        variant(
            "HTTP, cached",
            Box::new(move |words: &str| {
                same.post_graphql(&body(words, DAYS))?;
                Ok(())
            }),
        ),
        variant(
            "HTTP, hello-world server",
            Box::new(move |words: &str| {
                other.post_graphql(&body(words, DAYS))?;
                Ok(())
            }),
        ),
    ])
}

/// Responses per second over several connections, alternating with a server that does nothing.
fn throughput(
    classes: &[Class],
    (address, hello): (SocketAddr, SocketAddr),
    table: &mut Table,
) -> anyhow::Result<()> {
    table.head(&format!("responses per second, {CONNECTIONS} connections"));
    for class in classes {
        let bodies = |day| class.queries.iter().map(move |words| body(words, day));
        let new: Vec<_> = (0..DAYS / 8).flat_map(bodies).collect();
        let cached: Vec<_> = bodies(DAYS).collect();
        let mut best = [0.0_f64; 3];
        for round in 0..3 {
            // The first round fills the cache.
            if round > 0 {
                best[0] =
                    best[0].max(loopback::responses_per_second(address, CONNECTIONS, &cached)?);
            }
            best[1] = best[1].max(loopback::responses_per_second(hello, CONNECTIONS, &cached)?);
            best[2] = best[2].max(loopback::responses_per_second(address, CONNECTIONS, &new)?);
        }
        let [cached, hello, new] = best;
        let ratio = cached / hello;
        let summary = format!(
            "{new:.0} uncached, {cached:.0} cached, {hello:.0} hello; cached/hello {ratio:.2}"
        );
        table.line(class.name, None, &summary);
    }
    Ok(())
}

/// Number of distinct requests per query, which differ only in a last day after every document.
const DAYS: u32 = 20_000;

fn variables(words: &str, day: u32) -> serde_json::Value {
    let (year, month, date) = (2_100 + day / 336, 1 + day / 28 % 12, 1 + day % 28);
    json!({ "words": words, "until": format!("{year}-{month:02}-{date:02}") })
}

fn body(words: &str, day: u32) -> String {
    json!({ "query": QUERY, "variables": variables(words, day) }).to_string()
}
