//! Highlights against a plain reading of the same texts: every word analysed, one by one.

use std::convert::Infallible;

use proptest::prelude::*;
use schema::{
    Article, ArticleForm, Body, Common, Highlight, Language, NodeId, NodeKind, Origin, Quote,
    Record, SearchField, Span, Theme, TitleSource,
};
use tantivy::Index;

use super::{
    Beside, Forms, IndexReader, IndexWriter, Indexed, Look, Segments, explanation,
    fragment::FRAGMENT_BYTES, highlights,
};
use crate::language::{self, DUTCH, ENGLISH, Synonyms};

/// Everything about one article.
#[derive(Debug, Clone)]
struct Texts {
    language: Language,
    title: String,
    summary: Option<String>,
    lead: Option<String>,
    quotes: Vec<String>,
    body: String,
    theme: String,
    hashtags: Vec<String>,
}

/// Words with inflections, accents and joins, beside some that are no words at all.
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

fn texts() -> impl Strategy<Value = Texts> {
    let language = prop::sample::select(vec![Language::Nl, Language::En, Language::Other]);
    (
        (language, text(1..3), prop::option::of(text(0..30)), prop::option::of(text(0..90))),
        (prop::collection::vec(text(0..40), 0..3), text(0..160), text(1..3)),
        prop::collection::vec(text(1..2), 0..2),
    )
        .prop_map(|((language, title, summary, lead), (quotes, body, theme), hashtags)| {
            Texts { language, title, summary, lead, quotes, body, theme, hashtags }
        })
}

fn record(texts: &Texts, id: NodeId, theme: NodeId) -> Record {
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
            image: None,
            themes: vec![theme],
            audiences: Vec::new(),
            communities: Vec::new(),
            organisations: Vec::new(),
            people: Vec::new(),
            hashtags: texts.hashtags.clone(),
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

/// A text with the words in it that the question asks for, as byte ranges; those that overlap are
/// one.
fn marked(index: &Index, analyser: &str, text: &str, question: &str) -> Vec<(usize, usize)> {
    let words: Vec<&str> = question.split_whitespace().collect();
    let tell: Vec<&str> = words
        .iter()
        .filter(|word| !language::is_stop_word(&language::folded(word)))
        .copied()
        .collect();
    let asked = if tell.is_empty() { words } else { tell };
    let wanted: Vec<String> =
        asked.into_iter().flat_map(|word| language::terms(index, analyser, word)).collect();
    let mut found = Vec::new();
    let mut analyser = index.tokenizers().get(analyser).unwrap();
    analyser.token_stream(text).process(&mut |token| {
        if wanted.contains(&token.text) {
            found.push((token.offset_from, token.offset_to));
        }
    });
    found.sort_unstable();
    let mut marked: Vec<(usize, usize)> = Vec::new();
    for (from, to) in found {
        match marked.last_mut() {
            Some(last) if from < last.1 => last.1 = last.1.max(to),
            _ => marked.push((from, to)),
        }
    }
    marked
}

fn plain(fragment: &[Span]) -> String {
    fragment.iter().map(|span| span.text.as_str()).collect()
}

/// Checks fragments of one field against the texts that they may be taken from.
fn check(
    index: &Index,
    analyser: &str,
    sources: &[&str],
    question: &str,
    found: Option<&Highlight>,
) -> Result<(), TestCaseError> {
    let any = sources.iter().any(|text| !marked(index, analyser, text, question).is_empty());
    prop_assert_eq!(found.is_some(), any, "{:?} for {:?}", sources, question);
    for fragment in found.iter().flat_map(|highlight| &highlight.fragments) {
        let shown = plain(fragment);
        let fits = sources.iter().any(|source| {
            let words = marked(index, analyser, source, question);
            source.match_indices(shown.as_str()).any(|(start, _)| {
                let within = start..start + shown.len();
                let expected: Vec<_> = words
                    .iter()
                    .filter(|(from, to)| within.contains(from) && *to <= within.end)
                    .map(|(from, to)| &source[*from..*to])
                    .collect();
                let hits = fragment.iter().filter(|span| span.hit);
                expected == hits.map(|span| span.text.as_str()).collect::<Vec<_>>()
            })
        });
        prop_assert!(fits, "{:?} of {:?} for {:?}", fragment, sources, question);
        prop_assert!(fragment.iter().any(|span| span.hit), "{:?}", fragment);
        prop_assert!(fragment.iter().all(|span| !span.text.is_empty()));
        prop_assert!(shown.len() <= FRAGMENT_BYTES * 3 / 2, "{} bytes: {shown}", shown.len());
    }
    Ok(())
}

struct Stored<'a> {
    body: &'a Body,
    about: &'a [Record],
}

impl Beside for Stored<'_> {
    type Error = Infallible;

    fn body(&self) -> Result<Option<Body>, Infallible> {
        Ok(Some(self.body.clone()))
    }

    fn about(&self) -> Result<Vec<Record>, Infallible> {
        Ok(self.about.to_vec())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn highlights_must_be_the_words_that_a_plain_reading_finds(
        texts in texts(),
        question in prop::collection::vec(
            prop::sample::select(vec!["klantreis", "BRIEF", "hen", "gemeente", "journey", "een", "reis", "e-mail"]),
            1..4,
        ),
    ) {
        let question = question.join(" ");
        let folder = tempfile::tempdir().unwrap();
        let (id, theme) = (NodeId::new(NodeKind::Article, 7), NodeId::new(NodeKind::Theme, 8));
        let record = record(&texts, id, theme);
        let body = Body { html: String::new(), text: texts.body.clone() };
        let theme = Theme {
            id: theme,
            label: texts.theme.clone(),
            alt_labels: vec!["brieven".to_owned()],
            definition: None,
            broader: None,
            origin: Origin::Declared,
        };
        let about = [Record::Theme(theme)];
        let writer = IndexWriter::open(folder.path(), Segments::Several).unwrap();
        let indexed =
            Indexed { record: &record, body: Some(&body), about: &about, sources: &[], group: None };
        writer.put(&indexed).unwrap();
        writer.finish().unwrap();

        let reader = IndexReader::open(folder.path(), None).unwrap();
        let (plan, interpretation) = reader.plan(&question, (&Synonyms::default(), Forms::All)).unwrap();
        let plan = plan.unwrap();
        let question = interpretation.corrected.unwrap_or(question);
        let matches = reader.matches(&plan, &[id.to_bits()], Look::PlacesAndScores).unwrap();
        let beside = Stored { body: &body, about: &about };
        let found = highlights(&record, (&plan, &matches[0]), &beside).unwrap();

        let index = Index::create_in_ram(tantivy::schema::Schema::builder().build());
        language::register(&index);
        let analyser = if texts.language == Language::En { ENGLISH } else { DUTCH };
        let of = |field| found.iter().find(|highlight| highlight.field == field);
        let check = |analyser, sources: &[&str], field| {
            check(&index, analyser, sources, &question, of(field))
        };
        check(analyser, &[&texts.title], SearchField::Title)?;
        let leads: Vec<_> = texts.summary.iter().chain(&texts.lead).map(String::as_str).collect();
        check(analyser, &leads, SearchField::Lead)?;
        let bodies: Vec<_> =
            texts.quotes.iter().chain([&texts.body]).map(String::as_str).collect();
        check(analyser, &bodies, SearchField::Body)?;
        let mut names = vec![texts.theme.as_str(), "brieven"];
        names.extend(texts.hashtags.iter().map(String::as_str));
        check(DUTCH, &names, SearchField::Names)?;

        let explained = explanation(&record, (&plan, &matches[0]), (1.0, 1.0));
        for field in SearchField::ALL {
            let explained = explained.words.iter().any(|word| word.fields.contains(field));
            prop_assert_eq!(explained, of(*field).is_some(), "{}", field);
        }
    }
}
