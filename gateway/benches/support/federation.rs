//! Cost of federation: the local subgraph alone and in a supergraph, an uncached plan, and the
//! program compared with another router for the same two subgraphs.

use std::{
    cell::Cell,
    env, fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;
use gateway::{
    app::App,
    clock::Clock,
    config::{Config, Overrides},
    pipeline::{CacheScope, GraphqlRequest, Outcome, Pipeline},
};
use poem::{Server, endpoint::make, listener::TcpAcceptor, web::Json};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{
    installation::{Installation, now},
    loopback::{Client, ServerProcess, memory_of, responses},
    measure::{Samples, Table, Timing, megabytes},
    searching,
};

/// Selects ten hits with seven fields of the local subgraph.
const OURS: &str = "query Ours($words: String!) { search(query: $words, first: 10) { \
    nodes { id title url summary language titleSource publishedAt { date } } } }";
/// The same, with a field of the other subgraph.
const BOTH: &str = "query Both($words: String!) { search(query: $words, first: 10) { \
    nodes { id title url summary language titleSource publishedAt { date } ... on Article { rating } } } }";

/// SDL of the other subgraph.
const SUBGRAPH_SDL: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", \
    import: [\"@key\"])\ntype Article @key(fields: \"id\") { id: ID! rating: Int }\n";

/// Number of queries.
const QUERIES: usize = 24;
/// Number of rounds in one process.
const ROUNDS: usize = 10;
/// Number of concurrent connections.
const CONNECTIONS: usize = 32;
/// Duration of each concurrent round, and number of rounds.
const ROUND_DURATION: Duration = Duration::from_secs(3);
const CONCURRENT_ROUNDS: usize = 4;

/// Environment variable with the path of another router; without it, that router is not measured.
const OTHER_ROUTER_ENV: &str = "WEGWIJZER_HIVE_ROUTER";

/// Runs all measurements.
pub(crate) fn measure(installation: &Installation, table: &mut Table) -> anyhow::Result<()> {
    let runtime = searching::runtime()?;
    let subgraph = start_subgraph(&runtime)?;
    let knowledge_base = ServerProcess::start(installation)?;
    let folder = installation.data().with_file_name("federation");
    fs::create_dir_all(&folder)?;
    let supergraph = compose(&folder, knowledge_base.address, subgraph)?;
    let queries = queries(installation);
    in_process(installation, &runtime, &supergraph, &queries, table)?;
    side_by_side(&folder, &supergraph, &knowledge_base, &queries, table)
}

/// A subgraph that returns as many articles as are requested.
fn start_subgraph(runtime: &Runtime) -> anyhow::Result<SocketAddr> {
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
    let address = listener.local_addr()?;
    let handler = make(|mut request: poem::Request| async move {
        let body: Value = request.take_body().into_json().await?;
        let variables = body["variables"].as_object();
        let representations = variables.and_then(|all| all.values().find_map(Value::as_array));
        let rated = representations
            .into_iter()
            .flatten()
            .map(|_| json!({ "__typename": "Article", "rating": 4 }));
        let rated: Vec<_> = rated.collect();
        Ok::<_, poem::Error>(Json(json!({ "data": { "_entities": rated } })))
    });
    let _inside = runtime.enter();
    let server = Server::new_with_acceptor(TcpAcceptor::from_tokio(listener)?);
    runtime.spawn(server.run(handler));
    Ok(address)
}

/// Composes both subgraphs with the program.
fn compose(folder: &Path, ours: SocketAddr, subgraph: SocketAddr) -> anyhow::Result<PathBuf> {
    fs::write(folder.join("partner.graphql"), SUBGRAPH_SDL)?;
    let config = folder.join("compose.toml");
    fs::write(
        &config,
        format!(
            "public_url = 'http://{ours}/'\n[[subgraph]]\nname = 'partner'\n\
             url = 'http://{subgraph}/graphql'\nsdl = 'partner.graphql'\n"
        ),
    )?;
    let program = env!("CARGO_BIN_EXE_wegwijzer");
    let composed = Command::new(program).arg("compose").arg("--config").arg(&config).output()?;
    anyhow::ensure!(composed.status.success(), "{}", String::from_utf8_lossy(&composed.stderr));
    let file = folder.join("supergraph.graphql");
    fs::write(&file, composed.stdout)?;
    Ok(file)
}

/// Queries of two words.
fn queries(installation: &Installation) -> Vec<String> {
    let has_two_words = |query: &&String| query.split_whitespace().count() == 2;
    installation.queries.iter().filter(has_two_words).take(QUERIES).cloned().collect()
}

/// A pipeline for the knowledge base, with a supergraph if one is given.
fn pipeline(
    installation: &Installation,
    runtime: &Runtime,
    supergraph: Option<&Path>,
) -> anyhow::Result<Arc<Pipeline>> {
    let listen = Some("127.0.0.1:0".to_owned());
    let overrides = Overrides { listen, ..Overrides::default() };
    let mut config = Config::load(Some(&installation.write_config()?), &overrides)?;
    config.clock = Clock::Fixed(now());
    config.federation.supergraph = supergraph.map(Path::to_owned);
    config.federation.local_subgraph = Some("wegwijzer".to_owned());
    Ok(Arc::clone(runtime.block_on(App::build(config))?.pipeline()))
}

/// Executes an operation, which must have no errors.
fn execute(runtime: &Runtime, pipeline: &Pipeline, text: &str, words: &str) -> anyhow::Result<()> {
    let variables = serde_json::from_value(json!({ "words": words }))?;
    // A private request is executed each time.
    let cache_scope = CacheScope::Private;
    let request = GraphqlRequest {
        document: text.into(),
        variables,
        cache_scope,
        ..GraphqlRequest::default()
    };
    let response = runtime.block_on(pipeline.handle(request));
    anyhow::ensure!(matches!(response.outcome, Outcome::Complete(_)), "{:?}", response.outcome);
    Ok(())
}

/// Executes one query in one variant.
type RunVariant<'a> = &'a dyn Fn(&str) -> anyhow::Result<()>;

/// Measures the variants in this process in turn; processor time includes the other subgraph.
fn in_process(
    installation: &Installation,
    runtime: &Runtime,
    supergraph: &Path,
    queries: &[String],
    table: &mut Table,
) -> anyhow::Result<()> {
    let alone = pipeline(installation, runtime, None)?;
    let composed = pipeline(installation, runtime, Some(supergraph))?;
    let number = Cell::new(0);
    let uncached_query = || {
        number.set(number.get() + 1);
        format!("{BOTH} # {}", number.get())
    };
    let variants: [(&str, RunVariant<'_>); 4] = [
        ("local graph only", &|words| execute(runtime, &alone, OURS, words)),
        ("composed, local subgraph only", &|words| execute(runtime, &composed, OURS, words)),
        ("composed, both subgraphs", &|words| execute(runtime, &composed, BOTH, words)),
        ("composed, both subgraphs, uncached plan", &|words| {
            execute(runtime, &composed, &uncached_query(), words)
        }),
    ];
    let mut samples: Vec<_> = variants.iter().map(|_| Samples::default()).collect();
    for round in 0..=ROUNDS {
        for (query_index, words) in queries.iter().enumerate() {
            for offset in 0..variants.len() {
                // The order varies, so that no variant is always first or follows the same one.
                let step = if (query_index + round) % 2 == 0 { 1 } else { variants.len() - 1 };
                let variant_index = (offset * step + query_index / 2) % variants.len();
                let (timing, result) = Timing::measure(|| variants[variant_index].1(words));
                result?;
                if round > 0 {
                    samples[variant_index].add(timing);
                }
            }
        }
    }
    table.head("ten hits of two words, 7 fields each");
    for ((name, _), variant_samples) in variants.iter().zip(&samples) {
        table.row(name, variant_samples, &samples[0], "");
    }
    Ok(())
}

/// Another router, which is stopped when dropped.
struct OtherRouter {
    child: Child,
    address: SocketAddr,
}

impl Drop for OtherRouter {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl OtherRouter {
    fn start(program: &str, folder: &Path, supergraph: &Path) -> anyhow::Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let config = folder.join("other.yaml");
        let path = serde_json::to_string(supergraph)?;
        fs::write(
            &config,
            format!(
                "supergraph:\n  source: file\n  path: {path}\nhttp:\n  host: 127.0.0.1\n  port: {port}\n"
            ),
        )?;
        let child = Command::new(program)
            .env("ROUTER_CONFIG_FILE_PATH", &config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("{OTHER_ROUTER_ENV}: `{program}`"))?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let other = Self { child, address };
        let until = Instant::now() + Duration::from_secs(30);
        while Client::connect(address).is_err() {
            anyhow::ensure!(
                Instant::now() < until,
                "the other router did not start listening within 30 s"
            );
            thread::sleep(Duration::from_millis(50));
        }
        Ok(other)
    }
}

/// Compares routers with the same subgraphs, in turn. The subgraphs have cached all responses.
fn side_by_side(
    folder: &Path,
    supergraph: &Path,
    knowledge_base: &ServerProcess,
    queries: &[String],
    table: &mut Table,
) -> anyhow::Result<()> {
    let file = supergraph.to_str().context("supergraph path is not valid UTF-8")?;
    let ours = ServerProcess::start_with(&["--supergraph", file])?;
    let other = env::var(OTHER_ROUTER_ENV).ok();
    let other =
        other.map(|program| OtherRouter::start(&program, folder, supergraph)).transpose()?;
    let mut routers = vec![("wegwijzer, both over HTTP", ours.address, ours.process_id())];
    routers.extend(
        other.iter().map(|one| ("hive-router, both over HTTP", one.address, one.child.id())),
    );
    let body =
        |words: &String| json!({ "query": BOTH, "variables": { "words": words } }).to_string();
    let bodies: Vec<_> = queries.iter().map(body).collect();
    let post = |address, body: &String| -> anyhow::Result<Value> {
        Ok(serde_json::from_slice(Client::connect(address)?.post_graphql(body)?)?)
    };
    for body in &bodies {
        let expected = post(ours.address, body)?;
        for (name, address, _) in &routers {
            anyhow::ensure!(post(*address, body)? == expected, "unexpected response from {name}");
        }
    }
    let mut results: Vec<_> = routers.iter().map(|_| (Vec::new(), 0.0_f64)).collect();
    for round in 0..=CONCURRENT_ROUNDS {
        for ((_, address, _), (times, best)) in routers.iter().zip(&mut results) {
            let (mut of_round, rate) = run_concurrently(*address, &bodies)?;
            if round > 0 {
                times.append(&mut of_round);
                *best = best.max(rate);
            }
        }
    }
    table.head(&format!("two subgraphs, {CONNECTIONS} connections"));
    if other.is_none() {
        table.line(
            "hive-router",
            None,
            &format!("not measured: set `{OTHER_ROUTER_ENV}` to the router executable"),
        );
    }
    for ((name, _, process), (times, rate)) in routers.iter().zip(&mut results) {
        times.sort_unstable();
        let at = |permille: usize| {
            let time = times[(times.len() - 1) * permille / 1_000];
            format!("{:.1} ms", time.as_secs_f64() * 1e3)
        };
        let (median, p99, last) = (at(500), at(990), at(999));
        let (own, files) = memory_of(*process)?;
        let (own, files) = (megabytes(own), megabytes(files));
        let times = format!("median {median}, p99 {p99}, p99.9 {last}");
        table.line(
            name,
            None,
            &format!("{rate:.0} responses/s; {times}; {own} own, {files} of files"),
        );
    }
    let (own, files) = knowledge_base.memory()?;
    let summary = format!("{} own, {} of files", megabytes(own), megabytes(files));
    table.line("local subgraph server", None, &summary);
    Ok(())
}

/// Response times of all connections in one round, and responses per second.
fn run_concurrently(
    address: SocketAddr,
    bodies: &[String],
) -> anyhow::Result<(Vec<Duration>, f64)> {
    let began = Instant::now();
    let times = responses(address, CONNECTIONS, bodies, |_| began.elapsed() < ROUND_DURATION)?;
    let rate = f64::from(u32::try_from(times.len())?) / began.elapsed().as_secs_f64();
    Ok((times, rate))
}
