//! Alerts, their runbooks, the dashboard and `/status`, compared with the metrics of the server.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use indexer::{
    source_health,
    sync::{Completeness, SourceRun},
};
use jiff::SignedDuration;
use regex::Regex;
use schema::SourceName;
use serde_json::Value;

use crate::{
    documents::all_metrics,
    server::Program,
    support::{Installation, clock, files_below, repository},
    test_server::{Server, subgraph_config},
};

/// If set, `promtool` is required.
const REQUIRE_ENV: &str = "REQUIRE_PROMETHEUS";
/// Labels that Prometheus adds.
const TARGET_LABELS: [&str; 2] = ["job", "instance"];

fn monitoring(file: &str) -> PathBuf {
    repository().join("gateway/monitoring").join(file)
}

fn yaml(file: &str) -> Value {
    let text = fs::read_to_string(monitoring(file)).expect("a file");
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("not a list: {value}"))
}

fn rules() -> Vec<Value> {
    list(&yaml("alerts.yml")["groups"][0]["rules"]).to_vec()
}

/// All values below `value` with this key.
fn values_of<'a>(value: &'a Value, key: &str) -> Vec<&'a str> {
    match value {
        Value::Object(object) => object
            .iter()
            .flat_map(|(name, value)| match value {
                Value::String(text) if name == key => vec![text.as_str()],
                value => values_of(value, key),
            })
            .collect(),
        Value::Array(array) => array.iter().flat_map(|value| values_of(value, key)).collect(),
        _ => Vec::new(),
    }
}

fn dashboard() -> Value {
    let json = fs::read_to_string(monitoring("dashboard.json")).expect("a file");
    serde_json::from_str(&json).expect("JSON")
}

/// The queries of the panels, and those of the variables.
fn dashboard_queries(dashboard: &Value) -> (Vec<&str>, Vec<&str>) {
    let variables = list(&dashboard["templating"]["list"]).iter();
    let variables = variables.filter(|variable| variable["type"] == "query");
    (
        values_of(&dashboard["panels"], "expr"),
        variables.map(|variable| text(&variable["query"]["query"])).collect(),
    )
}

/// The metrics of the server as Prometheus stores them, with the names of their labels.
fn exported() -> BTreeMap<String, BTreeSet<String>> {
    let label = Regex::new(r#"([a-z_]+)=""#).unwrap();
    let mut metrics = BTreeMap::<String, BTreeSet<String>>::new();
    for line in all_metrics().lines().filter(|line| !line.starts_with('#')) {
        let (sample, _) = line.rsplit_once(' ').expect("a value");
        let (name, labels) = sample.split_once('{').unwrap_or((sample, ""));
        let labels = label.captures_iter(labels).map(|found| found[1].to_owned());
        metrics.entry(name.to_owned()).or_default().extend(labels);
    }
    metrics
}

/// What a query selects that the server does not export.
fn unknown(query: &str, exported: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let selector = Regex::new(r"\b((?:wegwijzer|process)_[a-z_]+)(?:\{([^}]*)\})?").unwrap();
    let matcher = Regex::new(r"([a-z_]+)\s*(?:=~|!~|!=|=)").unwrap();
    let grouping = Regex::new(r"\b(?:by|on)\s*\(([^)]*)\)").unwrap();
    let mut found = Vec::new();
    let mut grouped: BTreeSet<&str> = TARGET_LABELS.into();
    for selected in selector.captures_iter(query) {
        let name = selected.get(1).expect("a group").as_str();
        let Some(labels) = exported.get(name) else {
            found.push(format!("no metric `{name}`: {query}"));
            continue;
        };
        grouped.extend(labels.iter().map(String::as_str));
        for matched in matcher.captures_iter(selected.get(2).map_or("", |group| group.as_str())) {
            let label = &matched[1];
            if !labels.contains(label) && !TARGET_LABELS.contains(&label) {
                found.push(format!("no label `{label}` of `{name}`: {query}"));
            }
        }
    }
    let labels = grouping.captures_iter(query).map(|found| found[1].to_owned());
    let labels: Vec<String> = labels.collect();
    for label in labels.iter().flat_map(|labels| labels.split(',')).map(str::trim) {
        if !grouped.contains(label) {
            found.push(format!("no label `{label}`: {query}"));
        }
    }
    found
}

#[test]
fn alerts_and_dashboard_must_use_metrics_and_labels_that_the_server_exports() {
    let exported = exported();
    let (rules, dashboard) = (rules(), dashboard());
    let (panels, variables) = dashboard_queries(&dashboard);
    assert!(panels.len() > 20, "{}", panels.len());
    let alerts = rules.iter().map(|rule| text(&rule["expr"]));
    let queries = alerts.chain(panels).chain(variables);
    let unknown: Vec<_> = queries.flat_map(|query| unknown(query, &exported)).collect();
    assert_eq!(unknown, Vec::<String>::new());
}

#[test]
fn an_unknown_metric_or_label_must_be_found() {
    let labels = ["status".to_owned()].into();
    let exported = BTreeMap::from([("wegwijzer_http_responses_total".to_owned(), labels)]);
    for (query, count) in [
        (
            "sum by (status) (rate(wegwijzer_http_responses_total{status=~\"5..\", job=\"a\"}[5m]))",
            0,
        ),
        ("wegwijzer_http_responses", 1),
        ("wegwijzer_http_responses_total{code=\"500\"}", 1),
        ("sum by (code) (wegwijzer_http_responses_total)", 1),
    ] {
        assert_eq!(unknown(query, &exported).len(), count, "{query}");
    }
}

#[test]
fn every_alert_must_have_a_runbook_and_tests_that_fire_and_that_do_not() {
    let tests = yaml("alerts.test.yml");
    let checks: Vec<&Value> =
        list(&tests["tests"]).iter().flat_map(|test| list(&test["alert_rule_test"])).collect();
    let operation = fs::read_to_string(repository().join("gateway/docs/operation.md")).unwrap();
    let mut runbooks = BTreeSet::new();
    for rule in rules() {
        let name = text(&rule["alert"]);
        let fires = |fires: bool| {
            let checks = checks.iter().filter(|check| check["alertname"] == name);
            checks.filter(|check| list(&check["exp_alerts"]).is_empty() != fires).count() > 0
        };
        assert!(fires(true) && fires(false), "{name} lacks a test");
        let path = text(&rule["annotations"]["runbook_url"]);
        let runbook = fs::read_to_string(repository().join(path)).expect("a runbook");
        assert!(runbook.starts_with(&format!("# {name}\n")), "{path} is about another alert");
        for section in ["## Meaning", "## Find the cause", "## Remedy"] {
            assert!(runbook.contains(section), "{path} lacks `{section}`");
        }
        let link = path.strip_prefix("gateway/docs/").expect("a manual");
        assert!(operation.contains(&format!("[`{name}`]({link})")), "{name} is not in the manual");
        runbooks.insert(repository().join(path));
    }
    assert_eq!(runbooks.len(), 8);
    let files = files_below(&repository().join("gateway/docs/runbooks"));
    assert_eq!(files.into_iter().collect::<BTreeSet<_>>(), runbooks);
}

/// Runs `promtool`; nothing if it is not installed.
fn promtool(arguments: &[&str], file: &Path) {
    let Ok(output) = Command::new("promtool").args(arguments).arg(file).output() else {
        assert!(env::var_os(REQUIRE_ENV).is_none(), "`promtool` is not installed");
        // Not `eprintln!`: the test harness would capture the line.
        let _ = writeln!(std::io::stderr(), "skipped: `promtool` is not installed");
        return;
    };
    let output = [output.stdout, output.stderr].concat();
    let output = String::from_utf8_lossy(&output);
    assert!(output.contains("SUCCESS") && !output.contains("FAILED"), "{output}");
}

#[test]
fn alerts_must_fire_as_tested() {
    promtool(&["check", "rules"], &monitoring("alerts.yml"));
    promtool(&["test", "rules"], &monitoring("alerts.test.yml"));
}

#[test]
fn queries_of_the_dashboard_must_be_valid() {
    let dashboard = dashboard();
    let rule = |(number, query): (usize, &&str)| {
        let query = query.replace("$__rate_interval", "5m").replace('\n', " ");
        format!("  - record: panel:{number}\n    expr: {}\n", Value::from(query))
    };
    let rules: String = dashboard_queries(&dashboard).0.iter().enumerate().map(rule).collect();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("rules.yml");
    fs::write(&file, format!("groups:\n- name: dashboard\n  rules:\n{rules}")).unwrap();
    promtool(&["check", "rules"], &file);
}

/// The list of alerts on `/status`, in Dutch and English, once `ready`.
fn status(get: impl Fn(&str) -> String, ready: impl Fn(&str) -> bool) -> [String; 2] {
    let started = Instant::now();
    loop {
        let pages = ["/status", "/en/status"].map(|path| {
            let page = get(path);
            let (_, rest) = page.split_once("class=\"lead\"").expect("a summary");
            rest.split_once("<h2").expect("a section").0.to_owned()
        });
        if ready(&pages[0]) {
            return pages;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{pages:?}");
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn status_must_report_sources_and_subgraphs_that_fail() {
    let installation = Installation::small();
    installation.build();
    let name = |name: &str| SourceName::new(name).expect("a name");
    let failed = SourceRun::failed(clock(), "site.example responded with status 500".to_owned());
    let complete = |hours: i64| SourceRun {
        completeness: Completeness::Complete,
        ..SourceRun::failed(clock() - SignedDuration::from_hours(hours), String::new())
    };
    let runs =
        [(name("items"), failed), (name("lines"), complete(25)), (name("more"), complete(23))];
    source_health::record(&installation.data(), &runs).expect("writable");
    let server = Server::of(&installation);
    let page = |path: &str| server.get(path).body;
    let [dutch, english] = status(page, |_| true);
    assert!(dutch.contains("De bron items kon niet worden opgehaald"), "{dutch}");
    assert!(dutch.contains("De bron lines is langer dan een dag niet volledig"), "{dutch}");
    assert!(english.contains("The source items could not be retrieved"), "{english}");
    assert!(english.contains("The source lines has not been retrieved completely"), "{english}");
    assert!(!dutch.contains("more") && !dutch.contains("kennisbank is"), "{dutch}");
}

#[test]
fn status_must_report_a_subgraph_that_is_not_called() {
    let installation = Installation::small();
    installation.build();
    let sdl = installation.path().join("partner.graphql");
    let link = "@link(url: \"https://specs.apollo.dev/federation/v2.5\", import: [\"@key\"])";
    fs::write(&sdl, format!("extend schema {link}\ntype Query {{ courses: Int }}\n")).unwrap();
    let url = "http://127.0.0.1:1/graphql".parse().unwrap();
    let server = Server::with(&installation, |config| {
        config.subgraphs = vec![subgraph_config("leren", url, Some(sdl))];
    });
    let page = |path: &str| {
        server.post(&serde_json::json!({ "query": "{ courses }" }));
        server.get(path).body
    };
    let [_, english] = status(page, |page| page.contains("De dienst leren is niet bereikbaar"));
    assert!(english.contains("The service leren cannot be reached"), "{english}");
}

#[test]
fn status_must_report_failed_and_rejected_requests() {
    let installation = Installation::small();
    installation.build();
    let program = Program::serve(&installation, "", "search=1*panic(broken)->off");
    let page = |path: &str| program.get(path).body;
    let [dutch, english] = status(page, |_| true);
    assert!(dutch.contains("De kennisbank is in orde") && english.contains("in good order"));
    program.query("{ search(query: \"brief\") { totalCount } }");
    let [dutch, english] = status(page, |_| true);
    assert!(dutch.contains("iets misgegaan") && !dutch.contains("in orde"), "{dutch}");
    assert!(english.contains("something went wrong") && !english.contains("busy"), "{english}");

    let installation = Installation::small();
    installation.build();
    let config = "[limits]\nconcurrent_searches_max = 1\nsearch_wait_ms_max = 50";
    let program = Program::serve(&installation, config, "search=sleep(1000)");
    thread::scope(|scope| {
        for n in 0..2 {
            let program = &program;
            scope.spawn(move || {
                program.query(&format!("{{ search(query: \"b{n}\") {{ totalCount }} }}"))
            });
        }
    });
    let [dutch, english] = status(|path| program.get(path).body, |_| true);
    assert!(dutch.contains("Het is druk") && english.contains("It is busy"), "{dutch}");
    assert!(!english.contains("went wrong"), "{english}");
}

#[test]
fn status_must_report_a_damaged_generation() {
    let installation = Installation::small();
    installation.build();
    installation.write_item("nieuw", "Een nieuw artikel");
    let number = installation.build();
    let manifest = installation.data().join(number.to_string()).join("manifest.json");
    fs::write(&manifest, "{").expect("writable");
    let server = Server::of(&installation);
    let [dutch, english] = status(|path| server.get(path).body, |_| true);
    assert!(dutch.contains("kennisbank is beschadigd"), "{dutch}");
    assert!(english.contains("knowledge base is damaged"), "{english}");
}
