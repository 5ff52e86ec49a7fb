//! Exact and wider matches: what counts, in which order, and what is reported.

use indexer::catalog::Snapshot;
use schema::{
    ArticleForm, MatchClass, MatchKind, MeaningClass, SearchExtras, SearchFilter, SearchPage,
    SearchQuery, SearchSort,
};
use serde_json::json;

use crate::{
    support::{Installation, runtime, search_query},
    test_server::Server,
};

fn library() -> Installation {
    let installation = Installation::empty();
    let line = |(key, title, body, form)| {
        format!(
            r#"{{"key":"{key}","kind":"article","form":"{form}","title":"{title}","body":"{body}"}}"#
        )
    };
    installation.write_lines(&[
        line(("1", "Alfa", "Het werkbezoek aan Duinstad.", "BLOG")),
        line(("2", "Bravo", "Een bezoek aan de balie, en nog een bezoek.", "BLOG")),
        line(("3", "Charlie", "Het werk is klaar. Werk is werk, en bezoek is welkom.", "NEWS")),
        line(("4", "Delta", "Begrijpelijke taal helpt.", "NEWS")),
        line(("5", "Echo", "Eenvoudige taal helpt ook.", "NEWS")),
        line(("6", "Foxtrot", "De werkbezoeken van mei.", "NEWS")),
    ]);
    installation.build();
    installation
}

fn query(words: &str, sort: SearchSort) -> SearchQuery {
    let extras =
        SearchExtras { total: true, facets: true, explanations: true, ..SearchExtras::default() };
    SearchQuery { sort, extras, ..search_query(words) }
}

fn search(snapshot: &Snapshot, query: SearchQuery) -> SearchPage {
    runtime().block_on(snapshot.search(query)).expect("a page of hits")
}

fn titles(page: &SearchPage, class: MatchClass) -> Vec<&str> {
    let hits = page.hits.iter().filter(|hit| hit.match_class == class);
    let mut titles: Vec<_> = hits.map(|hit| hit.record.name()).collect();
    titles.sort_unstable();
    titles
}

fn facet_total(page: &SearchPage) -> u64 {
    let facets = page.facets.as_ref().expect("facets are selected");
    facets.article_forms.iter().map(|count| count.count).sum()
}

#[test]
fn components_must_be_wider_matches_that_follow_the_exact_ones() {
    let installation = library();
    let snapshot = installation.snapshot();
    for (words, exact, wider) in [
        ("werkbezoek", &["Alfa", "Foxtrot"][..], &["Bravo", "Charlie"][..]),
        ("bezoek", &["Bravo", "Charlie"], &["Alfa", "Foxtrot"]),
        ("werkbezoeken", &["Alfa", "Foxtrot"], &["Bravo", "Charlie"]),
        ("taal", &["Delta", "Echo"], &[]),
    ] {
        let page = search(&snapshot, query(words, SearchSort::Relevance));
        assert_eq!(titles(&page, MatchClass::Exact), exact, "{words}");
        assert_eq!(titles(&page, MatchClass::Wider), wider, "{words}");
        let classes: Vec<_> = page.hits.iter().map(|hit| hit.match_class).collect();
        assert!(classes.is_sorted(), "{words}: {classes:?}");
        assert_eq!(page.total, Some(exact.len() as u64), "{words}");
        assert_eq!(page.wider_total, Some(wider.len() as u64), "{words}");
        assert_eq!(facet_total(&page), exact.len() as u64, "{words}");
        assert!(!page.wider_included, "{words}");
    }
}

#[test]
fn other_orders_must_list_exact_matches_only_unless_wider_ones_are_included() {
    let installation = library();
    let snapshot = installation.snapshot();
    for sort in [SearchSort::Newest, SearchSort::Oldest, SearchSort::Title, SearchSort::Start] {
        let page = search(&snapshot, query("werkbezoek", sort));
        assert_eq!(titles(&page, MatchClass::Exact), ["Alfa", "Foxtrot"], "{sort}");
        assert_eq!((page.hits.len(), page.wider_total), (2, Some(2)), "{sort}");
        assert!(!page.has_next, "{sort}");
        let all = search(&snapshot, SearchQuery { wider: true, ..query("werkbezoek", sort) });
        assert_eq!(titles(&all, MatchClass::Wider), ["Bravo", "Charlie"], "{sort}");
        assert_eq!((all.total, facet_total(&all)), (Some(4), 4), "{sort}");
        assert!(all.wider_included, "{sort}");
    }
}

#[test]
fn wider_matches_must_stand_in_only_if_no_text_matches_exactly() {
    let installation = library();
    let snapshot = installation.snapshot();
    let stand_in = search(&snapshot, query("bezoektaal", SearchSort::Newest));
    assert!(stand_in.wider_included);
    assert_eq!(stand_in.total, Some(6));
    assert_eq!(facet_total(&stand_in), 6);
    // A filter does not change what counts, so that facets count what their values list.
    let filter =
        SearchFilter { article_forms: vec![ArticleForm::Interview], ..SearchFilter::default() };
    let filtered = SearchQuery { filter, ..query("werkbezoek", SearchSort::Relevance) };
    let page = search(&snapshot, filtered);
    assert_eq!((page.total, page.wider_total), (Some(0), Some(0)));
    assert!(!page.wider_included);
    assert_eq!(facet_total(&page), 2);
}

#[test]
fn the_vocabulary_must_widen_by_weight_and_name_its_line() {
    let installation = library();
    let folder = installation.path().join("vocabulary");
    std::fs::create_dir(&folder).expect("a folder");
    let table = "term,terms,weight,direction,language,note\n\
                 kijkje,werkbezoek,same,forward,nl,\n\
                 uitstapje,bezoek,near,forward,nl,\n\
                 plain words,eenvoudige taal,same,forward,en-nl,\n";
    std::fs::write(folder.join("own.csv"), table).expect("writable");
    let server = Server::with(&installation, |config| config.vocabulary = Some(folder));
    let search = |words: &str| {
        server.query(&format!(
            "{{ search(query: \"{words}\") {{ totalCount widerCount widerIncluded \
             edges {{ match node {{ title }} explanation {{ words {{ reasons {{ kind rule }} }} }} }} \
             interpretation {{ related {{ typed label meaning rule }} }} }} }}"
        ))
    };
    let same = &search("kijkjes")["data"]["search"];
    assert_eq!((&same["totalCount"], &same["widerIncluded"]), (&json!(2), &json!(false)));
    let related = json!([
        { "typed": "kijkjes", "label": "werkbezoek", "meaning": "SAME", "rule": "own.csv:2" }
    ]);
    assert_eq!(same["interpretation"]["related"], related);
    let reason = &same["edges"][0]["explanation"]["words"][0]["reasons"][0];
    assert_eq!(reason, &json!({ "kind": MatchKind::Synonym.name(), "rule": "own.csv:2" }));

    let near = &search("uitstapje")["data"]["search"];
    assert_eq!((&near["widerIncluded"], &near["widerCount"]), (&json!(true), &json!(4)));
    let meaning = &near["interpretation"]["related"][0]["meaning"];
    assert_eq!(meaning, MeaningClass::Near.name());

    // The phrase within a longer query; the English label in its own stems.
    let phrase = &search("the plain word of Echo")["data"]["search"];
    assert_eq!(phrase["interpretation"]["related"][0]["rule"], "own.csv:4");
    assert_eq!(phrase["edges"][0]["node"]["title"], "Echo");
}

#[test]
fn a_query_without_a_searchable_word_must_not_match_everything() {
    let installation = Installation::empty();
    installation.write_lines(&[
        r#"{"key":"1","kind":"article","title":"Besluit van B&W","body":"B&W besluit, 24/7."}"#,
        r#"{"key":"2","kind":"article","title":"De OR kiest","body":"Verkiezing, n.v.t."}"#,
        r#"{"key":"3","kind":"article","title":"Water","body":"Over 7 bomen, 24 in getal."}"#,
        r#"{"key":"4","kind":"article","title":"Søren","body":"Straße, fotoʼs."}"#,
    ]);
    installation.build();
    let snapshot = installation.snapshot();
    let long = "x".repeat(70);
    for (words, found, ignored) in [
        ("B&W", &["Besluit van B&W"][..], &[][..]),
        ("24/7", &["Besluit van B&W"], &[]),
        ("n.v.t.", &["De OR kiest"], &[]),
        ("OR", &["De OR kiest"], &[]),
        ("titel:OR", &["De OR kiest"], &[]),
        ("verkiezing OR", &["De OR kiest"], &[]),
        ("P&O", &[], &[]),
        ("X/Y", &[], &[]),
        ("?! —", &[], &["?!", "—"]),
        (long.as_str(), &[], &["x"]),
        ("soren", &["Søren"], &[]),
        ("SØREN", &["Søren"], &[]),
        ("strasse", &["Søren"], &[]),
        ("foto's", &["Søren"], &[]),
        ("", &["Besluit van B&W", "De OR kiest", "Søren", "Water"], &[]),
    ] {
        let page = search(&snapshot, query(words, SearchSort::Relevance));
        assert_eq!(titles(&page, MatchClass::Exact), found, "{words}");
        let reported: Vec<&str> =
            page.interpretation.ignored_words.iter().map(String::as_str).collect();
        let is_same = reported.len() == ignored.len()
            && reported.iter().zip(ignored).all(|(word, start)| word.starts_with(start));
        assert!(is_same, "{words}: {reported:?}");
    }
}

#[test]
fn the_newest_must_be_the_last_published_whenever_an_event_takes_place() {
    let installation = Installation::empty();
    installation.write_lines(&[
        r#"{"key":"1","kind":"article","title":"Oud","published_at":"2020-01-01"}"#,
        r#"{"key":"2","kind":"article","title":"Nieuw","published_at":"2026-01-01"}"#,
        r#"{"key":"3","kind":"event","title":"Later","start":"2030-01-01","published_at":"2025-01-01"}"#,
        r#"{"key":"4","kind":"event","title":"Zonder datum","start":"2031-01-01"}"#,
    ]);
    installation.build();
    let everything = SearchQuery { words: None, ..query("", SearchSort::Newest) };
    let page = search(&installation.snapshot(), everything);
    let titles: Vec<_> = page.hits.iter().map(|hit| hit.record.name()).collect();
    assert_eq!(titles, ["Nieuw", "Later", "Oud", "Zonder datum"]);
}
