//! The whole way at a size that hurts, 100,000 documents: publishing, searching, GraphQL, HTTP.
//!
//! The first run writes and builds the knowledge base below the target folder, later ones find
//! it there. `cargo bench -p gateway -- typing` measures what a letter costs that somebody types, and
//! nothing else.

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
    pipeline::{Outcome, Pipeline, Question, Sharing},
};
use installation::{Installation, now};
use loopback::{Client, Served};
use measure::{Table, Taken, megabytes};
use searching::{Class, Way};
use serde_json::json;
use tokio::runtime::Runtime;

/// Ten things, seven fields each.
const QUERY: &str = "query Bench($words: String!, $until: Date!) { \
    search(query: $words, first: 10, filter: { until: $until }) { \
    nodes { id title url summary language titleSource publishedAt } } }";
/// So many connections ask at once.
const CONNECTIONS: usize = 8;

fn main() -> anyhow::Result<()> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let installation = Installation::open(Path::new(env!("CARGO_TARGET_TMPDIR")), &repository)?;
    let mut table = Table::default();
    table.calibrate();
    publishing::build(&installation, &mut table)?;
    let only = |part: &str| std::env::args().any(|argument| argument == part);
    if only("typing") || only("federation") {
        if only("typing") {
            let served = Served::start(&installation)?;
            typing::measure(&installation, served.address, &mut table)?;
        } else {
            federation::measure(&installation, &mut table)?;
        }
        table.calibrate();
        return Ok(table.print()?);
    }
    let catalog = publishing::open(&installation, &mut table)?;
    publishing::change(&installation, &mut table)?;

    let runtime = searching::runtime()?;
    let snapshot = catalog.current().expect("it was just opened");
    let classes = runtime.block_on(searching::classes(&installation, &snapshot))?;
    serve(&installation, &classes, &mut table)?;

    let file = installation.config()?;
    let config = Config::load(Some(&file), &Overrides::default())?;
    let config = Config { clock: Clock::Fixed(now()), ..config };
    let app = runtime.block_on(App::build(config))?;
    let (pipeline, address) = (app.pipeline().clone(), app.address());
    runtime.spawn(app.run(std::future::pending()));
    let hello = loopback::hello(&runtime)?;

    let mut ways = searching::catalog_ways(&runtime, &snapshot);
    ways.extend(gateway_ways(&runtime, &pipeline, (address, hello))?);
    searching::measure(&classes, &mut ways, &mut table)?;
    throughput(&classes, (address, hello), &mut table)?;
    table.calibrate();
    table.print()?;
    Ok(())
}

/// The program as an operator starts it: until it answers, and what memory it holds after that.
fn serve(installation: &Installation, classes: &[Class], table: &mut Table) -> anyhow::Result<()> {
    table.head("serving (the program itself)");
    let (taken, served) = Taken::by(|| {
        let served = Served::start(installation)?;
        Client::connect(served.address)?.get("/health/ready")?;
        anyhow::Ok(served)
    });
    let (served, started) = (served?, Taken { cpu: std::time::Duration::ZERO, ..taken });
    table.line("from start to ready", Some(started), "");
    let memory = |when: &str| {
        let (own, files) = served.memory()?;
        anyhow::Ok(format!("{} own, {} of files, {when}", megabytes(own), megabytes(files)))
    };
    table.line("resident memory", None, &memory("when ready")?);
    for class in classes {
        let bodies: Vec<_> = class.questions.iter().map(|words| body(words, DAYS)).collect();
        loopback::per_second(served.address, CONNECTIONS, &bodies)?;
    }
    table.line("resident memory", None, &memory("after some thousand searches")?);
    typing::measure(installation, served.address, table)?;
    Ok(())
}

/// The same ten records through GraphQL, over HTTP, and as a client asks again.
fn gateway_ways<'a>(
    runtime: &'a Runtime,
    pipeline: &'a Pipeline,
    (address, hello): (SocketAddr, SocketAddr),
) -> anyhow::Result<Vec<Way<'a>>> {
    let (mut client, mut same, mut other) =
        (Client::connect(address)?, Client::connect(address)?, Client::connect(hello)?);
    let asked = Cell::new(0);
    let way = |name, ask| Way { name, ask };
    Ok(vec![
        way(
            "GraphQL, 10 x 7 fields",
            Box::new(move |words: &str| {
                let variables = serde_json::from_value(variables(words, DAYS))?;
                // A private question is answered anew each time.
                let sharing = Sharing::Private;
                let question =
                    Question { asked: QUERY.into(), variables, sharing, ..Question::default() };
                let answer = runtime.block_on(pipeline.answer(question));
                anyhow::ensure!(
                    matches!(answer.outcome, Outcome::Whole(_)),
                    "not answered: {:?}",
                    answer.outcome
                );
                Ok(())
            }),
        ),
        way(
            "HTTP, never asked before",
            Box::new(move |words: &str| {
                asked.set((asked.get() + 1) % DAYS);
                client.ask(&body(words, asked.get()))?;
                Ok(())
            }),
        ),
        way(
            "HTTP, asked before",
            Box::new(move |words: &str| {
                same.ask(&body(words, DAYS))?;
                Ok(())
            }),
        ),
        way(
            "HTTP, a server that says hello",
            Box::new(move |words: &str| {
                other.ask(&body(words, DAYS))?;
                Ok(())
            }),
        ),
    ])
}

/// Answers a second over several connections, in turns with a server that does nothing.
fn throughput(
    classes: &[Class],
    (address, hello): (SocketAddr, SocketAddr),
    table: &mut Table,
) -> anyhow::Result<()> {
    table.head(&format!("answers a second, {CONNECTIONS} connections"));
    for class in classes {
        let bodies = |day| class.questions.iter().map(move |words| body(words, day));
        let new: Vec<_> = (0..DAYS / 8).flat_map(bodies).collect();
        let kept: Vec<_> = bodies(DAYS).collect();
        let mut best = [0.0_f64; 3];
        for round in 0..3 {
            // The first round makes the answers that are kept.
            if round > 0 {
                best[0] = best[0].max(loopback::per_second(address, CONNECTIONS, &kept)?);
            }
            best[1] = best[1].max(loopback::per_second(hello, CONNECTIONS, &kept)?);
            best[2] = best[2].max(loopback::per_second(address, CONNECTIONS, &new)?);
        }
        let [kept, hello, new] = best;
        let ratio = kept / hello;
        let told = format!("{new:.0} new, {kept:.0} kept, {hello:.0} hello; kept/hello {ratio:.2}");
        table.line(class.name, None, &told);
    }
    Ok(())
}

/// So many questions differ in nothing but a last day, long after every document.
const DAYS: u32 = 20_000;

fn variables(words: &str, day: u32) -> serde_json::Value {
    let (year, month, date) = (2_100 + day / 336, 1 + day / 28 % 12, 1 + day % 28);
    json!({ "words": words, "until": format!("{year}-{month:02}-{date:02}") })
}

fn body(words: &str, day: u32) -> String {
    json!({ "query": QUERY, "variables": variables(words, day) }).to_string()
}
