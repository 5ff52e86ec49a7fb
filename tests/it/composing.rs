//! `wegwijzer compose`: our graph and those of partners as one, as an operator does it.

use std::{
    fs,
    process::{Command, Output},
};

use serde_json::Value;

use crate::support::program;

const LINK: &str =
    "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", import: [\"@key\"])\n";

/// Composes our graph and a partner with `sdl`, configured with `more`.
fn compose(sdl: &str, more: &str, flags: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("partner.graphql"), format!("{LINK}{sdl}")).unwrap();
    let config = folder.path().join("wegwijzer.toml");
    let partner = "[[subgraph]]\nname = 'partner'\nurl = 'https://partner.example/graphql'\n";
    fs::write(&config, format!("{partner}{more}\n")).unwrap();
    let mut command = Command::new(program());
    command.arg("compose").arg("--config").arg(&config).args(flags).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const FITS: &str = "type Community @key(fields: \"id\") { id: ID! members: Int! }";

#[test]
fn graphs_that_fit_must_be_printed_as_one() {
    let output = compose(FITS, "sdl = 'partner.graphql'", &[]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let supergraph = text(&output.stdout);
    for part in [
        "https://partner.example/graphql",
        "members: Int! @join__field(graph: PARTNER)",
        "http://127.0.0.1:8080/graphql",
    ] {
        assert!(supergraph.contains(part), "{part}: {supergraph}");
    }
    let output = compose(FITS, "sdl = 'partner.graphql'", &["--json"]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["supergraph"].as_str().unwrap().trim(), supergraph.trim());
}

#[test]
fn graphs_that_do_not_fit_must_be_told_with_every_reason_and_its_place() {
    let wrong = "type Theme @key(fields: \"id\") { id: ID! label: Int }
         type Query { odd: Community } type Community { other: String }";
    let output = compose(wrong, "sdl = 'partner.graphql'", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), "");
    let said = text(&output.stderr);
    assert!(said.lines().count() >= 2, "{said}");
    assert!(said.contains("Theme.label [wegwijzer, partner]"), "{said}");
    let output = compose(wrong, "sdl = 'partner.graphql'", &["--json"]);
    assert_eq!(output.status.code(), Some(1));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let problems = json["problems"].as_array().unwrap();
    let label = problems.iter().find(|one| one["field"] == "label").unwrap();
    assert_eq!(label["type"], "Theme");
}

#[test]
fn a_field_that_no_plan_can_get_must_be_named() {
    let away = "type Theme @key(fields: \"id\", resolvable: false) { id: ID! votes: Int }";
    let output = compose(away, "sdl = 'partner.graphql'", &[]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("Theme.votes [partner, wegwijzer]: no plan gets"), "{said}");
}

#[test]
fn a_partner_whose_sdl_cannot_be_had_must_be_named() {
    let output = compose(FITS, "sdl = 'other.graphql'", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("[partner] its SDL cannot be read"), "{output:?}");
}
