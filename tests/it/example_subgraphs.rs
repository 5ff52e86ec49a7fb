//! A supergraph of our graph and the example subgraphs, composed from their SDL.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    support::{Installation, program},
    test_server::{Server, subgraph_config},
};

/// An example subgraph on a free port.
pub(crate) struct ExampleSubgraph {
    child: Child,
    pub(crate) url: String,
}

impl ExampleSubgraph {
    pub(crate) fn start(name: &str) -> Self {
        Self::start_at(name, "127.0.0.1:0")
    }

    fn start_at(name: &str, address: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_example-subgraph"));
        let child = command.args([name, address]).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stderr.take().expect("piped")).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening address=").expect("an address");
        Self { url: format!("http://{address}/graphql"), child }
    }
}

impl Drop for ExampleSubgraph {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs `compose` with our graph and subgraphs at the given URLs.
fn compose(subgraphs: &[(&str, &str)]) -> std::process::Output {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("wegwijzer.toml");
    let table = |(name, url): &(&str, &str)| {
        format!("[[subgraph]]\nname = '{name}'\nurl = '{url}'\ntimeout_ms = 2000\nretries = 0\n")
    };
    fs::write(&config, subgraphs.iter().map(table).collect::<String>()).unwrap();
    Command::new(program()).arg("compose").arg("--config").arg(&config).output().unwrap()
}

#[test]
fn one_query_must_be_resolved_by_us_and_both_subgraphs() {
    let (pleio, leren) = (ExampleSubgraph::start("pleio"), ExampleSubgraph::start("leren"));
    let composed = compose(&[("pleio", &pleio.url), ("leren", &leren.url)]);
    assert!(composed.status.success(), "{}", String::from_utf8_lossy(&composed.stderr));
    let installation = Installation::of("fixtures/demo.toml");
    installation.build();
    let supergraph = installation.data().with_extension("graphql");
    fs::write(&supergraph, &composed.stdout).unwrap();
    let server = Server::with(&installation, |config| {
        config.federation.supergraph = Some(supergraph);
        config.federation.local_subgraph = Some("wegwijzer".to_owned());
    });
    let response = server.query(
        "{ communities(first: 3) { nodes { title members discussions { title } } }
           events(first: 3) { nodes { title placesLeft isAlmostFull
             courses { __typename name ... on Workshop { seats } } } }
           discussions { title replies } }",
    );
    assert_eq!(response.get("errors"), None, "{response}");
    let data = &response["data"];
    for community in data["communities"]["nodes"].as_array().expect("a list") {
        assert!(community["title"].is_string() && community["members"].is_u64(), "{community}");
        assert_eq!(community["discussions"][0]["title"], "Welkom");
    }
    for event in data["events"]["nodes"].as_array().expect("a list") {
        let left = event["placesLeft"].as_u64().expect("a number");
        assert_eq!(event["isAlmostFull"], Value::Bool(left < 10), "{event}");
        assert_eq!(event["courses"][0]["seats"], 16, "{event}");
        assert_eq!(event["courses"][1]["__typename"], "Online", "{event}");
    }
    assert_eq!(data["discussions"][0]["replies"], 3);
}

#[test]
fn an_unreachable_subgraph_must_be_named() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = compose(&[("gone", &format!("http://{gone}/graphql"))]);
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("[gone] cannot fetch SDL: unreachable"), "{stderr}");
}

#[test]
fn an_unreachable_subgraph_must_be_composed_once_reachable_and_stay_after_it_fails() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{free}/graphql");
    let installation = Installation::of("fixtures/demo.toml");
    installation.build();
    let server = server_with_subgraph(&installation, &url);
    let own = server.query("{ communities(first: 1) { nodes { title } } }");
    assert!(own["data"]["communities"]["nodes"][0]["title"].is_string(), "{own}");
    assert_eq!(state(&server), ("UNAVAILABLE".to_owned(), 0, 0));

    let subgraph = ExampleSubgraph::start_at("pleio", &free.to_string());
    let both = "{ communities(first: 1) { nodes { title members } } }";
    let until = Instant::now() + Duration::from_secs(30);
    let composed = loop {
        let response = server.query(both);
        if response.get("errors").is_none() || Instant::now() > until {
            break response;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(composed["data"]["communities"]["nodes"][0]["members"].is_u64(), "{composed}");
    let (subgraph_state, calls, failures) = state(&server);
    assert_eq!((subgraph_state.as_str(), calls > 0, failures), ("COMPOSED", true, 0));
    let too_much = "{ communities(first: 1000) { nodes { title members } } }";
    let rejected = &server.query(too_much)["errors"][0];
    assert_eq!(rejected["extensions"]["limit"]["name"], "page_size_max", "{rejected}");

    drop(subgraph);
    let partial = server.query("{ events(first: 2) { nodes { title placesLeft } } }");
    let nodes = &partial["data"]["events"]["nodes"];
    assert!(nodes[1]["title"].is_string() && nodes[1]["placesLeft"].is_null(), "{partial}");
    let errors = partial["errors"].as_array().expect("errors");
    assert!(errors.iter().all(|error| error["extensions"]["service"] == "pleio"), "{partial}");
    for _ in 0..10 {
        server.query("{ events(first: 1) { nodes { placesLeft } } }");
    }
    assert_eq!(state(&server).0, "CIRCUIT_OPEN");

    drop(server);
    let server = server_with_subgraph(&installation, &url);
    let until = Instant::now() + Duration::from_secs(30);
    while state(&server).0 == "UNAVAILABLE" {
        assert!(Instant::now() < until, "the SDL is not in the cache");
        std::thread::sleep(Duration::from_millis(50));
    }
    let partial = server.query("{ events(first: 1) { nodes { title placesLeft } } }");
    assert!(partial["data"]["events"]["nodes"][0]["title"].is_string(), "{partial}");
}

/// A server that composes our graph with the subgraph at `url`.
fn server_with_subgraph(installation: &Installation, url: &str) -> Server {
    Server::with(installation, |config| {
        config.subgraphs = vec![subgraph_config("pleio", url.parse().unwrap(), None)];
    })
}

/// State, number of calls and number of failures of the only subgraph.
fn state(server: &Server) -> (String, u64, u64) {
    let response = server.query("{ catalog { subgraphs { name state calls failures } } }");
    let subgraph = &response["data"]["catalog"]["subgraphs"][0];
    assert_eq!(subgraph["name"], "pleio", "{response}");
    let number = |name| subgraph[name].as_u64().expect("a number");
    let state = subgraph["state"].as_str().expect("a state").to_owned();
    (state, number("calls"), number("failures"))
}
