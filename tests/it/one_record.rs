//! One page in several sources, of which some state its kind and others cannot.

use std::fs;

use schema::Record;

use crate::{
    page_host::PageHost,
    support::{Installation, everything, runtime},
};

/// The kind and the sources of each record with a path, in order.
pub(crate) fn records_of(installation: &Installation, path: &str) -> Vec<(String, Vec<String>)> {
    let snapshot = installation.snapshot();
    let hits = runtime().block_on(snapshot.search(everything())).expect("records").hits;
    let is_of_path =
        |record: &Record| record.common().is_some_and(|common| common.url.path() == path);
    let mut found = Vec::new();
    for hit in hits.iter().filter(|hit| is_of_path(&hit.record)) {
        let id = hit.record.id();
        let provenance = runtime().block_on(snapshot.provenance(&[id])).expect("provenance");
        let sources = provenance.into_iter().flatten();
        let mut sources: Vec<_> = sources.map(|one| one.record.source.to_string()).collect();
        sources.sort();
        found.push((id.kind().as_str().to_owned(), sources));
    }
    found.sort();
    found
}

#[test]
fn a_page_whose_kind_is_assumed_must_be_that_of_another_source() {
    let host = PageHost::start();
    let address = host.address("/dag/");
    host.set(
        "/feed.xml",
        &format!(
            "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Agenda</title>\
             <link>{}</link><description>x</description><item><title>Dag van de brief</title>\
             <guid>1</guid><link>{address}</link><description>Wij lezen samen brieven, en jij leest mee.\
             </description></item></channel></rss>",
            host.address("/")
        ),
    );
    let installation = Installation::empty();
    let jsonlines = |name: &str| {
        format!(
            "[[source]]\nname = \"{name}\"\nkind = \"jsonlines\"\npath = \"{name}.jsonl\"\n\
             language = \"NL\"\n"
        )
    };
    let config = format!(
        "[sync]\ncontact = \"beheer@example.nl\"\nrequest_interval_ms = 0\n\
         [[source]]\nname = \"feed\"\nkind = \"feed\"\naddress = \"{}\"\nread_pages = false\n\
         allow_private_addresses = true\nlanguage = \"NL\"\ntrust = 9\n{}{}",
        host.address("/feed.xml"),
        jsonlines("lines"),
        jsonlines("more"),
    );
    fs::write(installation.config(), config).expect("a file");
    let line = |kind: &str, rest: &str| {
        format!(
            "{{\"key\":\"1\",\"kind\":\"{kind}\",\"title\":\"Dag\",\"url\":\"{address}\"{rest}}}"
        )
    };
    let event = line("event", ",\"start\":\"2026-12-01T10:00\"");
    let (toolkit, article) = (line("toolkit", ""), line("article", ""));
    for (lines, more, expected) in [
        ("", "", "article of feed"),
        (&*event, "", "event of feed+lines"),
        // Two kinds are stated: none of them is more likely.
        (&event, &*toolkit, "article of feed, event of lines, toolkit of more"),
        ("", &toolkit, "toolkit of feed+more"),
        ("", "", "article of feed"),
        (&article, "", "article of feed+lines"),
        (&article, &toolkit, "article of feed+lines, toolkit of more"),
        (&event, &event, "event of feed+lines+more"),
        ("", &event, "event of feed+more"),
        // An event without a start is rejected, the page is not.
        (&line("event", ""), "", "article of feed"),
        (&line("event", ""), &event, "event of feed+lines+more"),
    ] {
        installation.write_lines(&[lines]);
        installation.write_lines_to("more.jsonl", &[more]);
        for arguments in [&["index", "--allow-removals"][..], &["index", "--full"]] {
            let output = installation.output(arguments);
            let run =
                String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            let found = records_of(&installation, "/dag/").into_iter();
            let found: Vec<_> =
                found.map(|(kind, sources)| format!("{kind} of {}", sources.join("+"))).collect();
            assert_eq!(found.join(", "), expected, "{arguments:?} {run}");
        }
        let found = runtime().block_on(installation.snapshot().search(everything())).expect("hits");
        // The feed is the most trusted.
        let mut titles = found.hits.iter().map(|hit| hit.record.name());
        assert!(titles.any(|title| title == "Dag van de brief"), "{expected}");
    }
}
