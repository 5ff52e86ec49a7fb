//! Words of a query for events, a time or a kind of organisation: visible, removable preferences
//! that exclude nothing.

use schema::{EventPhase, OrganisationKind, Preference, SearchPage, SearchQuery, SearchSort};
use serde_json::{Value, json};

use crate::{
    support::{Installation, runtime, search_query},
    test_server::Server,
};

/// The clock stands at 2 March 2026.
fn library() -> Installation {
    let event = |title: &str, form: &str, start: &str, body: &str| {
        json!({ "key": title, "kind": "event", "form": form, "title": title, "start": start,
            "body": body })
    };
    let article = |title: &str, published: &str, body: &str, organisations: Value| {
        json!({ "key": title, "kind": "article", "form": "BLOG", "title": title,
            "published": published, "body": body, "organisations": organisations })
    };
    let organisation = |name: &str, kind: &str| json!({ "key": name, "kind": "organisation", "organisation_kind": kind, "title": name });
    let installation = Installation::empty();
    let lines = [
        event("Privacy in de praktijk", "KNOWLEDGE_SESSION", "2025-12-10", "Over privacy."),
        event("Kennissessie privacy", "KNOWLEDGE_SESSION", "2026-03-12", "Over privacy."),
        event("Kennissessie eerder", "KNOWLEDGE_SESSION", "2025-06-12", "Kennissessie in juni."),
        event("Tellen", "WEBINAR", "2026-12-04", "Over getallen."),
        event("Rekenen", "WEBINAR", "2026-04-01", "Over getallen."),
        article("Verslag", "2025-12-20", "Een kennissessie over privacy, in december.", json!([])),
        article("Oude agenda", "2024-02-01", "De digitale agenda van december.", json!([])),
        article("Reizen in de stad", "2025-02-01", "Over klantreizen.", json!(["Gemeente Aadorp"])),
        article("Klantreizen", "2025-02-01", "Klantreizen van klanten.", json!(["Ministerie X"])),
        article("Gemeenten", "2025-02-01", "Alle gemeenten op een rij.", json!([])),
        organisation("Gemeente Aadorp", "MUNICIPALITY"),
        organisation("Ministerie X", "MINISTRY"),
        article("Regels", "2025-01-01", "In artikel 5 en paragraaf 3 staat het.", json!([])),
        article("Getallen", "2025-01-01", "Alles wat 3 of 5 kost, en kunst.", json!([])),
    ];
    installation.write_lines(&lines.map(|line| line.to_string()));
    installation.build();
    installation
}

fn search(library: &Installation, query: SearchQuery) -> SearchPage {
    runtime().block_on(library.snapshot().search(query)).expect("a search")
}

fn titles(page: &SearchPage) -> Vec<&str> {
    page.hits.iter().filter_map(|hit| Some(hit.record.common()?.title.as_str())).collect()
}

#[test]
fn preferred_results_must_come_first_and_none_must_be_missing() {
    let library = library();
    for (words, typed, first) in [
        ("volgende kennissessie", "volgende kennissessie", "Kennissessie privacy"),
        ("wanneer is de volgende kennissessie", "volgende kennissessie", "Kennissessie privacy"),
        ("vorige kennissessie", "vorige kennissessie", "Kennissessie eerder"),
        ("agenda december", "agenda december", "Tellen"),
        ("agenda december 2025", "agenda december 2025", "Privacy in de praktijk"),
        ("events in december", "events december", "Tellen"),
        ("webinar volgende maand", "webinar volgende maand", "Rekenen"),
        ("agenda volgende week", "agenda volgende week", "Kennissessie privacy"),
        ("privacy in december 2025", "december 2025", "Privacy in de praktijk"),
        ("welke gemeenten klantreizen", "welke gemeenten", "Reizen in de stad"),
    ] {
        let interpreted = search(&library, search_query(words));
        let stated = &interpreted.interpretation.preferences;
        let stated: Vec<_> = stated.iter().map(|preference| preference.typed.as_str()).collect();
        assert_eq!(stated, [typed], "{words}");
        assert_eq!(
            titles(&interpreted).first(),
            Some(&first),
            "{words}: {:?}",
            titles(&interpreted)
        );
        let literal = search(&library, SearchQuery { literal: true, ..search_query(words) });
        assert_eq!(literal.interpretation.preferences, [], "{words}");
        let found = titles(&interpreted);
        let without_these_words = ["Gemeenten", "Verslag", "Oude agenda"];
        for title in titles(&literal).iter().filter(|title| without_these_words.contains(title)) {
            assert!(found.contains(title), "{words}: {title} is missing from {found:?}");
        }
    }
}

#[test]
fn a_preference_must_be_a_filter_of_the_results_that_it_ranks_higher() {
    let library = library();
    let page = search(&library, search_query("kennissessie privacy komende maand"));
    let [Preference { filter, .. }] = page.interpretation.preferences.as_slice() else {
        panic!("{:?}", page.interpretation)
    };
    let only = SearchQuery {
        filter: filter.clone(),
        ..search_query("kennissessie privacy komende maand")
    };
    assert_eq!(titles(&search(&library, only)), ["Kennissessie privacy"]);
    let [Preference { filter, .. }] = &search(
        &library,
        search_query("welke gemeenten klantreizen"),
    )
    .interpretation
    .preferences[..] else {
        panic!()
    };
    assert_eq!(filter.organisation_kinds, [OrganisationKind::Municipality]);
    let [Preference { filter, .. }] =
        &search(&library, search_query("agenda")).interpretation.preferences[..]
    else {
        panic!()
    };
    assert_eq!(filter.phases, [EventPhase::Upcoming]);
}

#[test]
fn words_must_be_searched_when_nothing_else_is_left() {
    let library = library();
    let page = search(&library, search_query("in december"));
    assert!(titles(&page).contains(&"Tellen") && titles(&page).contains(&"Oude agenda"));
    for words in ["volgende week", "vandaag", "welke"] {
        let interpreted = search(&library, search_query(words));
        let literal = search(&library, SearchQuery { literal: true, ..search_query(words) });
        assert_eq!(titles(&interpreted), titles(&literal), "{words}");
    }
    // The frame of a question is not searched, and its subject can be a phrase or a field.
    for (framed, subject) in [
        ("waar vind ik \"digitale agenda\"", "\"digitale agenda\""),
        ("wat betekent titel:regels", "titel:regels"),
        ("waar vind ik priv*", "priv*"),
    ] {
        let (framed, subject) =
            (search(&library, search_query(framed)), search(&library, search_query(subject)));
        assert_eq!(titles(&framed), titles(&subject));
    }
    // A preference is one wherever it is.
    for words in
        ["\"privacy\" volgende week", "privacy -brief volgende week", "titel:privacy volgende week"]
    {
        let page = search(&library, search_query(words));
        assert_eq!(page.interpretation.preferences.len(), 1, "{words}");
        assert!(titles(&page).contains(&"Kennissessie privacy"), "{words}: {:?}", titles(&page));
    }
    // A quoted word, or one of a field, is never a preference.
    for words in ["\"agenda\"", "titel:agenda", "-agenda brief"] {
        let page = search(&library, search_query(words));
        assert_eq!(page.interpretation.preferences, [], "{words}");
    }
}

#[test]
fn the_order_must_be_the_only_effect_by_relevance_and_there_must_be_none_otherwise() {
    let library = library();
    let words = "kennissessie volgende maand";
    for sort in [SearchSort::Newest, SearchSort::Title] {
        let page = search(&library, SearchQuery { sort, ..search_query(words) });
        let plain = search(&library, SearchQuery { sort, ..search_query("kennissessie") });
        assert_eq!(titles(&page), titles(&plain), "{sort:?}");
    }
}

#[test]
fn a_number_after_a_section_must_belong_to_it() {
    let library = library();
    for words in ["§ 3", "§3", "paragraaf 3", "par. 3", "art. 5", "artikel 5", "Art 5"] {
        let page = search(&library, search_query(words));
        assert_eq!(titles(&page), ["Regels"], "{words}");
        assert_eq!(page.interpretation.corrected, None, "{words}");
    }
}

#[test]
fn pages_and_graphql_must_show_a_preference_and_remove_it() {
    let server = Server::of(&library());
    let page = server.get("/?q=agenda+december").body;
    let note = "Wij lezen ‘agenda december’ als: bijeenkomsten van 1 december 2026 tot en met 31 \
                december 2026. Deze resultaten krijgen voorrang.";
    assert!(page.contains(note), "{page}");
    assert!(
        page.contains("?q=agenda+december&#38;literal=true")
            || page.contains("?q=agenda+december&amp;literal=true"),
        "{page}"
    );
    assert!(page.contains("kind=event") && page.contains("from=2026-12-01"), "{page}");
    let literal = server.get("/?q=agenda+december&literal=true").body;
    assert!(
        !literal.contains("krijgen voorrang")
            && literal.contains("Wij nemen uw woorden letterlijk")
    );
    assert!(literal.contains("name=\"literal\" value=\"true\""), "{literal}");
    // In another order, and without results, the page says what it did not search for.
    let newest = server.get("/?q=agenda+december&sort=newest").body;
    assert!(!newest.contains("krijgen voorrang") && newest.contains("Wij lezen ‘agenda december’"));
    let empty = server.get("/?q=titel:xyzzy+volgende+week").body;
    assert!(
        empty.contains("Wij lezen ‘volgende week’") && !empty.contains("Toon alleen"),
        "{empty}"
    );
    // Only these results, instead of the ones that another filter selects.
    let filtered = server.get("/?q=agenda+december&kind=article").body;
    assert!(!filtered.contains("kind=article&#38;kind=event"), "{filtered}");
    let organisations = server.get("/en?q=welke+gemeenten+klantreizen").body;
    assert!(organisations.contains("organisations of the type Municipality"), "{organisations}");
    assert!(!organisations.contains("Show only these"), "{organisations}");

    let query = "query($literal: Boolean!) { search(query: \"agenda december\", literal: $literal, \
        first: 1) { interpretation { ignoredWords preferences { typed kinds phases \
        organisationKinds from until } } edges { score explanation { preference text } } } }";
    let literal = |literal: bool| {
        let response = server.query_with(query, &json!({ "literal": literal }));
        response["data"]["search"].clone()
    };
    let search = literal(false);
    let preferences = json!([{ "typed": "agenda december", "kinds": ["EVENT"], "phases": [],
        "organisationKinds": [], "from": "2026-12-01", "until": "2026-12-31" }]);
    assert_eq!(search["interpretation"]["preferences"], preferences, "{search}");
    assert_eq!(search["interpretation"]["ignoredWords"], json!([]));
    let explanation = &search["edges"][0]["explanation"];
    let score = search["edges"][0]["score"].as_f64().expect("a score");
    let preference = explanation["preference"].as_f64().expect("a contribution");
    assert!((preference * 2.0 - score).abs() < 0.01, "half of {score}: {preference}");
    assert!(
        explanation["text"]
            .as_str()
            .unwrap_or_default()
            .contains("de organisatie waar u naar vraagt")
    );
    assert_eq!(literal(true)["interpretation"]["preferences"], json!([]));
}
