//! The query syntax over a real index: operators, interpretation of words, and synonyms that change
//! while the program is running.

use std::{
    fs,
    time::{Duration, Instant},
};

use indexer::catalog::Snapshot;
use schema::{MatchKind, Page, SearchExtras, SearchFilter, SearchPage, SearchQuery, SearchSort};
use serde_json::{Value, json};

use crate::{
    support::{Installation, clock, runtime, search_query},
    test_server::{Server, exchange},
};

fn search(snapshot: &Snapshot, words: &str) -> SearchPage {
    let extras = SearchExtras { highlights: true, explanations: true, ..SearchExtras::default() };
    let query = SearchQuery { extras, ..search_query(words) };
    runtime().block_on(snapshot.search(query)).expect("a search")
}

fn titles(page: &SearchPage) -> Vec<&str> {
    let mut titles: Vec<_> = page.hits.iter().map(|hit| hit.record.name()).collect();
    titles.sort_unstable();
    titles
}

/// Articles with a title, a body and further fields, one per line.
fn installation(lines: &[(&str, &str, &str)]) -> Installation {
    let installation = Installation::empty();
    let line = |(number, (title, body, more)): (usize, &(&str, &str, &str))| {
        format!(r#"{{"key":"{number}","kind":"article","title":"{title}","body":"{body}"{more}}}"#)
    };
    installation.write_lines(&lines.iter().enumerate().map(line).collect::<Vec<_>>());
    installation.build();
    installation
}

fn library() -> Installation {
    installation(&[
        ("Alfa", "De klantreis van een verhuizing bij de gemeente.", r#","themes":["Inclusie"]"#),
        ("Bravo", "Een brief over de reis van de klant.", r#","organisations":["Gemeente Loon"]"#),
        ("Charlie", "Klantreizen en brieven van het loket.", r#","themes":["Taal"]"#),
        ("Delta", "De e-mail over toegankelijkheid.", r#","people":["Jan Jansen"]"#),
        ("Inclusie", "Toegankelijke formulieren, ook per mail.", ""),
    ])
}

#[test]
fn every_operator_of_the_query_syntax_must_work() {
    let installation = library();
    let snapshot = installation.snapshot();
    for (query, expected) in [
        ("klantreis", &["Alfa", "Bravo", "Charlie"][..]),
        ("\"de klantreis van\"", &["Alfa"]),
        ("\"van de klant\"", &["Bravo"]),
        ("\"brieven\"", &["Charlie"]),
        ("klantreis -brief", &["Alfa"]),
        ("klantreis -\"van de klant\"", &["Alfa", "Charlie"]),
        ("loket OR mail", &["Charlie", "Delta", "Inclusie"]),
        ("(brief OR formulier) -klant", &["Inclusie"]),
        ("toegankelijk*", &["Delta", "Inclusie"]),
        ("toegankelijkh*", &["Delta"]),
        ("titel:inclusie", &["Inclusie"]),
        ("thema:inclusie", &["Alfa"]),
        ("thema:(inclusie OR taal)", &["Alfa", "Charlie"]),
        ("organisatie:\"gemeente loon\"", &["Bravo"]),
        ("organisatie:loo*", &["Bravo"]),
        ("persoon:jansen", &["Delta"]),
        ("-klant -mail", &[]),
        ("-klant", &["Delta", "Inclusie"]),
        ("thema:inclusie gemeente", &["Alfa"]),
        ("\"klantreis", &["Alfa", "Bravo", "Charlie"]),
        ("(klantreis", &["Alfa", "Bravo", "Charlie"]),
        ("e-mail", &["Delta", "Inclusie"]),
    ] {
        assert_eq!(titles(&search(&snapshot, query)), expected, "{query}");
    }
}

#[test]
fn a_compound_and_its_components_must_match_each_other() {
    let installation = library();
    let snapshot = installation.snapshot();
    for query in ["klantreis", "klant reis", "klantreizen"] {
        let page = search(&snapshot, query);
        assert_eq!(titles(&page), ["Alfa", "Bravo", "Charlie"], "{query}");
        let last = page.hits.last().map(|hit| hit.record.name());
        let is_whole = !query.contains(' ');
        assert!(!is_whole || last == Some("Bravo"), "{query}: the compound ranks higher");
    }
}

#[test]
fn a_word_without_matches_must_be_corrected_and_the_correction_reported() {
    let installation = library();
    let snapshot = installation.snapshot();
    for (query, corrected, first) in [
        ("klantries", Some("klantreis"), Some("Alfa")),
        ("verhiuzing -loket", Some("verhuizing -loket"), Some("Alfa")),
        ("toegankleijkhied", Some("toegankelijkheid"), Some("Delta")),
        ("jpeg", None, None),
        ("lokt", None, None),
        ("\"klantries\"", None, None),
    ] {
        let page = search(&snapshot, query);
        assert_eq!(page.interpretation.corrected.as_deref(), corrected, "{query}");
        assert_eq!(page.hits.first().map(|hit| hit.record.name()), first, "{query}");
    }
    // A valid word is only offered a correction.
    let page = search(&snapshot, "lokt -brief");
    assert_eq!(page.interpretation.did_you_mean.as_deref(), Some("loket -brief"));
    let page = search(&snapshot, "klantries");
    let explanation = page.hits[0].explanation.as_ref().expect("explanations were requested");
    assert_eq!(explanation.words[0].word, "klantries");
    assert_eq!(explanation.words[0].reasons[0].kind, MatchKind::Correction);
    assert!(page.hits[0].highlights.iter().any(|highlight| {
        highlight
            .fragments
            .iter()
            .flatten()
            .any(|span| span.highlighted && span.text == "klantreis")
    }));
}

#[test]
fn a_synonym_must_be_found_reported_and_highlighted() {
    let installation = installation(&[
        ("Eerste", "Wij meten de klantbeleving aan de balie.", ""),
        ("Tweede", "Over CX.", ""),
        ("Derde", "Customer journeys and experience for every customer.", ""),
        ("Vierde", "De customer experience van de balie.", ""),
    ]);
    let snapshot = installation.snapshot();
    let page = search(&snapshot, "CX");
    assert_eq!(page.hits[0].record.name(), "Tweede", "the word itself ranks higher");
    assert_eq!(titles(&page), ["Eerste", "Tweede", "Vierde"]);
    assert!(page.interpretation.related.iter().any(|term| term.label == "klantbeleving"));
    let highlighted = |title: &str| -> Vec<String> {
        let hit = page
            .hits
            .iter()
            .find(|hit| hit.record.name() == title)
            .expect("the title is among the hits");
        let spans =
            hit.highlights.iter().flat_map(|highlight| highlight.fragments.iter().flatten());
        spans.filter(|span| span.highlighted).map(|span| span.text.clone()).collect()
    };
    assert_eq!(highlighted("Eerste"), ["klantbeleving"]);
    assert_eq!(highlighted("Vierde"), ["customer", "experience"]);
    let page = search(&snapshot, "customer experience");
    assert!(titles(&page).contains(&"Tweede"));
}

#[test]
fn stop_words_must_be_ignored_reported_and_counted_in_titles_and_phrases() {
    let installation = installation(&[
        ("De overheid", "Overheid, overheid.", ""),
        ("Is de overheid er ook voor mij?", "Een verhaal.", ""),
        ("Overheid overheid", "De overheid.", ""),
    ]);
    let snapshot = installation.snapshot();
    let page = search(&snapshot, "Is de overheid er ook voor mij?");
    assert_eq!(page.hits[0].record.name(), "Is de overheid er ook voor mij?");
    assert_eq!(page.interpretation.ignored_words, ["Is", "de", "er", "ook", "voor", "mij"]);
    let page = search(&snapshot, "\"er ook voor\"");
    assert_eq!(titles(&page), ["Is de overheid er ook voor mij?"]);
    assert_eq!(page.interpretation.ignored_words, Vec::<String>::new());
    assert_eq!(titles(&search(&snapshot, "er voor")), ["Is de overheid er ook voor mij?"]);
}

/// Repeats a query until it returns the expected result.
fn wait_until(server: &Server, query: &str, expected: &Value) {
    let started = Instant::now();
    loop {
        let response = server.query(query);
        if response == *expected {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{response} is not {expected}");
        std::thread::yield_now();
    }
}

#[test]
fn a_changed_vocabulary_must_be_used_without_a_restart() {
    let installation = installation(&[("Eerste", "Over de piepschijf.", "")]);
    let folder = installation.path().join("vocabulary");
    fs::create_dir(&folder).expect("a folder");
    let table = folder.join("own.csv");
    let header = "term,terms,weight,direction,language,note\n";
    fs::write(&table, format!("{header}woord,ander,same,both,nl,\n")).expect("writable");
    let server = Server::with(&installation, |config| config.vocabulary = Some(folder));
    let query = "{ search(query: \"qwxzv\") { totalCount interpretation { synonyms } } }";
    let expected = |total: u32, synonyms: &[&str]| {
        json!({ "data": { "search": {
            "totalCount": total, "interpretation": { "synonyms": synonyms },
        } } })
    };
    let etag = || {
        let escaped = "/graphql?query=%7Bsearch(query:%22qwxzv%22)%7BtotalCount%7D%7D";
        let reply = exchange(server.address, &format!("GET {escaped} HTTP/1.1"), b"");
        reply.header("etag").expect("an ETag").to_owned()
    };
    assert_eq!(server.query(query), expected(0, &[]));
    let before = etag();
    fs::write(&table, format!("{header}qwxzv,piepschijf,same,both,nl,\n")).expect("writable");
    wait_until(&server, query, &expected(1, &["piepschijf"]));
    let after = etag();
    assert_ne!(before, after);

    fs::write(&table, format!("{header}qwxzv,,same,forward,nl,\n")).expect("writable");
    // The vocabulary is polled before generations, so a new generation implies that it has been
    // polled.
    installation.write_item("tweede", "Nog een piepschijf");
    installation.build();
    wait_until(&server, query, &expected(2, &["piepschijf"]));
}

#[test]
fn an_invalid_vocabulary_must_be_reported_line_by_line() {
    let installation = Installation::small();
    let config = fs::read_to_string(installation.config()).expect("a file");
    let (top, sources) = config.split_once("[[source]]").expect("a source");
    let config = format!("{top}[search]\nvocabulary = \"woorden\"\n[[source]]{sources}");
    fs::write(installation.config(), config).expect("writable");
    let check = || installation.output(&["check"]);
    let missing = check();
    assert!(!missing.status.success());
    assert!(String::from_utf8_lossy(&missing.stderr).contains("woorden"));
    let folder = installation.path().join("woorden");
    fs::create_dir(&folder).expect("a folder");
    let header = "term,terms,weight,direction,language,note";
    let write = |lines: &str| {
        fs::write(folder.join("own.csv"), format!("{header}\n{lines}")).expect("writable");
    };
    write("CX,,same,forward,nl,\n,a,same,both,nl,\n");
    let errors = String::from_utf8_lossy(&check().stderr).into_owned();
    assert!(errors.contains("own.csv:2: ") && errors.contains("own.csv:3: "), "{errors}");
    write("CX,UX,same,both,nl,\n");
    let valid = check();
    assert!(String::from_utf8_lossy(&valid.stdout).contains("vocabulary  "), "{valid:?}");
}

#[test]
fn explain_must_report_why_content_is_found_and_why_it_is_not() {
    let installation = library();
    let explain = |query: &str, title: &str| {
        let snapshot = installation.snapshot();
        let all = runtime().block_on(snapshot.search(SearchQuery {
            words: None,
            filter: SearchFilter::default(),
            sort: SearchSort::Title,
            wider: false,
            literal: false,
            page: Page::first(50),
            extras: SearchExtras::default(),
            now: clock(),
        }));
        let hits = all.expect("a search").hits;
        let hit = hits.iter().find(|hit| hit.record.name() == title).expect("the record exists");
        let id = hit.record.id().to_string();
        let output = installation.output(&["explain", query, &id]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    for (query, title, expected) in [
        ("klantreis", "Alfa", &["op plaats", "\"klantreis\" in", "totaal"][..]),
        ("klantreis", "Delta", &["niet in de resultaten", "Geen enkel woord"]),
        ("brief -klant", "Bravo", &["niet in de resultaten", "voldoet niet aan een voorwaarde"]),
        ("klantriets", "Charlie", &["gelezen als: klantreis", "op plaats"]),
        (
            "toegankelijke brief gemeente loket klantreis",
            "Inclusie",
            &["niet in de resultaten", "1 van de 5 woorden", "minstens 2 nodig"],
        ),
    ] {
        let explanation = explain(query, title);
        for text in expected {
            assert!(explanation.contains(text), "{query} / {title}: no `{text}` in {explanation}");
        }
    }
    let unknown = installation.output(&["explain", "brief", "https://nergens.example/"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("no content"));
}
