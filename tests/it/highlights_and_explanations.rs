//! Details of search results: highlights, score explanations, interpretations; and the limits of a
//! query.

use std::{collections::BTreeSet, sync::Arc};

use indexer::catalog::Snapshot;
use schema::{
    Body, Hit, MatchClass, MatchKind, NodeKind, Page, Record, SearchExtras, SearchField,
    SearchFilter, SearchPage, SearchQuery, SearchSort, SortValue, Span, TermMatch, normalisation,
};

use crate::support::{Installation, everything, runtime, search_query};

const QUERIES: [&str; 8] = [
    "klantreis",
    "brieven",
    "toolkit taal gemeente",
    "e-mail",
    "overheid dienstverlening inwoners loket",
    "journey",
    "Noor",
    "zorgplicht community",
];

fn query(words: &str, sort: SearchSort) -> SearchQuery {
    let extras = SearchExtras { highlights: true, explanations: true, ..SearchExtras::default() };
    SearchQuery { sort, extras, ..search_query(words) }
}

fn search(snapshot: &Snapshot, words: &str) -> SearchPage {
    runtime().block_on(snapshot.search(query(words, SearchSort::Relevance))).expect("a search")
}

fn demo() -> Installation {
    let installation = Installation::of("fixtures/demo.toml");
    installation.build();
    installation
}

fn plain(fragment: &[Span]) -> String {
    fragment.iter().map(|span| span.text.as_str()).collect()
}

fn fields(hit: &Hit) -> BTreeSet<SearchField> {
    hit.highlights.iter().map(|highlight| highlight.field).collect()
}

/// The linked records and the body of a hit.
fn linked_records_and_body(
    snapshot: &Snapshot,
    record: &Record,
) -> (Vec<Arc<Record>>, Option<Arc<Body>>) {
    runtime().block_on(async {
        let about = snapshot.get_many(&record.linked_ids()).await.expect("records");
        let bodies = snapshot.bodies(&[record.id()]).await.expect("bodies");
        (about.into_iter().flatten().collect(), bodies[0].clone())
    })
}

#[test]
fn highlights_must_be_fragments_of_their_sources() {
    let installation = demo();
    let snapshot = installation.snapshot();
    let mut seen = BTreeSet::new();
    for words in QUERIES {
        let page = search(&snapshot, words);
        assert!(!page.hits.is_empty(), "{words}");
        for hit in page.hits {
            let explanation = hit.explanation.as_ref().expect("explanations were requested");
            let is_in_text = explanation.words.iter().any(|word| !word.fields.is_empty());
            assert_eq!(is_in_text, !hit.highlights.is_empty(), "{words}: {}", hit.record.name());
            let common = hit.record.common().expect("content");
            let (about, body) = linked_records_and_body(&snapshot, &hit.record);
            for highlight in &hit.highlights {
                seen.insert(highlight.field);
                assert!((1..=10).contains(&highlight.fragments.len()));
                for fragment in &highlight.fragments {
                    let text = plain(fragment);
                    let context = format!("{words}, {}: {fragment:?}", highlight.field);
                    assert!(fragment.iter().any(|span| span.highlighted), "{context}");
                    match highlight.field {
                        SearchField::Title => assert_eq!(text, common.title, "{context}"),
                        SearchField::Lead => {
                            let summary = common.summary.iter().any(|s| s.contains(&text));
                            let Record::Article(article) = &*hit.record else {
                                assert!(summary, "{context}");
                                continue;
                            };
                            let lead = article.lead.iter().any(|lead| lead.contains(&text));
                            assert!(summary || lead, "{context}");
                        }
                        SearchField::Names => {
                            let named = about.iter().any(|r| format!("{r:?}").contains(&text));
                            assert!(named || common.hashtags.contains(&text), "{context}");
                        }
                        SearchField::Body => {
                            let own = format!("{:?}", hit.record).contains(&text);
                            let long = body.iter().any(|body| body.text.contains(&text));
                            assert!(own || long, "{context}");
                        }
                    }
                }
            }
        }
    }
    assert_eq!(seen.len(), 4, "every field must occur at least once");
}

#[test]
fn a_title_with_the_word_must_show_it() {
    let installation = demo();
    let snapshot = installation.snapshot();
    let all = runtime().block_on(snapshot.search(everything())).expect("a search");
    for hit in all.hits.iter().step_by(3) {
        let title = hit.record.name();
        let letters_and_digits = |word: &&str| word.chars().all(char::is_alphanumeric);
        let Some(word) = title.split(' ').filter(letters_and_digits).max_by_key(|w| w.len()) else {
            continue;
        };
        let filter = SearchFilter {
            kinds: hit.record.kind().into_iter().collect(),
            ..SearchFilter::default()
        };
        let page = Page::first(1_000);
        let query = SearchQuery { filter, page, ..query(word, SearchSort::Title) };
        let page = runtime().block_on(snapshot.search(query)).expect("a search");
        let shown = page.hits.iter().find(|found| found.record.id() == hit.record.id());
        let shown = shown.unwrap_or_else(|| panic!("{word} finds {title}"));
        let highlight = &shown.highlights[0];
        assert_eq!(highlight.field, SearchField::Title);
        assert!(
            highlight.fragments[0].iter().any(|span| span.highlighted && span.text == word),
            "{title}"
        );
    }
}

#[test]
fn highlights_must_read_a_long_text_only_up_to_the_limit() {
    let installation = Installation::empty();
    let filler = "woord ".repeat(64 * 1024 / 6);
    let text = |title: &str, body: &str| format!("---\ntitle: {title}\n---\n\n{body}\n");
    installation.write("items/een.md", &text("Een", &format!("{filler} en dan een zoekterm.")));
    installation.write("items/twee.md", &text("Twee", &format!("Een zoekterm en dan {filler}")));
    installation.build();
    let page = search(&installation.snapshot(), "zoekterm");
    let body = |hit: &Hit| fields(hit).contains(&SearchField::Body);
    let shown: BTreeSet<_> = page.hits.iter().map(|hit| (hit.record.name(), body(hit))).collect();
    assert_eq!(shown, BTreeSet::from([("Een", false), ("Twee", true)]));
    let explained = |hit: &Hit| {
        hit.explanation.clone().expect("explanations were requested").words[0].fields.clone()
    };
    assert!(
        page.hits.iter().all(|hit| explained(hit).contains(&SearchField::Body)),
        "both match in the body"
    );
}

/// Whether a word matches in a field, or names the form of the record.
fn is_matched(word: &TermMatch) -> bool {
    let names_form = word.reasons.iter().any(|reason| reason.kind == MatchKind::Form);
    !word.fields.is_empty() || names_form
}

#[test]
fn explanations_must_add_up_to_the_score() {
    let installation = demo();
    let snapshot = installation.snapshot();
    let (mut complete, mut partial) = (0, 0);
    for words in QUERIES {
        let page = search(&snapshot, words);
        let mut all_before = true;
        for hit in &page.hits {
            let explanation = hit.explanation.as_ref().expect("explanations were requested");
            let typed: Vec<_> = explanation.words.iter().map(|word| word.word.as_str()).collect();
            assert_eq!(typed, words.split(' ').collect::<Vec<_>>());
            let sum: f32 = explanation.words.iter().map(|word| word.score).sum();
            let sum = sum + explanation.stop_words + explanation.proximity + explanation.recency;
            let context = format!("{words}: {} {explanation:?}", hit.record.name());
            assert!((sum - hit.score).abs() < 2e-3, "{sum} is not {}: {context}", hit.score);
            for word in &explanation.words {
                assert_eq!(word.score > 0.0, is_matched(word), "{context}");
            }
            let found: BTreeSet<_> =
                explanation.words.iter().flat_map(|word| word.fields.iter().copied()).collect();
            assert_eq!(found, fields(hit), "{context}");

            let all = explanation.words.iter().all(is_matched);
            assert_eq!(explanation.all_words, all);
            let is_pair = words.split(' ').count() == 2;
            let is_exact = hit.match_class == MatchClass::Exact;
            let is_first = all_before || !all || !is_pair || !is_exact;
            assert!(is_first, "those with both words come first: {context}");
            all_before = all || (all_before && !is_exact);
            *(if all { &mut complete } else { &mut partial }) += 1;
            let SortValue::Score(value) = hit.cursor.value else { panic!("by relevance") };
            let is_ranked = if is_exact { value >= hit.score } else { value < 0.0 };
            assert!(hit.score < 500.0 && is_ranked, "{context}");
        }
        let scores: Vec<_> = page.hits.windows(2).map(|pair| (&pair[0], &pair[1])).collect();
        for (one, next) in scores {
            let all = |hit: &Hit| hit.explanation.as_ref().is_some_and(|e| e.all_words);
            let is_pair = words.split(' ').count() == 2;
            let is_first = is_pair && all(one) && !all(next);
            let is_closer = one.match_class < next.match_class;
            assert!(one.match_class <= next.match_class, "exact ones come first: {words}");
            assert!(one.score >= next.score || is_first || is_closer, "{words}");
        }
    }
    assert!(complete > 20 && partial > 5, "{complete} with all words, {partial} without");
}

#[test]
fn extras_that_are_not_requested_must_be_absent() {
    let installation = demo();
    let snapshot = installation.snapshot();
    let without_extras =
        SearchQuery { extras: SearchExtras::default(), ..query("brief", SearchSort::Newest) };
    let wordless = SearchQuery { words: None, ..query("", SearchSort::Newest) };
    let unsearchable = query("?! —", SearchSort::Newest);
    let none = runtime().block_on(snapshot.search(unsearchable)).expect("a search");
    assert_eq!((none.hits.len(), none.interpretation.ignored_words.len()), (0, 2));
    for query in [without_extras, wordless] {
        let page = runtime().block_on(snapshot.search(query)).expect("a search");
        assert!(!page.hits.is_empty());
        for hit in page.hits {
            assert_eq!((hit.highlights, hit.explanation), (Vec::new(), None));
        }
    }
}

#[test]
fn ignored_words_must_be_reported() {
    let installation = Installation::small();
    installation.build();
    let snapshot = installation.snapshot();
    let page = search(&snapshot, "  klantreis — & verhuizing ");
    assert_eq!(page.interpretation.query, "klantreis — & verhuizing");
    assert_eq!(page.interpretation.ignored_words, ["—", "&"]);
    assert_eq!(page.hits[0].record.name(), "De klantreis van een verhuizing");

    let many: Vec<_> = (0..35).map(|n| format!("klantreis{n}")).collect();
    let page = search(&snapshot, &many.join(" "));
    assert_eq!(page.interpretation.ignored_words, many[32..]);
    assert_eq!(page.interpretation.corrected, None);

    let page = runtime().block_on(snapshot.search(everything())).expect("a search");
    assert_eq!(page.interpretation, schema::Interpretation::default());
}

#[test]
fn a_facet_must_list_a_hundred_values_and_the_selected_ones() {
    let installation = Installation::empty();
    let line = |n: usize| {
        let more = if n < 100 { r#","gewoon""# } else { "" };
        format!(
            r#"{{"key":"{n}","kind":"article","title":"A {n}","themes":["thema {n:03}"{more}]}}"#
        )
    };
    installation.write_lines(&(0..130).map(line).collect::<Vec<_>>());
    installation.build();
    let snapshot = installation.snapshot();
    runtime().block_on(async {
        let themes = snapshot
            .list_by_name(NodeKind::Theme, String::new(), Page::first(200))
            .await
            .expect("names");
        assert_eq!(themes.entries.len(), 131);
        let facets = |filter: SearchFilter| {
            let extras = SearchExtras { facets: true, ..SearchExtras::default() };
            let query = SearchQuery { filter, extras, ..everything() };
            async {
                snapshot
                    .search(query)
                    .await
                    .expect("a search")
                    .facets
                    .expect("facets were requested")
            }
        };
        let listed = facets(SearchFilter::default()).await.themes;
        assert_eq!((listed.len(), listed[0].count), (100, 100));
        let unlisted = themes.entries.iter().map(|(record, _)| record.id());
        let unlisted = unlisted.filter(|id| !listed.iter().any(|facet| facet.value == *id));
        let selected: Vec<_> = unlisted.take(2).collect();
        let filter = SearchFilter { themes: selected.clone(), ..SearchFilter::default() };
        let listed = facets(filter).await.themes;
        assert_eq!(listed.len(), 102);
        assert!(selected.iter().all(|id| listed.iter().any(|f| f.value == *id && f.selected)));
    });
}

#[test]
fn a_cursor_of_names_must_continue_in_the_next_generation_and_report_it() {
    let installation = Installation::empty();
    let line = |n: u32| {
        format!(r#"{{"key":"{n}","kind":"theme","title":"thema {n}","definition":"iets"}}"#)
    };
    installation.write_lines(&(0..6).map(line).collect::<Vec<_>>());
    installation.build();
    let old = installation.snapshot();
    let first = runtime()
        .block_on(old.list_by_name(NodeKind::Theme, String::new(), Page::first(2)))
        .expect("names");
    assert_eq!(first.continued_from, None);
    let after = Some(first.entries[1].1.clone());
    let page = Page::Forward { first: 2, after };
    let next = runtime()
        .block_on(old.list_by_name(NodeKind::Theme, String::new(), page.clone()))
        .expect("names");
    assert_eq!(next.continued_from, None);
    installation.write_lines(&(0..7).map(line).collect::<Vec<_>>());
    installation.build();
    let new = installation.snapshot();
    let next =
        runtime().block_on(new.list_by_name(NodeKind::Theme, String::new(), page)).expect("names");
    assert_eq!(next.continued_from, Some(old.generation()));
    let names: Vec<_> =
        next.entries.iter().map(|(record, _)| normalisation::name(record.name())).collect();
    assert_eq!(names, ["thema 2", "thema 3"]);
}

/// An article whose body begins with its summary or lead, and one whose body does not.
fn repeated_openings() -> Installation {
    let installation = Installation::empty();
    let long = format!("{}. Bijzonderwoord staat hier.", "Een lange zin zonder einde".repeat(12));
    installation.write_lines(&[
        r#"{"key":"a","kind":"article","form":"BLOG","title":"Gelijk","url":"https://x.nl/a","lead":"De proefzin begint.","body":"<p>De proefzin begint.</p><p>Daarna meer.</p>"}"#.to_owned(),
        r#"{"key":"b","kind":"article","form":"BLOG","title":"Anders","url":"https://x.nl/b","lead":"De proefzin begint.","body":"<p>Een andere proefzin begint.</p>"}"#.to_owned(),
        format!(r#"{{"key":"c","kind":"article","form":"BLOG","title":"Kort","url":"https://x.nl/c","summary":"De proefzin begint. Een lange…","body":"<p>De proefzin begint. {long}</p>"}}"#),
    ]);
    installation.build();
    installation
}

#[test]
fn a_sentence_that_is_lead_and_start_of_the_body_must_be_found_and_shown_once() {
    let installation = repeated_openings();
    let found = search(&installation.snapshot(), "proefzin");
    assert_eq!(found.hits.len(), 3);
    for hit in &found.hits {
        let expected = match hit.record.name() {
            "Anders" => BTreeSet::from([SearchField::Lead, SearchField::Body]),
            _ => BTreeSet::from([SearchField::Lead]),
        };
        assert_eq!(fields(hit), expected, "{}", hit.record.name());
    }
    // What follows the repeated sentences stays findable, phrases included.
    for words in ["\"Daarna meer\"", "bijzonderwoord", "\"Een lange zin zonder\""] {
        let found = search(&installation.snapshot(), words);
        assert_eq!(found.hits.len(), 1, "{words}");
        assert!(fields(&found.hits[0]).contains(&SearchField::Body), "{words}");
    }
}
