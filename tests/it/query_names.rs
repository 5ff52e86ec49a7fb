//! Names of kinds and of records, phrases, numbers, separable verbs and frames of questions.

use schema::{Interpretation, MatchClass};
use serde_json::{Value, json};

use crate::{
    support::{Installation, runtime, search_query},
    test_server::Server,
};

/// Titles of the exact hits in order, and the interpretation.
fn search(library: &Installation, words: &str) -> (Vec<String>, Interpretation) {
    let snapshot = library.snapshot();
    let page = runtime().block_on(snapshot.search(search_query(words))).expect("a search");
    let exact = page.hits.iter().filter(|hit| hit.match_class == MatchClass::Exact);
    let titles = exact.filter_map(|hit| hit.record.common()).map(|common| common.title.clone());
    (titles.collect(), page.interpretation)
}

fn library(records: &[Value]) -> Installation {
    let installation = Installation::empty();
    let lines: Vec<String> = records.iter().map(Value::to_string).collect();
    installation.write_lines(&lines);
    installation.build();
    installation
}

fn article(title: &str, body: &str, form: &str) -> Value {
    json!({ "key": title, "kind": "article", "form": form, "title": title, "body": body })
}

#[test]
fn the_name_of_a_form_must_find_what_is_one_before_what_mentions_one() {
    let library = library(&[
        article("Gesprek met Noor", "Zij vertelt over haar werk.", "INTERVIEW"),
        article("Over schrijven", "Wij hielden een interview aan de balie.", "BLOG"),
        article("Aan tafel", "Een opname van een uur.", "PODCAST"),
        article("Iets anders", "Over formulieren.", "BLOG"),
        json!({ "key": "t", "kind": "toolkit", "form": "SERIOUS_GAME", "title": "Loketspel" }),
        json!({ "key": "c", "kind": "community", "form": "OWN", "title": "Online formulieren" }),
        json!({ "key": "s", "kind": "toolkit", "form": "STEP_PLAN", "title": "Proactief" }),
    ]);
    for words in ["interview", "interviews", "Interview"] {
        assert_eq!(search(&library, words).0, ["Gesprek met Noor", "Over schrijven"], "{words}");
    }
    let finds = |words: &str, title: &str| {
        assert_eq!(search(&library, words).0.first().map(String::as_str), Some(title), "{words}");
    };
    for words in ["podcast", "podcasts"] {
        finds(words, "Aan tafel");
    }
    for words in ["serious game", "serious games", "spel"] {
        finds(words, "Loketspel");
    }
    for words in ["community", "communities", "community’s"] {
        finds(words, "Online formulieren");
    }
    for words in ["stappenplan", "stappenplannen"] {
        finds(words, "Proactief");
    }
}

#[test]
fn a_stop_word_in_a_known_name_must_count() {
    let library = library(&[
        json!({ "key": "a", "kind": "article", "form": "BLOG", "title": "Alfa",
            "body": "Een gebouw van staal.", "people": ["Ben Staal"] }),
        article("Bravo", "Staal is sterk. Ik ben van staal, staal en nog eens staal.", "BLOG"),
    ]);
    let (titles, interpretation) = search(&library, "Ben Staal");
    assert_eq!(titles.first().map(String::as_str), Some("Alfa"));
    assert!(interpretation.ignored_words.is_empty(), "{interpretation:?}");
    // Without the name, it is a stop word.
    assert_eq!(search(&library, "ik ben staal").1.ignored_words, ["ik"]);
    assert_eq!(search(&library, "ben sterk").1.ignored_words, ["ben"]);
}

#[test]
fn a_declared_name_must_not_be_corrected() {
    let library = library(&[
        article("Het plein", "Op het plein staat een kraam.", "BLOG"),
        article("Meten", "Wij meten en hebben gemeten.", "BLOG"),
    ]);
    for name in ["Pleio", "pleio", "Mett"] {
        let (titles, interpretation) = search(&library, name);
        assert!(titles.is_empty(), "{name}: {titles:?}");
        assert_eq!((interpretation.corrected, interpretation.did_you_mean), (None, None), "{name}");
    }
    // Another word is corrected.
    assert_eq!(search(&library, "pleim").1.corrected.as_deref(), Some("plein"));
}

#[test]
fn a_phrase_of_the_vocabulary_must_rank_above_its_words() {
    let library = library(&[
        article("Alfa", "Digitale post en digitale brieven. Over inclusie en inclusie.", "BLOG"),
        article("Bravo", "Er is een dag over digitale inclusie in de stad.", "BLOG"),
    ]);
    assert_eq!(search(&library, "digitale inclusie").0, ["Bravo", "Alfa"]);
    assert_eq!(search(&library, "waarom is digitale inclusie belangrijk").0[0], "Bravo");
}

#[test]
fn a_number_must_match_as_written() {
    let library = library(&[
        article("Alfa", "Gebruik TLS 1.3 voor elke verbinding.", "BLOG"),
        article("Bravo", "In hoofdstuk 1 staat stap 3. Ook TLS komt voor, niet 1.3.", "BLOG"),
        article("Charlie", "Stap 1 en stap 3.", "BLOG"),
    ]);
    assert_eq!(search(&library, "TLS 1.3").0, ["Alfa", "Bravo"]);
    assert_eq!(search(&library, "1.3").0, ["Alfa", "Bravo"]);
    assert_eq!(search(&library, "1.4").0, Vec::<String>::new());
    // With or without a space.
    assert_eq!(search(&library, "TLS1.3").0, ["Alfa"]);
}

#[test]
fn a_separable_verb_must_be_found_in_one_word_and_in_two() {
    let library = library(&[
        article("Alfa", "U kunt de gegevens aanleveren.", "BLOG"),
        article("Bravo", "De gemeente levert aan wat zij heeft.", "BLOG"),
        article("Charlie", "De gegevens zijn aangeleverd.", "BLOG"),
        article("Delta", "Wij leveren brieven.", "BLOG"),
    ]);
    for words in ["aanleveren", "aangeleverd", "aanlevert"] {
        let mut titles = search(&library, words).0;
        titles.sort();
        assert_eq!(titles, ["Alfa", "Bravo", "Charlie"], "{words}");
    }
    for words in ["levert aan", "levert de gemeente aan"] {
        let titles = search(&library, words).0;
        assert!(titles.contains(&"Alfa".to_owned()), "{words}: {titles:?}");
        assert!(titles.contains(&"Charlie".to_owned()), "{words}: {titles:?}");
    }
}

#[test]
fn the_frame_of_a_query_must_not_be_searched() {
    let library = library(&[
        article("Alfa", "De toolkit staat hier.", "BLOG"),
        article("Bravo", "Ik vind het mooi. Wij zoeken en vinden informatie over alles.", "BLOG"),
    ]);
    for words in [
        "waar vind ik de toolkit",
        "waar kan ik de toolkit vinden",
        "ik ben op zoek naar een toolkit",
        "informatie over de toolkit",
        "where can I find the toolkit",
    ] {
        assert_eq!(search(&library, words).0, ["Alfa"], "{words}");
    }
    // A query that consists of such words is searched.
    assert_eq!(search(&library, "vinden").0, ["Bravo"]);
    assert_eq!(search(&library, "informatie over").0, ["Bravo"]);
}

#[test]
fn the_last_word_must_be_completed_before_it_is_corrected() {
    let library = library(&[
        article("Alfa", "Over klantreizen en de klant.", "BLOG"),
        article("Bravo", "De klant staat voorop.", "BLOG"),
        article("Charlie", "Brieven voor de klant.", "BLOG"),
    ]);
    let (titles, interpretation) = search(&library, "klantr");
    assert_eq!(titles, ["Alfa"]);
    assert_eq!(interpretation.corrected.as_deref(), Some("klantr*"));
    let (mut titles, interpretation) = search(&library, "brieven klantr ");
    titles.sort();
    assert_eq!(titles, ["Alfa", "Charlie"]);
    assert_eq!(interpretation.corrected.as_deref(), Some("brieven klantr*"));
    // Only the last word may still be typed.
    let (_, interpretation) = search(&library, "klantr brieven");
    assert_eq!(interpretation.corrected.as_deref(), Some("klant brieven"));
    let (titles, interpretation) = search(&library, "brievem");
    assert_eq!(titles, ["Charlie"]);
    assert_eq!(interpretation.corrected.as_deref(), Some("brieven"));
}

#[test]
fn a_page_must_not_report_results_and_none() {
    let installation = library(&[article("Alfa", "Over klantreizen en brieven.", "BLOG")]);
    let server = Server::of(&installation);
    let text = |query: &str| server.get(&format!("/?q={query}")).body;
    for (query, count, note) in [
        ("klantr", "Er is 1 resultaat voor ‘klantr’.", "woorden die beginnen met ‘klantr’."),
        ("breiven", "Er is 1 resultaat voor ‘brieven’.", "‘brieven’ in plaats van ‘breiven’."),
    ] {
        let page = text(query);
        assert!(page.contains(count) && page.contains(note), "{query}: {page}");
        assert!(!page.contains("geen resultaten"), "{query}: {page}");
    }
}
