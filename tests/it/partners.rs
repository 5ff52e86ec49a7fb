//! Our graph and the example partners: composed from what the partners say of themselves, and asked as
//! one.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    server::{Server, partner},
    support::{Installation, program},
};

/// A partner on a free port.
struct Partner {
    child: Child,
    url: String,
}

impl Partner {
    fn start(name: &str) -> Self {
        Self::start_at(name, "127.0.0.1:0")
    }

    fn start_at(name: &str, address: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_partner"));
        let child = command.args([name, address]).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stderr.take().expect("piped")).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening address=").expect("an address");
        Self { url: format!("http://{address}/graphql"), child }
    }
}

impl Drop for Partner {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What `compose` says about our graph and subgraphs at addresses.
fn compose(partners: &[(&str, &str)]) -> std::process::Output {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("wegwijzer.toml");
    let table = |(name, url): &(&str, &str)| {
        format!("[[subgraph]]\nname = '{name}'\nurl = '{url}'\ntimeout_ms = 2000\nretries = 0\n")
    };
    fs::write(&config, partners.iter().map(table).collect::<String>()).unwrap();
    Command::new(program()).arg("compose").arg("--config").arg(&config).output().unwrap()
}

#[test]
fn one_question_must_be_answered_by_us_and_both_partners() {
    let (pleio, leren) = (Partner::start("pleio"), Partner::start("leren"));
    let composed = compose(&[("pleio", &pleio.url), ("leren", &leren.url)]);
    assert!(composed.status.success(), "{}", String::from_utf8_lossy(&composed.stderr));
    let installation = Installation::of("fixtures/demo.toml");
    installation.build();
    let supergraph = installation.data().with_extension("graphql");
    fs::write(&supergraph, &composed.stdout).unwrap();
    let server = Server::with(&installation, |config| {
        config.federation.supergraph = Some(supergraph);
        config.federation.own_subgraph = Some("wegwijzer".to_owned());
    });
    let answer = server.ask(
        "{ communities(first: 3) { nodes { title members discussions { title } } }
           events(first: 3) { nodes { title placesLeft isAlmostFull
             courses { __typename name ... on Workshop { seats } } } }
           discussions { title replies } }",
    );
    assert_eq!(answer.get("errors"), None, "{answer}");
    let data = &answer["data"];
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
fn a_partner_that_is_down_must_be_named() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = compose(&[("gone", &format!("http://{gone}/graphql"))]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("[gone] asked for its SDL, it cannot be reached"), "{said}");
}

#[test]
fn a_partner_that_is_down_must_join_when_it_answers_and_stay_when_it_falls() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{free}/graphql");
    let installation = Installation::of("fixtures/demo.toml");
    installation.build();
    let server = before(&installation, &url);
    let own = server.ask("{ communities(first: 1) { nodes { title } } }");
    assert!(own["data"]["communities"]["nodes"][0]["title"].is_string(), "{own}");
    assert_eq!(state(&server), ("MISSING".to_owned(), 0, 0));

    let partner = Partner::start_at("pleio", &free.to_string());
    let both = "{ communities(first: 1) { nodes { title members } } }";
    let until = Instant::now() + Duration::from_secs(30);
    let joined = loop {
        let answer = server.ask(both);
        if answer.get("errors").is_none() || Instant::now() > until {
            break answer;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(joined["data"]["communities"]["nodes"][0]["members"].is_u64(), "{joined}");
    let (joined, calls, failures) = state(&server);
    assert_eq!((joined.as_str(), calls > 0, failures), ("JOINED", true, 0));
    let too_much = "{ communities(first: 1000) { nodes { title members } } }";
    let refused = &server.ask(too_much)["errors"][0];
    assert_eq!(refused["extensions"]["limit"]["name"], "page_size_max", "{refused}");

    drop(partner);
    let partial = server.ask("{ events(first: 2) { nodes { title placesLeft } } }");
    let nodes = &partial["data"]["events"]["nodes"];
    assert!(nodes[1]["title"].is_string() && nodes[1]["placesLeft"].is_null(), "{partial}");
    let errors = partial["errors"].as_array().expect("errors");
    assert!(errors.iter().all(|error| error["extensions"]["service"] == "pleio"), "{partial}");
    for _ in 0..10 {
        server.ask("{ events(first: 1) { nodes { placesLeft } } }");
    }
    assert_eq!(state(&server).0, "LEFT_ALONE");

    drop(server);
    let server = before(&installation, &url);
    let until = Instant::now() + Duration::from_secs(30);
    while state(&server).0 == "MISSING" {
        assert!(Instant::now() < until, "it is not known from before");
        std::thread::sleep(Duration::from_millis(50));
    }
    let partial = server.ask("{ events(first: 1) { nodes { title placesLeft } } }");
    assert!(partial["data"]["events"]["nodes"][0]["title"].is_string(), "{partial}");
}

/// A server that joins a partner at an address to our graph.
fn before(installation: &Installation, url: &str) -> Server {
    Server::with(installation, |config| {
        config.subgraphs = vec![partner("pleio", url.parse().unwrap(), None)];
    })
}

/// What the only partner is like, how often it was called, and how often that failed.
fn state(server: &Server) -> (String, u64, u64) {
    let answer = server.ask("{ catalog { partners { name state calls failures } } }");
    let partner = &answer["data"]["catalog"]["partners"][0];
    assert_eq!(partner["name"], "pleio", "{answer}");
    let number = |name| partner[name].as_u64().expect("a number");
    let state = partner["state"].as_str().expect("a state").to_owned();
    (state, number("calls"), number("failures"))
}
