//! Suggestions compared with a naive scan of all names; related content.

use std::collections::BTreeSet;

use indexer::catalog::{CatalogError, SUGGEST_PREFIX_BYTES_MAX, Snapshot};
use schema::{NodeId, NodeKind, Page, Record, Suggestion, SuggestionKind, normalisation};

use crate::support::{Installation, everything, runtime};

/// Sort key of a suggestion that is not a word.
type Rank = (bool, usize, String, SuggestionKind);

/// The titles and names that can be suggested, each with the names that match a prefix.
struct Scan(Vec<(SuggestionKind, String, Vec<String>)>);

impl Scan {
    async fn read(snapshot: &Snapshot) -> Self {
        let page = snapshot.search(everything()).await.expect("a search");
        let mut all: Vec<_> = page
            .hits
            .iter()
            .map(|hit| {
                let title = hit.record.name().to_owned();
                (SuggestionKind::Title, title.clone(), vec![title])
            })
            .collect();
        for kind in [NodeKind::Theme, NodeKind::Organisation] {
            let names = snapshot
                .list_by_name(kind, String::new(), Page::first(5_000))
                .await
                .expect("names");
            for (record, _) in names.entries {
                let (kind, others) = match &*record {
                    Record::Theme(theme) => (SuggestionKind::Theme, theme.alt_labels.clone()),
                    Record::Organisation(organisation) => (
                        SuggestionKind::Organisation,
                        [organisation.abbreviations.as_slice(), &organisation.aliases].concat(),
                    ),
                    other => panic!("{other:?}"),
                };
                let name = record.name().to_owned();
                all.push((kind, name.clone(), [vec![name], others].concat()));
            }
        }
        Self(all)
    }

    /// All completions of `prefix`, in order.
    fn completing(&self, prefix: &str) -> BTreeSet<Rank> {
        let typed = normalisation::name(prefix);
        let mut complete_words = words(&typed);
        let word_prefix = complete_words.pop().expect("a word");
        let mut found = BTreeSet::new();
        for (kind, text, names) in &self.0 {
            let fits = names.iter().map(|name| normalisation::name(name)).filter(|name| {
                let words = words(name);
                complete_words.iter().all(|word| words.contains(word))
                    && words.iter().any(|word| word.starts_with(&word_prefix))
            });
            let best = fits.map(|name| !name.starts_with(&typed)).min();
            found.extend(
                best.map(|inside| (inside, text.chars().count(), normalisation::name(text), *kind)),
            );
        }
        found
    }
}

fn words(folded: &str) -> Vec<String> {
    let words = folded.split(|letter: char| !letter.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

async fn suggest(snapshot: &Snapshot, prefix: &str, first: usize) -> Vec<Suggestion> {
    snapshot.suggest(prefix.to_owned(), first).await.expect("suggestions")
}

fn named_suggestions(
    suggestions: &[Suggestion],
    inside: bool,
    typed: &str,
) -> Vec<(SuggestionKind, String)> {
    let typed = normalisation::name(typed);
    suggestions
        .iter()
        .filter(|s| s.kind != SuggestionKind::Word)
        .filter(|s| inside || normalisation::name(&s.text).starts_with(&typed))
        .map(|s| (s.kind, normalisation::name(&s.text)))
        .collect()
}

/// Prefixes of every word, and of every two consecutive words.
fn prefixes(scan: &Scan) -> BTreeSet<String> {
    let mut prefixes = BTreeSet::new();
    for (_, _, names) in &scan.0 {
        for name in names {
            let words = words(&normalisation::name(name));
            for word in &words {
                let ends = word.char_indices().map(|(at, letter)| at + letter.len_utf8());
                prefixes.extend(ends.take(5).map(|end| word[..end].to_owned()));
            }
            for pair in words.windows(2) {
                let word_prefix: String = pair[1].chars().take(2).collect();
                prefixes.insert(format!("{} {word_prefix}", pair[0]));
                prefixes.insert(format!("{} {}", pair[1], pair[0]));
            }
        }
    }
    prefixes
}

#[test]
fn suggestions_must_equal_those_of_a_naive_scan() {
    const SUGGESTIONS_MAX: usize = 100;
    let installation = Installation::of("fixtures/demo.toml");
    installation.build();
    let snapshot = installation.snapshot();
    runtime().block_on(async {
        let scan = Scan::read(&snapshot).await;
        let prefixes = prefixes(&scan);
        assert!(prefixes.len() > 1_000, "{}", prefixes.len());
        let mut complete = 0;
        for prefix in &prefixes {
            let suggestions = suggest(&snapshot, prefix, SUGGESTIONS_MAX).await;
            let expected = scan.completing(prefix);
            let list = |inside| -> Vec<_> {
                let fits = expected.iter().filter(|rank| inside || !rank.0);
                fits.map(|(_, _, text, kind)| (*kind, text.clone())).collect()
            };
            if suggestions.len() < SUGGESTIONS_MAX {
                assert_eq!(named_suggestions(&suggestions, true, prefix), list(true), "{prefix}");
                complete += 1;
            }
            let mut beginning = list(false);
            beginning.truncate(SUGGESTIONS_MAX);
            let found = named_suggestions(&suggestions, true, prefix);
            assert_eq!(found[..beginning.len().min(found.len())], beginning, "{prefix}");
            let distinct: BTreeSet<_> =
                suggestions.iter().map(|s| (s.kind, normalisation::name(&s.text))).collect();
            assert_eq!(distinct.len(), suggestions.len(), "{prefix}: {suggestions:?}");
            let fewer = suggest(&snapshot, prefix, 5).await;
            assert_eq!(fewer, suggestions[..suggestions.len().min(5)], "{prefix}");
        }
        assert!(complete > 500, "{complete}");
    });
}

#[test]
fn words_of_the_texts_must_be_suggested_after_names() {
    let installation = Installation::of("fixtures/demo.toml");
    installation.build();
    let snapshot = installation.snapshot();
    runtime().block_on(async {
        let page = snapshot.search(everything()).await.expect("a search");
        let ids: Vec<_> = page.hits.iter().map(|hit| hit.record.id()).collect();
        let bodies = snapshot.bodies(&ids).await.expect("bodies");
        let mut text_words = BTreeSet::new();
        for text in bodies.iter().flatten().map(|body| &body.text) {
            text_words.extend(words(&normalisation::name(text)));
        }
        for prefix in ["klantr", "formulier", "Één", "vaka", "dienstv", "proe", "ë"] {
            let suggestions = suggest(&snapshot, prefix, 100).await;
            let folded_prefix = normalisation::name(prefix);
            let words: Vec<_> =
                suggestions.iter().filter(|s| s.kind == SuggestionKind::Word).collect();
            assert!(words.iter().all(|s| s.node.is_none()));
            let found: Vec<_> = words.iter().map(|s| normalisation::name(&s.text)).collect();
            assert!(found.iter().all(|word| word.starts_with(&folded_prefix)), "{found:?}");
            assert!(found.is_sorted_by_key(|word| (word.chars().count(), word)), "{found:?}");
            if suggestions.len() < 100 {
                let missing = text_words
                    .iter()
                    .filter(|w| w.starts_with(&folded_prefix) && !found.contains(w));
                assert_eq!(missing.collect::<Vec<_>>(), Vec::<&String>::new(), "{prefix}");
            }
            let begins = |s: &&Suggestion| normalisation::name(&s.text).starts_with(&folded_prefix);
            let kinds: Vec<_> = suggestions.iter().filter(begins).map(|s| s.kind).collect();
            assert!(kinds.is_sorted_by_key(|kind| *kind == SuggestionKind::Word), "{kinds:?}");
        }
    });
}

#[test]
fn a_word_must_be_suggested_in_its_most_frequent_spelling() {
    let installation = Installation::empty();
    for (n, title) in ["coördinatie", "Coördinatie", "coordinatie"].into_iter().enumerate() {
        installation.write_item(&format!("item{n}"), title);
    }
    installation.build();
    let snapshot = installation.snapshot();
    let suggestions = runtime().block_on(suggest(&snapshot, "COORD", 9));
    let found: Vec<_> = suggestions.iter().map(|s| (s.kind, s.text.as_str())).collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[1], (SuggestionKind::Word, "coördinatie"));
}

#[test]
fn removed_content_must_not_be_suggested() {
    let installation = Installation::small();
    installation.write_item("weg", "Zeldzaamheid van vroeger");
    installation.build();
    let texts = |prefix: &'static str| -> Vec<String> {
        let snapshot = installation.snapshot();
        let found = runtime().block_on(suggest(&snapshot, prefix, 9));
        found.into_iter().map(|s| s.text).collect()
    };
    assert_eq!(texts("zeldz"), ["Zeldzaamheid van vroeger", "zeldzaamheid"]);
    assert_eq!(texts("z"), ["Zeldzaamheid van vroeger", "zeldzaamheid"]);
    assert_eq!(texts("vroe"), ["vroeger", "Zeldzaamheid van vroeger"]);
    installation.remove_item("weg");
    installation.build();
    for prefix in ["zeldz", "z", "vroe", "van z"] {
        assert_eq!(texts(prefix), Vec::<String>::new(), "{prefix}");
    }
    installation.write_item("weg", "Zeldzaamheid van nu");
    installation.build();
    assert_eq!(texts("zeldz"), ["Zeldzaamheid van nu", "zeldzaamheid"]);
}

#[test]
fn a_blank_prefix_must_return_nothing_and_a_long_one_must_be_rejected() {
    let installation = Installation::small();
    installation.build();
    let snapshot = installation.snapshot();
    runtime().block_on(async {
        for blank in ["", "  ", "—", "'"] {
            assert_eq!(suggest(&snapshot, blank, 9).await, []);
        }
        assert_eq!(suggest(&snapshot, "klant", 0).await, []);
        let longest = "a".repeat(SUGGEST_PREFIX_BYTES_MAX);
        assert_eq!(suggest(&snapshot, &longest, 9).await, []);
        let rejected = snapshot.suggest(format!("{longest}a"), 9).await;
        assert!(matches!(rejected, Err(CatalogError::Limit { .. })), "{rejected:?}");
    });
}

fn ids(snapshot: &Snapshot) -> Vec<(String, NodeId)> {
    let page = runtime().block_on(snapshot.search(everything())).expect("a search");
    page.hits.iter().map(|hit| (hit.record.name().to_owned(), hit.record.id())).collect()
}

fn related(snapshot: &Snapshot, ids: &[NodeId], first: usize) -> Vec<Vec<NodeId>> {
    runtime().block_on(snapshot.related(ids, first)).expect("related content")
}

#[test]
fn related_content_must_have_something_in_common() {
    let installation = Installation::of("fixtures/demo.toml");
    installation.build();
    let snapshot = installation.snapshot();
    let all: Vec<NodeId> = ids(&snapshot).into_iter().map(|(_, id)| id).collect();
    let lists = related(&snapshot, &all, 5);
    assert_eq!(lists, related(&snapshot, &all, 5), "results must be deterministic");
    assert_eq!(
        related(&snapshot, &all[3..4], 5)[0],
        lists[3],
        "results must not depend on the other ids"
    );
    let mut shared = 0;
    for (id, list) in all.iter().zip(&lists) {
        assert_eq!(list.len(), 5);
        assert!(!list.contains(id));
        assert_eq!(list.iter().collect::<BTreeSet<_>>().len(), 5);
        let both = [vec![*id], list.clone()].concat();
        let records = runtime().block_on(snapshot.get_many(&both)).expect("records");
        let entities = |record: &Record| {
            let common = record.common().expect("content");
            let linked = [common.themes.as_slice(), &common.people, &common.communities];
            linked.concat().into_iter().collect::<BTreeSet<_>>()
        };
        let entity_sets: Vec<_> =
            records.iter().map(|record| entities(record.as_ref().expect("is there"))).collect();
        shared +=
            usize::from(entity_sets[1..].iter().any(|other| !other.is_disjoint(&entity_sets[0])));
    }
    assert!(shared * 10 > all.len() * 9, "{shared} of {} share an entity", all.len());
}

#[test]
fn related_content_must_be_found_by_words_and_entities_only() {
    let installation = Installation::empty();
    let line = |key: &str, title: &str, more: &str| {
        format!(r#"{{"key":"{key}","kind":"article","title":"{title}"{more}}}"#)
    };
    let theme = r#","themes":["water"]"#;
    installation.write_lines(&[
        line("1", "Dakkapel bouwen", r#","body":"Vergunning voor een dakkapel.""#),
        line("2", "Dakkapel verven", ""),
        line("3", "Verven kan meestal", r#","themes":["water"]"#),
        line("4", "Oevers", theme),
        line("5", "Iets anders", ""),
    ]);
    installation.build();
    let snapshot = installation.snapshot();
    let content = ids(&snapshot);
    let id = |title: &str| content.iter().find(|(name, _)| name == title).expect(title).1;
    let relatives = |title: &str| -> Vec<&str> {
        let found = related(&snapshot, &[id(title)], 9).remove(0);
        let name = |id: &NodeId| {
            content.iter().find(|(_, of)| of == id).expect("an existing record").0.as_str()
        };
        found.iter().map(name).collect()
    };
    assert_eq!(relatives("Dakkapel bouwen"), ["Dakkapel verven"]);
    assert_eq!(
        relatives("Dakkapel verven").into_iter().collect::<BTreeSet<_>>(),
        BTreeSet::from(["Dakkapel bouwen", "Verven kan meestal"])
    );
    assert_eq!(relatives("Oevers"), ["Verven kan meestal"]);
    assert_eq!(relatives("Iets anders"), Vec::<&str>::new());
}

#[test]
fn related_content_must_be_available_for_any_id() {
    let installation = Installation::small();
    let line = |key: &str, url: &str| {
        let body = "Over de klantreis van een verhuizing.";
        format!(
            r#"{{"key":"{key}","kind":"article","title":"Verhuizen {key}","url":"https://x.example/{url}","body":"{body}"}}"#
        )
    };
    installation.write_lines(&[line("een", "1")]);
    installation.write_lines_to("more.jsonl", &[line("twee", "2"), line("drie", "3")]);
    installation.build();
    let before = ids(&installation.snapshot());
    let id = |title: &str| before.iter().find(|(name, _)| name == title).expect(title).1;
    let (one, two) = (id("Verhuizen een"), id("Verhuizen twee"));
    installation.write_lines_to("more.jsonl", &[line("twee", "1"), line("drie", "3")]);
    installation.build();
    let snapshot = installation.snapshot();
    let names =
        runtime().block_on(snapshot.list_by_name(NodeKind::Theme, String::new(), Page::first(1)));
    let theme = names.expect("names").entries[0].0.id();
    let unknown = NodeId::new(NodeKind::Article, 1);
    let lists = related(&snapshot, &[one, theme, two, unknown], 3);
    assert!(!lists[0].is_empty());
    assert_eq!(lists[0], lists[2], "a merged id resolves to the surviving record");
    assert!(lists[0].iter().all(|id| ![one, two].contains(id)));
    assert_eq!([&lists[1], &lists[3]], [&Vec::new(), &Vec::new()]);
    assert_eq!(related(&snapshot, &[one], 0), [Vec::new()]);
}

#[test]
fn one_typo_must_be_tolerated_in_words_of_five_letters_or_more() {
    let installation = Installation::of("fixtures/demo.toml");
    installation.build();
    let snapshot = installation.snapshot();
    runtime().block_on(async {
        for (typed, expected) in [
            ("formuleir", "Formulierendokter"),
            ("tolkit ta", "Toolkit Taal"),
            ("klantrie", "Klantreistraining Bonaire"),
            ("kanaalkomaps", "Kanaalkompas"),
        ] {
            let found = suggest(&snapshot, typed, 9).await;
            assert!(found.iter().any(|found| found.text == expected), "{typed}: {found:?}");
        }
        // Most shorter prefixes are close to other words, and correct prefixes are never changed.
        assert_eq!(suggest(&snapshot, "xlan", 9).await, []);
        assert_eq!(suggest(&snapshot, "xxqzwv", 9).await, []);
        for found in suggest(&snapshot, "klantr", 9).await {
            assert!(normalisation::name(&found.text).contains("klantr"), "{found:?}");
        }
    });
}
