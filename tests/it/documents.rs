//! README and manuals compared with the program: queries and their responses, configuration,
//! commands, and tables of errors, metrics, limits and log messages.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use federation::error::ErrorCode;
use gateway::config::{Config, Limits, Overrides};
use indexer::ingest::config::Field;
use serde_json::Value;

use crate::{
    support::{Installation, files_below, program, repository},
    test_server::{Server, subgraph_config},
};

/// The README and every manual, with their paths.
fn documents() -> Vec<(PathBuf, String)> {
    let manuals = files_below(&repository().join("gateway/docs")).into_iter();
    let paths = manuals.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let paths = paths.chain([repository().join("README.md")]);
    paths.map(|path| (path.clone(), fs::read_to_string(path).expect("utf-8"))).collect()
}

fn manual(name: &str) -> String {
    fs::read_to_string(repository().join("gateway/docs").join(name)).expect("a manual")
}

/// The code blocks of a document: the info string of the fence, and the content.
fn blocks(document: &str) -> Vec<(&str, &str)> {
    let blocks = document.split("```").skip(1).step_by(2);
    blocks.map(|block| block.split_once('\n').expect("a fence ends its line")).collect()
}

/// The cells of the table whose header starts with `header`, by row.
fn table<'a>(document: &'a str, header: &str) -> Vec<Vec<&'a str>> {
    let lines = document.lines().skip_while(|line| !line.starts_with(header)).skip(2);
    let rows = lines.take_while(|line| line.starts_with('|'));
    let rows: Vec<_> = rows
        .map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect::<Vec<_>>())
        .collect();
    assert!(!rows.is_empty(), "missing table: {header}");
    rows
}

/// The text of a cell in backticks.
fn code(cell: &str) -> &str {
    cell.strip_prefix('`').and_then(|cell| cell.strip_suffix('`')).expect("a cell in backticks")
}

#[test]
fn every_query_must_return_the_response_shown() {
    let (_installation, server) = Server::demo();
    let mut shown = BTreeMap::new();
    let mut different = Vec::new();
    for (path, document) in documents() {
        let blocks = blocks(&document);
        for pair in blocks.windows(2) {
            let [("graphql", query), ("json", response)] = pair else { continue };
            let response: Value = serde_json::from_str(response).expect("json");
            let actual = server.query(query);
            if actual != response {
                different.push(format!("{}: {query}\n{actual}", path.display()));
            }
            *shown.entry(path.clone()).or_insert(0) += 1;
        }
        let queries = blocks.iter().filter(|(language, _)| *language == "graphql").count();
        assert_eq!(shown.get(&path).copied().unwrap_or(0), queries, "{}", path.display());
    }
    assert!(different.is_empty(), "responses differ:\n{}", different.join("\n\n"));
    assert_eq!(shown.get(&repository().join("README.md")), Some(&3));
}

#[test]
fn every_configuration_must_be_valid() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wegwijzer.toml");
    fs::copy(repository().join("gateway/web/icon.svg"), folder.path().join("logo.svg")).unwrap();
    for (path, document) in documents() {
        for (_, text) in blocks(&document).iter().filter(|(language, _)| *language == "toml") {
            fs::write(&file, text).unwrap();
            let config = Config::load(Some(&file), &Overrides::default());
            assert!(config.is_ok(), "{}: {config:?}\n{text}", path.display());
        }
    }
}

#[test]
fn every_canonical_field_must_be_in_the_manual() {
    let sources = manual("sources.md");
    let fields = names(table(&sources, "| Kind | Fields |").iter().map(|row| row[1]));
    assert_eq!(fields, Field::ALL.iter().map(|field| field.name()).collect());
    let objects = table(&sources, "| Field | Keys |");
    for field in Field::ALL.iter().filter(|field| !field.subfields().is_empty()) {
        let row = objects.iter().find(|row| row[0] == format!("`{field}`"));
        let keys = names(row.map(|row| row[1].split(';').next().expect("keys")).into_iter());
        assert_eq!(keys, field.subfields().iter().copied().collect(), "{field}");
    }
}

/// The texts in backticks.
fn names<'a>(cells: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn the_table_of_errors_must_match_the_program() {
    let graphql = manual("graphql.md");
    let documented = table(&graphql, "| Code | HTTP status |");
    let expected: Vec<_> = ErrorCode::ALL
        .iter()
        .map(|code| {
            let (name, status) = (format!("`{}`", code.name()), code.http_status().to_string());
            vec![name, status, code.cause().to_owned(), code.remedy().to_owned()]
        })
        .collect();
    assert_eq!(documented, expected);
}

/// `/metrics` of a server that has a value for each metric and label.
pub(crate) fn all_metrics() -> String {
    let installation = Installation::small();
    installation.build();
    let name = schema::SourceName::new("items").expect("a name");
    let run = indexer::sync::SourceRun {
        completeness: indexer::sync::Completeness::Complete,
        ..indexer::sync::SourceRun::failed(crate::support::clock(), String::new())
    };
    let mut health = indexer::source_health::SourceHealth::default();
    health.record(&run);
    health.next_run_at = Some(run.at);
    let health = [(name, health)].into();
    indexer::source_health::write(&installation.data(), &health).expect("writable");
    let sdl = installation.path().join("partner.graphql");
    let link = "@link(url: \"https://specs.apollo.dev/federation/v2.5\", import: [\"@key\"])";
    let community = "type Community @key(fields: \"id\") { id: ID! members: Int! }";
    fs::write(&sdl, format!("extend schema {link}\n{community}\n")).unwrap();
    let url = "http://127.0.0.1:1/graphql".parse().unwrap();
    let config = "data = 'data'\n[[partner]]\nname = 'portaal'\nkeys = ['wk_0123456789abcdef']\n";
    let path = installation.path().join("partner.toml");
    fs::write(&path, config).unwrap();
    let partners = Config::load(Some(&path), &Overrides::default()).unwrap().partners;
    let server = Server::with(&installation, |config| {
        config.subgraphs = vec![subgraph_config("partner", url, Some(sdl))];
        config.partners = partners;
    });
    server.query("{ __typename }");
    let mut text = String::new();
    for _ in 0..100 {
        text = server.get("/metrics").body;
        if text.contains("subgraph=\"partner\"") {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    text
}

#[test]
fn the_table_of_metrics_must_match_the_server() {
    let operation = manual("operation.md");
    let documented: BTreeSet<Vec<String>> = table(&operation, "| Metric | Type |")
        .into_iter()
        .map(|row| row.into_iter().map(str::to_owned).collect())
        .collect();
    assert_eq!(documented, exposed_metrics(&all_metrics()));
}

/// A row for each metric in `OpenMetrics` text.
fn exposed_metrics(text: &str) -> BTreeSet<Vec<String>> {
    let mut metrics: BTreeMap<&str, [&str; 3]> = BTreeMap::new();
    let mut labels: BTreeMap<&str, String> = BTreeMap::new();
    for line in text.lines() {
        let description: Vec<_> = line.splitn(4, ' ').collect();
        if let ["#", keyword, name, value] = *description {
            let column = ["TYPE", "UNIT", "HELP"].iter().position(|k| *k == keyword);
            metrics.entry(name).or_default()[column.expect("a keyword")] = value;
        } else if let Some((name, sample)) = line.split_once('{') {
            let names = sample.split("\",").filter_map(|label| label.split_once("=\""));
            let names = names.map(|(name, _)| name).filter(|name| *name != "le");
            let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
            labels.insert(name, names.join(", "));
        }
    }
    let row = |(name, [kind, unit, help]): (&str, [&str; 3])| {
        let name = if kind == "counter" { format!("{name}_total") } else { name.to_owned() };
        let labels = labels.get(&*name).cloned().unwrap_or_default();
        let help = help.trim_end_matches('.');
        vec![format!("`{name}`"), kind.to_owned(), labels, unit.to_owned(), help.to_owned()]
    };
    metrics.into_iter().map(row).collect()
}

#[test]
fn a_limit_must_have_the_default_that_the_manual_shows() {
    let operation = manual("operation.md");
    let defaults = serde_json::to_value(Limits::default()).unwrap();
    for row in table(&operation, "| Limit | Default |") {
        let default = defaults[code(row[0])].as_f64();
        assert_eq!(row[1].replace(',', "").parse().ok(), default, "{row:?}");
    }
}

#[test]
fn a_log_message_of_the_manual_must_be_in_the_source_code() {
    let sources = ["gateway/src", "gateway/federation/src"].map(|folder| repository().join(folder));
    let sources = sources.iter().flat_map(|folder| files_below(folder));
    let is_rust = |path: &PathBuf| path.extension() == Some("rs".as_ref());
    let code_text: String = sources.filter(is_rust).map(|path| read(&path)).collect();
    for row in table(&manual("operation.md"), "| Message | Level |") {
        let message = format!("\"{}\"", code(row[0]));
        assert!(code_text.contains(&message), "no such log message: {message}");
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("utf-8")
}

#[test]
fn every_command_must_be_in_the_manual() {
    let help = std::process::Command::new(program()).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands = commands.map_while(|line| line.split_whitespace().next());
    let commands: BTreeSet<_> = commands.filter(|command| *command != "help").collect();
    let operation = manual("operation.md");
    let documented = table(&operation, "| Command | Effect |").into_iter();
    let documented = documented.map(|row| code(row[0]).split(' ').nth(1).expect("a command"));
    assert_eq!(documented.collect::<BTreeSet<_>>(), commands);
}

/// `UPDATE_REFERENCE=1` rewrites the manual.
#[test]
fn the_configuration_manual_must_be_the_printed_reference() {
    let printed = std::process::Command::new(program()).args(["config", "reference"]).output();
    let printed = String::from_utf8(printed.unwrap().stdout).unwrap();
    let path = repository().join("gateway/docs/configuration.md");
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        fs::write(&path, &printed).unwrap();
    }
    let outdated = "outdated; run the test with `UPDATE_REFERENCE=1`";
    assert!(printed == manual("configuration.md"), "{}: {outdated}", path.display());
}
