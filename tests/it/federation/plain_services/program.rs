//! The documented example: the program with the stand-in of a Pleio site.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::library::library_with;
use crate::{
    example_subgraphs::ExampleSubgraph,
    support::{Installation, program, repository},
    test_server::Server,
};

/// The code blocks in a language, of a document from a heading on.
fn blocks(document: &str, heading: &str, language: &str) -> Vec<String> {
    let text = fs::read_to_string(repository().join(document)).unwrap();
    let (_, section) = text.split_once(heading).unwrap_or_else(|| panic!("{heading}"));
    let blocks = section.split("```").skip(1).step_by(2);
    blocks
        .filter_map(|block| block.strip_prefix(language)?.strip_prefix('\n').map(str::to_owned))
        .collect()
}

/// The configuration in the manual, with another URL.
fn documented_mapping(url: &str) -> String {
    let blocks = blocks("gateway/docs/federation.md", "## Plain GraphQL services", "toml");
    let changed = blocks[0].replace("http://127.0.0.1:4003/graphql", url);
    assert_ne!(changed, blocks[0]);
    changed
}

/// The demo with the documented mapping, in a configuration file.
fn demo_with(url: &str, keys: &str) -> (Installation, PathBuf) {
    let installation = Installation::of("fixtures/demo.toml");
    installation.build();
    let file = installation.data().with_extension("toml");
    let polled = format!("[[subgraph]]\nsdl_poll_interval_s = 1\n{keys}");
    fs::write(&file, documented_mapping(url).replacen("[[subgraph]]", &polled, 1)).unwrap();
    (installation, file)
}

/// A server with the subgraphs of a configuration file.
fn server(installation: &Installation, file: &Path) -> Server {
    Server::with(installation, |config| {
        let from =
            gateway::config::Config::load(Some(file), &gateway::config::Overrides::default());
        config.subgraphs = from.unwrap().subgraphs;
    })
}

/// Repeats a query until the supergraph has its fields.
fn composed_response(server: &Server, query: &str) -> Value {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let response = server.post(&json!({ "query": query })).json();
        let is_unknown = response["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED";
        if !is_unknown {
            return response;
        }
        assert!(Instant::now() < until, "{response}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn the_documented_service_must_add_live_data() {
    let service = ExampleSubgraph::start("plain-pleio");
    let (installation, file) = demo_with(&service.url, "");
    let composed =
        Command::new(program()).arg("compose").arg("--config").arg(&file).output().unwrap();
    let supergraph = String::from_utf8(composed.stdout).unwrap();
    assert!(composed.status.success(), "{}", String::from_utf8_lossy(&composed.stderr));
    assert!(supergraph.contains("liveMemberCount: Int") && supergraph.contains("totalAccept"));
    for hidden in ["email", "maxAttendees", "GroupList", "Attendee ", "AttendeesList"] {
        assert!(!supergraph.contains(hidden), "{hidden}");
    }

    let server = server(&installation, &file);
    let readme = "**Add live data.**";
    let query = &blocks("README.md", readme, "gql")[0];
    let expected: Value = serde_json::from_str(&blocks("README.md", readme, "json")[0]).unwrap();
    assert_eq!(composed_response(&server, query), expected);
    let manual = blocks("gateway/docs/federation.md", "## Plain GraphQL services", "gql");
    let response = server.query(&manual[0]);
    assert_eq!(response.get("errors"), None, "{response}");
    let event = &response["data"]["events"]["nodes"][0];
    assert!(event["attendees"]["totalAccept"].is_u64(), "{response}");

    // Communities and events of other sources have no key of the service.
    let response =
        server.query("{ communities(first: 100) { nodes { platformUrl liveMemberCount } } }");
    assert_eq!(response.get("errors"), None, "{response}");
    let communities = response["data"]["communities"]["nodes"].as_array().unwrap();
    for community in communities {
        let url = community["platformUrl"].as_str().unwrap_or_default();
        let is_there = url.starts_with("https://platform.gebruikercentraal.example/groepen/")
            && !url.ends_with("usercentricities/");
        assert_eq!(community["liveMemberCount"].is_u64(), is_there, "{community}");
    }

    // Without the service, everything else stays. A new server composes the stored schema.
    drop(service);
    let partial = server.query("{ communities(first: 2) { nodes { title liveMemberCount } } }");
    assert!(partial["data"]["communities"]["nodes"][1]["title"].is_string(), "{partial}");
    assert_eq!(partial["errors"].as_array().unwrap().len(), 2, "{partial}");
    drop(server);
    let server = self::server(&installation, &file);
    let partial =
        composed_response(&server, "{ communities(first: 1) { nodes { title liveMemberCount } } }");
    assert!(partial["data"]["communities"]["nodes"][0]["title"].is_string(), "{partial}");
    assert_eq!(partial["errors"][0]["extensions"]["service"], "platform", "{partial}");
}

#[test]
fn another_subgraph_must_be_able_to_require_a_mapped_field() {
    let (service, leren) = (ExampleSubgraph::start("plain-pleio"), ExampleSubgraph::start("leren"));
    let (installation, file) = demo_with(&service.url, "");
    let more = format!("\n[[subgraph]]\nname = 'leren'\nurl = '{}'\n", leren.url);
    fs::write(&file, fs::read_to_string(&file).unwrap() + &more).unwrap();
    let server = server(&installation, &file);
    let query = "{ events(first: 3) { nodes { title isAlmostFull } } }";
    let response = composed_response(&server, query);
    assert_eq!(response.get("errors"), None, "{response}");
    let events = response["data"]["events"]["nodes"].as_array().unwrap();
    let of = |title: &str| events.iter().find(|event| event["title"] == title).unwrap();
    assert_eq!(of("Estafette Zorgplicht")["isAlmostFull"], false, "{response}");
    assert_eq!(of("Meeloopdag Klantcontact Merenland")["isAlmostFull"], true, "{response}");
}

#[test]
fn a_service_without_introspection_must_be_reported_with_the_remedy() {
    for (response, reason) in [
        (
            json!({ "errors": [{ "message": "introspection is disabled" }] }),
            "introspection is disabled",
        ),
        (json!({ "data": { "__schema": null } }), "no introspection result in the response"),
    ] {
        let service = library_with(move |_, _, _| response.clone());
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("wegwijzer.toml");
        let url = format!("http://{}/graphql", service.address);
        fs::write(&file, documented_mapping(&url)).unwrap();
        let mut command = Command::new(program());
        let output = command.arg("compose").arg("--config").arg(&file).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && text.contains(reason), "{text}");
        assert!(text.contains("save the schema of the service in a file and set `sdl`"), "{text}");
    }
}

#[test]
fn a_schema_must_be_read_from_a_file_or_reported_as_missing() {
    let folder = tempfile::tempdir().unwrap();
    let compose = |sdl: Option<&str>| {
        let file = folder.path().join("wegwijzer.toml");
        let mapping = documented_mapping("http://127.0.0.1:1/graphql");
        let keys =
            if sdl.is_some() { "[[subgraph]]\nsdl = \"pleio.graphql\"" } else { "[[subgraph]]" };
        fs::write(&file, mapping.replacen("[[subgraph]]", keys, 1)).unwrap();
        fs::write(folder.path().join("pleio.graphql"), sdl.unwrap_or_default()).unwrap();
        let output =
            Command::new(program()).arg("compose").arg("--config").arg(&file).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(text).unwrap())
    };
    let schema = "type Query { groups(guids: [String], limit: Int): GroupList entity(guid: String!): Entity }
        type GroupList { edges: [Group] } type Group { guid: String! memberCount: Int! }
        interface Entity { guid: String! }
        type Event implements Entity { guid: String! placesLeft: Int }
        extend type Event { attendees(limit: Int): AttendeesList }
        type AttendeesList { total: Int! totalAccept: Int! edges: [Attendee!] } type Attendee { name: String }";
    let (is_composed, text) = compose(Some(schema));
    assert!(is_composed, "{text}");
    assert!(text.contains("attendees(limit: Int): EventAttendees"), "{text}");
    let (is_composed, text) = compose(Some("type Query {"));
    assert!(!is_composed && text.contains("[platform] cannot parse SDL of `platform`"), "{text}");
    let (is_composed, text) = compose(Some(&schema.replace("totalAccept", "accepted")));
    assert!(!is_composed, "{text}");
    assert!(
        text.contains(
            "must be fields of `AttendeesList` of the service such as `total`, not `totalAccept`"
        ),
        "{text}"
    );
    let (is_composed, text) = compose(None);
    assert!(!is_composed && text.contains("[platform] cannot fetch SDL: unreachable"), "{text}");
}
