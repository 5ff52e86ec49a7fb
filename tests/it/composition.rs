//! `wegwijzer compose`: our graph and other subgraphs as one supergraph, on the command line.

use std::{
    fs,
    process::{Command, Output},
};

use serde_json::Value;

use crate::support::program;

const LINK: &str =
    "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", import: [\"@key\"])\n";

/// Composes our graph and a subgraph with `sdl`, with additional configuration `more`.
fn compose(sdl: &str, more: &str, flags: &[&str]) -> Output {
    compose_at("https://partner.example/graphql", sdl, more, flags)
}

/// The same, with the subgraph at `url`.
fn compose_at(url: &str, sdl: &str, more: &str, flags: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("partner.graphql"), format!("{LINK}{sdl}")).unwrap();
    let config = folder.path().join("wegwijzer.toml");
    let subgraph = format!("[[subgraph]]\nname = 'partner'\nurl = '{url}'\n");
    fs::write(&config, format!("{subgraph}{more}\n")).unwrap();
    let mut command = Command::new(program());
    command.arg("compose").arg("--config").arg(&config).args(flags).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const COMPOSABLE: &str = "type Community @key(fields: \"id\") { id: ID! members: Int! }";

#[test]
fn composable_subgraphs_must_be_printed_as_a_supergraph() {
    let output = compose(COMPOSABLE, "sdl = 'partner.graphql'", &[]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let supergraph = text(&output.stdout);
    for expected in [
        "https://partner.example/graphql",
        "members: Int! @join__field(graph: PARTNER)",
        "http://127.0.0.1:8080/graphql",
    ] {
        assert!(supergraph.contains(expected), "{expected}: {supergraph}");
    }
    let output = compose(COMPOSABLE, "sdl = 'partner.graphql'", &["--json"]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["supergraph"].as_str().unwrap().trim(), supergraph.trim());
}

#[test]
fn secrets_in_the_url_of_a_subgraph_must_be_masked_with_a_warning() {
    let url = "https://partner.example/graphql?key=secret";
    let output = compose_at(url, COMPOSABLE, "sdl = 'partner.graphql'", &[]);
    let (supergraph, warning) = (text(&output.stdout), text(&output.stderr));
    let masked = "https://partner.example/graphql?***";
    assert!(supergraph.contains(masked) && !supergraph.contains("secret"), "{supergraph}");
    assert!(warning.contains(masked) && !warning.contains("key=secret"), "{warning}");
    assert!(warning.contains("subgraph `partner`"), "{warning}");
}

#[test]
fn a_password_in_the_url_of_a_subgraph_must_be_rejected_and_not_shown() {
    let url = "https://user:secret@partner.example/graphql";
    let output = compose_at(url, COMPOSABLE, "sdl = 'partner.graphql'", &[]);
    let stderr = text(&output.stderr);
    assert!(!output.status.success(), "{stderr}");
    assert!(stderr.contains("`subgraph.url`") && stderr.contains("set a header"), "{stderr}");
    assert!(!stderr.contains("secret"), "{stderr}");
}

#[test]
fn composition_must_report_every_error_and_its_location() {
    let conflicting = "type Theme @key(fields: \"id\") { id: ID! label: Int }
         type Query { odd: Community } type Community { other: String }";
    let output = compose(conflicting, "sdl = 'partner.graphql'", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), "");
    let stderr = text(&output.stderr);
    assert!(stderr.lines().count() >= 2, "{stderr}");
    assert!(stderr.contains("Theme.label [wegwijzer, partner]"), "{stderr}");
    let output = compose(conflicting, "sdl = 'partner.graphql'", &["--json"]);
    assert_eq!(output.status.code(), Some(1));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let errors = json["errors"].as_array().unwrap();
    let label = errors.iter().find(|one| one["field"] == "label").unwrap();
    assert_eq!(label["type"], "Theme");
}

#[test]
fn an_unsatisfiable_field_must_be_named() {
    let unsatisfiable = "type Theme @key(fields: \"id\", resolvable: false) { id: ID! votes: Int }";
    let output = compose(unsatisfiable, "sdl = 'partner.graphql'", &[]);
    assert_eq!(output.status.code(), Some(1));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("Theme.votes [partner, wegwijzer]: no plan from"), "{stderr}");
}

#[test]
fn a_subgraph_whose_sdl_is_unavailable_must_be_named() {
    let output = compose(COMPOSABLE, "sdl = 'other.graphql'", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("[partner] cannot read SDL"), "{output:?}");
}
