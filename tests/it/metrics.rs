//! `/metrics`, parsed by other programs: the `OpenMetrics` parser of `prometheus_client` and a
//! Prometheus server.

use std::{
    env, fs,
    io::Write as _,
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    support::Installation,
    test_server::{Server, exchange},
};

/// Strictly parses `OpenMetrics` text and prints name, type and unit of every family as JSON.
const PARSE: &str = "
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
families = list(parse(sys.stdin.read()))
print(json.dumps({f.name: [f.type, f.unit, f.documentation] for f in families}))
";
/// Path of a Python interpreter with `prometheus_client`, which is required if the variable is set.
const PYTHON_ENV: &str = "PROMETHEUS_PYTHON";
/// If set, `prometheus` and `promtool` are required.
const REQUIRE_ENV: &str = "REQUIRE_PROMETHEUS";
/// Timeout for Prometheus to start and to scrape.
const SCRAPE_TIMEOUT: Duration = Duration::from_secs(30);

/// Not `eprintln!`: the test harness would capture the line.
fn skip(reason: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {reason}");
}

/// A server that has counted successful requests, client errors and a missing page.
fn used_server() -> (Installation, Server) {
    let (installation, server) = Server::demo();
    for query in ["{ catalog { generation } }", "{ search(query: \"taal\") { totalCount } }"] {
        server.query(query);
        server.query(query);
    }
    server.post(&json!({ "query": "{ nothing }" }));
    server.post(&json!({ "query": "{" }));
    server.get("/nothing");
    (installation, server)
}

#[test]
fn metrics_must_be_valid_openmetrics() {
    let python = env::var(PYTHON_ENV);
    let program = python.as_deref().unwrap_or("python3");
    let installed = Command::new(program).args(["-c", "import prometheus_client"]).output();
    if !installed.is_ok_and(|output| output.status.success()) {
        assert!(python.is_err(), "`{PYTHON_ENV}` has no prometheus_client: `{program}`");
        return skip(
            "install prometheus_client from PyPI, and name its Python in PROMETHEUS_PYTHON",
        );
    }
    let (_installation, server) = used_server();
    let families = parse(program, &server.get("/metrics").body);
    let families = families.as_object().expect("an object");
    let mut counters = 0;
    for (name, family) in families {
        assert!(name.starts_with("wegwijzer_") || name.starts_with("process_"), "{name}");
        let kind = family[0].as_str().expect("a type");
        assert!(["counter", "gauge", "histogram", "info"].contains(&kind), "{name}: {kind}");
        assert_ne!(family[2], "", "{name} has no help");
        counters += usize::from(kind == "counter");
    }
    assert!(counters > 5 && families.len() > 20, "{families:?}");
}

fn parse(python: &str, text: &str) -> Value {
    let mut parser = Command::new(python)
        .args(["-c", PARSE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python runs");
    parser.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("it reads");
    let output = parser.wait_with_output().expect("it ends");
    let problems = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{problems}\n{text}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A Prometheus server with a single target.
struct Prometheus {
    process: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Prometheus {
    fn scraping(target: SocketAddr) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = folder.path().join("prometheus.yml");
        let text = format!(
            "global: {{ scrape_interval: 1s, scrape_timeout: 1s }}\n\
             scrape_configs: [{{ job_name: wegwijzer, static_configs: [{{ targets: ['{target}'] }}] }}]\n"
        );
        fs::write(&config, text).expect("writable");
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = free.expect("a free port");
        let process = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("prometheus runs");
        Self { process, address, _folder: folder }
    }

    /// Repeats a request until its result is ready.
    fn request(&self, path: &str, ready: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        let mut last = None;
        while start.elapsed() < SCRAPE_TIMEOUT {
            last = try_get(self.address, path);
            if let Some(value) = last.as_ref().filter(|value| ready(value)) {
                return value.clone();
            }
            thread::sleep(Duration::from_millis(200));
        }
        panic!("no result of {path} after {SCRAPE_TIMEOUT:?}: {last:?}");
    }

    fn value(&self, query: &str) -> f64 {
        let path = format!("/api/v1/query?query={query}");
        let response = self.request(&path, |value| value["data"]["result"][0].is_object());
        let text = response["data"]["result"][0]["value"][1].as_str().expect("a value").to_owned();
        text.parse().expect("a number")
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn try_get(address: SocketAddr, path: &str) -> Option<Value> {
    TcpStream::connect(address).ok()?;
    serde_json::from_str(&exchange(address, &format!("GET {path} HTTP/1.0"), b"").body).ok()
}

#[test]
fn prometheus_must_scrape_metrics() {
    let installed = Command::new("prometheus").arg("--version").output().is_ok();
    if !installed {
        assert!(env::var_os(REQUIRE_ENV).is_none(), "`prometheus` is not installed");
        return skip("`prometheus` is not installed");
    }
    let (_installation, server) = used_server();
    let prometheus = Prometheus::scraping(server.address);
    let targets = prometheus.request("/api/v1/targets", |targets| {
        let target = &targets["data"]["activeTargets"][0];
        target["health"] == "up"
            || target["lastError"].as_str().is_some_and(|text| !text.is_empty())
    });
    let target = &targets["data"]["activeTargets"][0];
    assert_eq!(target["health"], "up", "{target}");
    let failures = "wegwijzer_graphql_requests_total%7Bcode%3D%22GRAPHQL_VALIDATION_FAILED%22%7D";
    assert!((prometheus.value(failures) - 1.0).abs() < f64::EPSILON);
    assert!(prometheus.value("wegwijzer_generation") > 0.0);
    let metadata = prometheus.request("/api/v1/metadata", |value| {
        value["data"].as_object().is_some_and(|families| families.len() > 20)
    });
    assert_eq!(metadata["data"]["wegwijzer_graphql_requests"][0]["type"], "counter", "{metadata}");
}
