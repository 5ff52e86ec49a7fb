//! Compares highlights with a naive scan that analyses every word of the same texts.

mod early_termination;

use std::convert::Infallible;

use jiff::civil::date;
use proptest::prelude::*;
use schema::{
    Article, ArticleForm, Body, Common, Highlight, Language, NodeId, NodeKind, Origin, Quote,
    Record, SearchField, Span, Theme, TitleSource,
};
use tantivy::Index;

use super::{
    DocumentTexts, IndexDocument, IndexReader, IndexWriter, MatchDetail, PlanOptions, ScoreFactors,
    Segments, explanation, highlight::fragments::FRAGMENT_BYTES, highlights,
};
use crate::{
    analysis,
    analysis::{DUTCH, ENGLISH, Vocabulary},
    cancellation::Cancellation,
};

/// All texts of an article.
#[derive(Debug, Clone)]
struct ArticleTexts {
    language: Language,
    title: String,
    summary: Option<String>,
    lead: Option<String>,
    quotes: Vec<String>,
    body: String,
    theme: String,
    hashtags: Vec<String>,
}

/// Words with inflections, accents and hyphens, and some tokens that are not words.
fn text(words: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    let word = prop_oneof![
        8 => prop::sample::select(vec![
            "klantreis", "Klantreizen", "brief", "brieven", "Brieven,", "hén", "hen", "gemeente",
            "gemeenten.", "e-mail", "e-mails!", "één", "journeys", "journey", "kaart-en-brief",
        ]),
        3 => prop::sample::select(vec!["—", "…", "\n\n", "½", "(de)", "x. Y", "’s", "👋", "naïef"]),
        1 => Just("lang".repeat(20).leak() as &str),
    ];
    prop::collection::vec(word, words).prop_map(|words| words.join(" "))
}

fn texts() -> impl Strategy<Value = ArticleTexts> {
    let language = prop::sample::select(vec![Language::Nl, Language::En, Language::Other]);
    (
        (language, text(1..3), prop::option::of(text(0..30)), prop::option::of(text(0..90))),
        (prop::collection::vec(text(0..40), 0..3), text(0..160), text(1..3)),
        prop::collection::vec(text(1..2), 0..2),
    )
        .prop_map(|((language, title, summary, lead), (quotes, body, theme), hashtags)| {
            ArticleTexts { language, title, summary, lead, quotes, body, theme, hashtags }
        })
}

fn record(texts: &ArticleTexts, id: NodeId, theme: NodeId) -> Record {
    let quote = |text: &String| Quote {
        text: text.clone(),
        person: None,
        organisation: None,
        reference: None,
    };
    Record::Article(Article {
        common: Common {
            id,
            title: texts.title.clone(),
            title_source: TitleSource::Upstream,
            summary: texts.summary.clone(),
            url: "https://items.example/1".parse().unwrap(),
            slug: "1".to_owned(),
            language: texts.language,
            published_at: None,
            modified_at: None,
            first_seen: schema::FirstSeen {
                at: jiff::Timestamp::UNIX_EPOCH,
                is_first_import: true,
            },
            image: None,
            themes: vec![theme],
            audiences: Vec::new(),
            communities: Vec::new(),
            organisations: Vec::new(),
            people: Vec::new(),
            hashtags: texts.hashtags.clone(),
            predecessor: None,
            translation_of: None,
        },
        form: ArticleForm::Blog,
        lead: texts.lead.clone(),
        authors: Vec::new(),
        interviewees: Vec::new(),
        quotes: texts.quotes.iter().map(quote).collect(),
        references: Vec::new(),
        resources: Vec::new(),
        reports_on: None,
    })
}

/// Byte ranges of the words that match the query; overlapping ranges are merged.
fn expected_ranges(index: &Index, analyser: &str, text: &str, query: &str) -> Vec<(usize, usize)> {
    let words: Vec<&str> = query.split_whitespace().collect();
    let content_words: Vec<&str> = words
        .iter()
        .filter(|word| !analysis::is_stop_word(&analysis::folded(word)))
        .copied()
        .collect();
    let query_words = if content_words.is_empty() { words } else { content_words };
    // A component matches the word itself, and the reverse.
    let unmarked = |term: &str| term.trim_start_matches('+').to_owned();
    let terms = |word| analysis::terms(index, analyser, word);
    let wanted: Vec<String> =
        query_words.into_iter().flat_map(terms).map(|term| unmarked(&term)).collect();
    // The last word of a query may have been completed.
    let prefix = query.strip_suffix('*').and_then(|query| query.split_whitespace().next_back());
    let prefix = prefix.map(analysis::folded);
    let mut found = Vec::new();
    let mut analyser = index.tokenizers().get(analyser).unwrap();
    analyser.token_stream(text).process(&mut |token| {
        let is_completed = prefix.as_ref().is_some_and(|prefix| {
            analysis::folded(&text[token.offset_from..token.offset_to]).starts_with(prefix)
        });
        if is_completed || wanted.contains(&unmarked(&token.text)) {
            found.push((token.offset_from, token.offset_to));
        }
    });
    found.sort_unstable();
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for (from, to) in found {
        match ranges.last_mut() {
            Some(last) if from < last.1 => last.1 = last.1.max(to),
            _ => ranges.push((from, to)),
        }
    }
    ranges
}

fn plain(fragment: &[Span]) -> String {
    fragment.iter().map(|span| span.text.as_str()).collect()
}

/// Checks the fragments of one field against its possible source texts.
fn check(
    index: &Index,
    analyser: &str,
    sources: &[&str],
    query: &str,
    found: Option<&Highlight>,
) -> Result<(), TestCaseError> {
    let any = sources.iter().any(|text| !expected_ranges(index, analyser, text, query).is_empty());
    prop_assert_eq!(found.is_some(), any, "{:?} for {:?}", sources, query);
    for fragment in found.iter().flat_map(|highlight| &highlight.fragments) {
        let shown = plain(fragment);
        let fits = sources.iter().any(|source| {
            let words = expected_ranges(index, analyser, source, query);
            source.match_indices(shown.as_str()).any(|(start, _)| {
                let within = start..start + shown.len();
                let expected: Vec<_> = words
                    .iter()
                    .filter(|(from, to)| within.contains(from) && *to <= within.end)
                    .map(|(from, to)| &source[*from..*to])
                    .collect();
                let hits = fragment.iter().filter(|span| span.highlighted);
                expected == hits.map(|span| span.text.as_str()).collect::<Vec<_>>()
            })
        });
        prop_assert!(fits, "{:?} of {:?} for {:?}", fragment, sources, query);
        prop_assert!(fragment.iter().any(|span| span.highlighted), "{:?}", fragment);
        prop_assert!(fragment.iter().all(|span| !span.text.is_empty()));
        prop_assert!(shown.len() <= FRAGMENT_BYTES * 3 / 2, "{} bytes: {shown}", shown.len());
    }
    Ok(())
}

struct FixtureTexts<'a> {
    body: &'a Body,
    linked_records: &'a [Record],
}

impl DocumentTexts for FixtureTexts<'_> {
    type Error = Infallible;

    fn body(&self) -> Result<Option<Body>, Infallible> {
        Ok(Some(self.body.clone()))
    }

    fn linked_records(&self) -> Result<Vec<Record>, Infallible> {
        Ok(self.linked_records.to_vec())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn highlights_must_equal_a_naive_scan(
        texts in texts(),
        query in prop::collection::vec(
            prop::sample::select(vec!["klantreis", "BRIEF", "hen", "gemeente", "journey", "een", "reis", "e-mail"]),
            1..4,
        ),
    ) {
        let query = query.join(" ");
        let folder = tempfile::tempdir().unwrap();
        let (id, theme) = (NodeId::new(NodeKind::Article, 7), NodeId::new(NodeKind::Theme, 8));
        let record = record(&texts, id, theme);
        let body = Body { html: String::new(), text: texts.body.clone() };
        let theme = Theme {
            id: theme,
            label: texts.theme.clone(),
            slug: String::new(),
            alt_labels: vec!["brieven".to_owned()],
            definition: None,
            broader: None,
            origin: Origin::Declared,
        };
        let linked_records = [Record::Theme(theme)];
        let writer = IndexWriter::open(folder.path(), Segments::Several).unwrap();
        let indexed =
            IndexDocument { record: &record, body: Some(&body), linked_records: &linked_records, sources: &[], group: None };
        writer.put(&indexed).unwrap();
        writer.finish().unwrap();

        let reader = IndexReader::open(folder.path()).unwrap();
        let (plan, interpretation) = reader.plan(&query, options(&Vocabulary::default(), &Cancellation::default())).unwrap();
        let plan = plan.unwrap();
        let query = interpretation.corrected.unwrap_or(query);
        let matches = reader.matches(&plan, &[id.to_bits()], MatchDetail::PositionsAndScores).unwrap();
        let document_texts = FixtureTexts { body: &body, linked_records: &linked_records };
        let found = highlights(&record, (&plan, &matches[0]), &document_texts).unwrap().fields;

        let index = Index::create_in_ram(tantivy::schema::Schema::builder().build());
        analysis::register(&index);
        let analyser = if texts.language == Language::En { ENGLISH } else { DUTCH };
        let highlight_of = |field| found.iter().find(|highlight| highlight.field == field);
        let check = |analyser, sources: &[&str], field| {
            check(&index, analyser, sources, &query, highlight_of(field))
        };
        check(analyser, &[&texts.title], SearchField::Title)?;
        let leads: Vec<_> = texts.summary.iter().chain(&texts.lead).map(String::as_str).collect();
        check(analyser, &leads, SearchField::Lead)?;
        let bodies: Vec<_> =
            texts.quotes.iter().chain([&texts.body]).map(String::as_str).collect();
        check(analyser, &bodies, SearchField::Body)?;
        let mut names = vec![texts.theme.as_str(), "brieven"];
        names.extend(texts.hashtags.iter().map(String::as_str));
        // A completed word is searched for in titles and texts, not in names.
        let typed = query.trim_end_matches('*');
        self::check(&index, DUTCH, &names, typed, highlight_of(SearchField::Names))?;

        let factors = ScoreFactors { recency: 1.0, preference: 1.0 };
        let explained = explanation(&record, (&plan, &matches[0]), (1.0, factors));
        for field in SearchField::ALL {
            let explained = explained.words.iter().any(|word| word.fields.contains(field));
            prop_assert_eq!(explained, highlight_of(*field).is_some(), "{}", field);
        }
    }
}

#[test]
fn stop_words_of_a_title_must_not_be_explained_as_proximity() {
    let folder = tempfile::tempdir().unwrap();
    let (id, theme) = (NodeId::new(NodeKind::Article, 7), NodeId::new(NodeKind::Theme, 8));
    let texts = ArticleTexts {
        language: Language::Nl,
        title: "Een brief aan de gemeente".to_owned(),
        summary: None,
        lead: None,
        quotes: Vec::new(),
        body: String::new(),
        theme: String::new(),
        hashtags: Vec::new(),
    };
    let record = record(&texts, id, theme);
    let writer = IndexWriter::open(folder.path(), Segments::Several).unwrap();
    let indexed = IndexDocument {
        record: &record,
        body: None,
        linked_records: &[],
        sources: &[],
        group: None,
    };
    writer.put(&indexed).unwrap();
    writer.finish().unwrap();
    let reader = IndexReader::open(folder.path()).unwrap();
    let (plan, _) =
        reader.plan("de brief", options(&Vocabulary::default(), &Cancellation::default())).unwrap();
    let plan = plan.unwrap();
    let matches = reader.matches(&plan, &[id.to_bits()], MatchDetail::PositionsAndScores).unwrap();
    let sum: f32 = matches[0].scores.iter().map(|(score, _)| score).sum();
    let score = plan.rules.score(plan.rules.all, f64::from(sum));
    let factors = ScoreFactors { recency: 1.1, preference: 1.5 };
    let explained = explanation(&record, (&plan, &matches[0]), (score * 1.1 * 1.5, factors));
    let words: f32 = explained.words.iter().map(|word| word.score).sum();
    assert!(words > 0.0 && explained.stop_words > 0.0, "{explained:?}");
    assert!(explained.proximity.abs() < f32::EPSILON, "{explained:?}");
    let sum = words + explained.stop_words + explained.recency + explained.preference;
    assert!((sum - score * 1.1 * 1.5).abs() < 1e-3, "{sum} {explained:?}");
}

/// Words are interpreted on a fixed day.
fn options<'a>(vocabulary: &'a Vocabulary, cancellation: &'a Cancellation) -> PlanOptions<'a> {
    PlanOptions { vocabulary, today: Some(date(2026, 3, 4)), names: None, cancellation }
}
