//! Forgetting a person: a name that vanishes from every interface at the next request, and stays away.
//! `indexer/src/suppression/tests.rs` has the notations of a name, `indexer/src/admin/forgetting/tests.rs`
//! the bytes of the data folder.

use std::{fs, process::Output};

use indexer::admin;
use serde_json::{Value, json};

use crate::{
    mcp::call,
    support::Installation,
    test_server::{Reply, Server},
};

const NAME: &str = "Xandra van Quibbelhof";
/// Occurs in nothing but the name.
const SURNAME: &str = "quibbelhof";

const RECORDS: [&str; 7] = [
    r#"{"key":"xandra-van-quibbelhof","kind":"person","title":"Xandra van Quibbelhof","bio":"Zij schrijft.","organisations":["Gemeente Voorbeeld"]}"#,
    r#"{"key":"artikel","kind":"article","form":"BLOG","title":"Brieven schrijven met Xandra van Quibbelhof","url":"https://items.example/brieven-xandra-van-quibbelhof","summary":"Xandra van Quibbelhof over brieven.","authors":["Xandra van Quibbelhof","Noor Vandersteen"],"people":["Quibbelhof, Xandra van"],"organisations":["Xandra van Quibbelhof"],"quotes":[{"text":"Korter, zegt Xandra van Quibbelhof","person":"Xandra van Quibbelhof"}],"body":"<p><b>Xandra</b> van Quibbelhof schrijft brieven. X&#97;ndra&nbsp;van Quibbelhof ook.</p><p><a href=\"https://items.example/auteur/xandra-van-quibbelhof\">Meer</a></p>"}"#,
    r#"{"key":"dag","kind":"event","title":"Dag van de brief","start":"2026-04-01T10:00","speakers":["Xandra van Quibbelhof"],"sessions":[{"title":"Brieven door Xandra van Quibbelhof","speakers":["Xandra van Quibbelhof"]}],"body":"<p>Met Xandra van Quibbelhof.</p>"}"#,
    r#"{"key":"groep","kind":"community","title":"Groep Brieven","coordinators":["Xandra van Quibbelhof"]}"#,
    r#"{"key":"talk","kind":"article","language":"en","title":"Letters and brieven","body":"<p>A talk by Xandra van Quibbelhof about brieven.</p>"}"#,
    r#"{"key":"kits","kind":"toolkit","title":"Brieven maken","maintainers":["Xandra van Quibbelhof"],"steps":[{"title":"Vraag Xandra van Quibbelhof"}]}"#,
    r#"{"key":"ander","kind":"article","title":"Brieven van Xandra Vanhof","authors":["Xandra Vanhof"],"body":"<p>Xandra van den Hof is een ander.</p>"}"#,
];

fn installation() -> Installation {
    let installation = Installation::empty();
    installation.write_lines(&RECORDS);
    installation.build();
    installation
}

fn is_named(text: &str) -> bool {
    text.to_lowercase().contains(SURNAME)
}

fn succeeded(output: &Output) -> String {
    let (stdout, stderr) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}{stderr}");
    assert!(!is_named(&stdout) && !is_named(&stderr), "{stdout}{stderr}");
    stdout.into_owned()
}

const CONTENT: &str = "id title summary url people { id name bio role } organisations { name }
    sources { remoteKey location url }
    ... on Article { bodyHtml bodyText authors { name } quotes { text person { name } } }
    ... on Event { speakers { name } sessions { title speakers { name } } ics }
    ... on Community { coordinators { name } }
    ... on Toolkit { maintainers { name } steps { title } }
    related { title } sharedPassages { text }";

/// Responses of every interface, each with its request.
fn responses(server: &Server) -> Vec<(String, String)> {
    let mut responses = Vec::new();
    for operation in operations() {
        let data = server.query(&operation);
        assert_eq!(data["errors"], Value::Null, "{operation}: {data}");
        // The request itself is not in the data.
        responses.push((operation, data["data"].to_string()));
    }
    for path in paths(server) {
        let reply = server.get(&path);
        assert!(reply.status < 400, "{path}: {reply:?}");
        responses.push((path, format!("{}\n{}", reply.head, reply.body)));
    }
    for (tool, arguments) in [
        ("search", json!({ "q": "brieven" })),
        ("events", json!({})),
        ("who_has_done_this", json!({ "q": "brieven" })),
    ] {
        responses.push((tool.to_owned(), call(server, tool, &arguments).to_string()));
    }
    responses
}

fn operations() -> Vec<String> {
    let search = format!(
        "{{ search(query: \"brieven\", first: 50) {{ nodes {{ {CONTENT} }} totalCount
        edges {{ highlights {{ fragments {{ text }} }} matchedPart {{ title }} }}
        facets {{ organisations {{ entity {{ name }} count }} }} }} }}"
    );
    let others = [
        "{ people(first: 50) { nodes { name bio organisations { name } } totalCount } }",
        "{ organisations(first: 50) { nodes { name } } }",
        r#"{ suggest(prefix: "brieven s") { text } }"#,
        r#"{ suggest(prefix: "quib") { text } }"#,
        "{ changes(first: 100) { nodes { id node { title } } } }",
        r#"{ contentByUrl(url: "https://items.example/brieven-xandra-van-quibbelhof") { title url } }"#,
        r#"{ search(query: "Xandra van Quibbelhof") { nodes { title } } }"#,
    ];
    others.into_iter().map(str::to_owned).chain([search]).collect()
}

/// The paths of pages, feeds and REST, with those of all records.
fn paths(server: &Server) -> Vec<String> {
    let fixed = "/ /?q=brieven /en/?q=brieven /article /event /community /toolkit /organisation \
        /calendar/2026-04 /suggest?q=brieven /search.atom?q=brieven /search.json?q=brieven \
        /search.ics?q=brief /sitemap.xml /status /v1/search?q=brieven /v1/events \
        /v1/suggest?q=brieven /v1/entities?kind=organisation /v1/export /v1/changes";
    let mut paths: Vec<String> = fixed.split_whitespace().map(str::to_owned).collect();
    let found = server.query("{ search(query: \"brieven\", first: 50) { nodes { id } } }");
    for node in found["data"]["search"]["nodes"].as_array().expect("nodes") {
        paths.push(format!("/v1/content/{}", node["id"].as_str().expect("an id")));
    }
    let list = server.get("/?q=brieven").body;
    let links = list.split("href=\"").skip(1).filter_map(|link| link.split('"').next());
    let is_record = |link: &&str| {
        let kinds = ["/article/", "/event/", "/community/", "/toolkit/"];
        kinds.iter().any(|kind| link.starts_with(kind))
    };
    let records: Vec<_> = links.filter(is_record).map(str::to_owned).collect();
    assert!(records.len() >= 5, "{list}");
    paths.extend(records);
    paths
}

/// The requests whose responses name the person.
fn naming(server: &Server) -> Vec<String> {
    let named = responses(server).into_iter().filter(|(_, response)| is_named(response));
    named
        .map(|(request, response)| {
            let at = response.to_lowercase().find(SURNAME).expect("named");
            let from = response.floor_char_boundary(at.saturating_sub(80));
            format!("{request:.60}: …{}", &response[from..response.floor_char_boundary(at + 20)])
        })
        .collect()
}

fn person_id(server: &Server) -> String {
    let people = server.query("{ people(first: 50) { nodes { id name } } }");
    let people = people["data"]["people"]["nodes"].as_array().expect("people").clone();
    let person = people.into_iter().find(|person| person["name"] == NAME).expect("the person");
    person["id"].as_str().expect("an id").to_owned()
}

fn etag(reply: &Reply) -> String {
    reply.header("etag").expect("an ETag").to_owned()
}

#[test]
fn a_forgotten_name_must_be_gone_at_the_next_request_and_after_the_next_build() {
    let installation = installation();
    let server = Server::of(&installation);
    assert!(naming(&server).len() > 20, "the test finds the name: {:#?}", naming(&server));
    let person = person_id(&server);
    let page = server.get("/?q=brieven");

    // Only hidden: this is no configuration with which the generation was built.
    let config = fs::read_to_string(installation.config()).expect("a file");
    fs::write(installation.config(), config.replace("8080", "8081")).expect("writable");
    let receipt = succeeded(&installation.output(&["forget", NAME, "--json"]));
    let receipt: Value = serde_json::from_str(&receipt).expect("JSON");
    assert!(receipt["generation"].is_null() && receipt["pending"].is_string(), "{receipt}");
    assert_eq!(receipt["records"], json!(7), "six records, and the organisation: {receipt}");
    assert_eq!(naming(&server), [""; 0], "hidden");
    let hidden = server.get("/?q=brieven");
    assert_ne!(etag(&hidden), etag(&page));
    let found = server.query(&format!("{{ node(id: \"{person}\") {{ id }} }}"));
    assert_eq!(found["data"]["node"], Value::Null);
    let filtered = format!("{{ search(filter: {{ people: [\"{person}\"] }}) {{ totalCount }} }}");
    assert_eq!(server.query(&filtered)["data"]["search"]["totalCount"], json!(0));
    let text = server.get("/v1/export").body;
    assert!(text.contains("[naam verwijderd]") && text.contains("[name removed]"), "{text}");
    assert!(text.contains("Noor Vandersteen") && text.contains("Xandra Vanhof"), "{text}");

    fs::write(installation.config(), config).expect("writable");
    let receipt = succeeded(&installation.output(&["forget", "XANDRA VAN QUIBBELHOF", "--json"]));
    let receipt: Value = serde_json::from_str(&receipt).expect("JSON");
    assert_eq!((&receipt["generation"], &receipt["records"]), (&json!(2), &json!(7)), "{receipt}");
    server.pipeline.catalog().expect("a catalog").refresh().expect("refreshed");
    assert_eq!(naming(&server), [""; 0], "removed");
    assert_ne!(etag(&server.get("/?q=brieven")), etag(&hidden));
    let found =
        server.query("{ search(query: \"brieven\", first: 50) { nodes { url } totalCount } }");
    assert_eq!(found["data"]["search"]["totalCount"], json!(6), "{found}");
    assert!(admin::verify(&installation.data()).expect("readable").is_intact());
}

#[test]
fn a_forgotten_name_must_stay_away_after_builds_and_rollbacks() {
    let installation = installation();
    let more = [RECORDS.as_slice(), &[r#"{"key":"meer","kind":"article","title":"Meer brieven"}"#]];
    installation.write_lines(&more.concat());
    installation.build();
    succeeded(&installation.output(&["forget", NAME]));
    let server = Server::of(&installation);
    let check = |step: &str| {
        server.pipeline.catalog().expect("a catalog").refresh().expect("refreshed");
        assert_eq!(naming(&server), [""; 0], "{step}");
    };
    check("forgotten");
    succeeded(&installation.output(&["rollback", "1"]));
    check("rolled back to a generation that names the person");
    // While publishing is on hold, too.
    succeeded(&installation.output(&["gc", "--purge"]));
    check("purged");
    assert_eq!(installation.generations().len(), 1);
    succeeded(&installation.output(&["resume"]));
    // The source still names the person, in a new record too.
    let newest = [
        r#"{"key":"nieuw","kind":"article","title":"Nieuwe brieven van Xandra van Quibbelhof","authors":["Xandra van Quibbelhof"]}"#,
    ];
    installation.write_lines(&[more.concat().as_slice(), &newest].concat());
    installation.build();
    check("incremental");
    let view = installation.view();
    installation.build_full();
    check("full");
    assert_eq!(installation.view(), view);
}

#[test]
fn a_list_that_cannot_be_read_must_stop_serving_until_it_can() {
    let installation = installation();
    let server = Server::of(&installation);
    succeeded(&installation.output(&["forget", NAME]));
    let path = installation.data().join("suppression.json");
    let list = fs::read_to_string(&path).expect("a list");
    assert!(!is_named(&list));
    for damaged in ["", "{}", &list.replace("\"format\": 1", "\"format\": 9")] {
        fs::write(&path, damaged).expect("writable");
        assert_eq!(server.get("/?q=brieven").status, 503, "{damaged:.40}");
        assert_eq!(server.get("/health/ready").status, 503);
        let status = installation.output(&["status"]);
        assert!(String::from_utf8_lossy(&status.stdout).contains("suppression list"), "{status:?}");
        assert_eq!(installation.output(&["index"]).status.code(), Some(1));
        assert_eq!(installation.output(&["forget", "Noor Vandersteen"]).status.code(), Some(1));
        fs::write(&path, &list).expect("writable");
        assert_eq!(server.get("/?q=brieven").status, 200);
    }
    assert_eq!(naming(&server), [""; 0]);
}

#[test]
fn a_name_that_matches_nobody_must_be_reported_and_can_be_withdrawn() {
    let installation = installation();
    let receipt = succeeded(&installation.output(&["forget", "Xandra van Kwibbelhof"]));
    assert!(receipt.contains("no record named this person; check the spelling"), "{receipt}");
    let digest = receipt.split([' ', ',']).nth(1).expect("a digest").to_owned();
    let status = succeeded_with_name(&installation.output(&["status"]));
    assert!(status.contains(&digest) && status.contains("check the spelling"), "{status}");
    succeeded(&installation.output(&["forget", &digest[..8], "--withdraw"]));
    let status = succeeded_with_name(&installation.output(&["status"]));
    assert!(!status.contains("forgotten since"), "{status}");
    for (name, code) in [("Xandra", 1), ("", 1)] {
        let output = installation.output(&["forget", name]);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
    }
    let unknown = installation.output(&["forget", "Kees Jansen", "--withdraw"]);
    assert_eq!(unknown.status.code(), Some(1), "{unknown:?}");
    assert_eq!(installation.output(&["forget"]).status.code(), Some(2));
}

/// Standard output of a command that may name the person.
fn succeeded_with_name(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn forgetting_must_work_while_a_build_runs_and_after_being_killed_at_any_step() {
    for step in
        ["publish-pointer-written", "suppression-listed", "build-written", "publish-renamed"]
    {
        let installation = installation();
        let output = installation
            .program(&["forget", NAME])
            .env("FAILPOINTS", format!("{step}=return"))
            .output()
            .expect("the program runs");
        assert_eq!(output.status.code(), None, "killed at {step}: {output:?}");
        let is_listed = step != "publish-pointer-written";
        let server = Server::of(&installation);
        assert_eq!(naming(&server).is_empty(), is_listed, "{step}");
        succeeded(&installation.output(&["forget", NAME]));
        server.pipeline.catalog().expect("a catalog").refresh().expect("refreshed");
        assert_eq!(naming(&server), [""; 0], "{step}");
        succeeded(&installation.output(&["gc", "--purge"]));
        assert!(admin::verify(&installation.data()).expect("readable").is_intact(), "{step}");
        let mut killed = installation.program(&["gc", "--purge"]);
        let killed = killed.env("FAILPOINTS", "purge-rewritten=return").output().expect("it runs");
        assert_eq!(killed.status.code(), None, "{killed:?}");
        succeeded(&installation.output(&["gc", "--purge"]));
        assert_eq!(installation.generations().len(), 1);
    }
    let installation = installation();
    let server = Server::of(&installation);
    let lock = fs::File::options().write(true).open(installation.data().join("builder.lock"));
    let lock = lock.expect("a lock");
    lock.lock().expect("locked");
    let receipt = succeeded(&installation.output(&["forget", NAME]));
    assert!(receipt.contains("the next `wegwijzer index` removes it"), "{receipt}");
    assert_eq!(naming(&server), [""; 0], "hidden while a build runs");
    drop(lock);
    installation.build();
    assert_eq!(installation.generations().len(), 2, "the next build removes it");
}
