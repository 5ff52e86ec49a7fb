//! Compares the first hits of a search, which skips documents, with those of a search for all hits.

use std::sync::Arc;

use jiff::Timestamp;
use schema::{MatchClass, SearchFilter, SearchSort};

use super::*;
use crate::index::{Search, SearchResult};

/// Number of documents: several windows.
const DOCUMENTS: u64 = 5_000;
/// Words from the most frequent to the rarest; some are components of others.
const WORDS: [&str; 24] = [
    "gemeente",
    "brief",
    "klant",
    "overheid",
    "dienst",
    "loket",
    "burger",
    "reis",
    "website",
    "formulier",
    "klantreis",
    "gemeentebrief",
    "aanvraag",
    "vergunning",
    "digitaal",
    "overheidsdienst",
    "toegankelijk",
    "lijst",
    "brieven",
    "reizen",
    "burgerloket",
    "paspoort",
    "invoegen",
    "klantenlijst",
];
const QUERIES: [&str; 19] = [
    "huisnummer bezwaarschrift",
    "gemeente huisnummer",
    "bezwaarschrift paspoort",
    "gemeente",
    "paspoort",
    "klantreis",
    "gemeente brief",
    "paspoort aanvraag",
    "overheidsdienst",
    "gemeente brief klant",
    "klant reis brieven lijst",
    "paspoort vergunning digitaal burgerloket toegankelijk",
    "\"gemeente brief\" klant",
    "gemeente -brief",
    "brief OR paspoort",
    "titel:paspoort brief",
    "klant*",
    "reis brief gemeente overheid dienst loket burger",
    "klantenlijst invoegen",
];

/// Words that few documents have, and fewer have both.
const RARE_WORDS: [&str; 2] = ["huisnummer", "bezwaarschrift"];

/// Random numbers, the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    /// A text in which each word occurs more often than the next.
    fn text(&mut self, words: usize) -> String {
        let mut word = || {
            if self.below(150) == 0 {
                return RARE_WORDS[self.below(RARE_WORDS.len())];
            }
            let rank = self.below(WORDS.len()).min(self.below(WORDS.len()));
            WORDS[rank.min(self.below(WORDS.len()))]
        };
        (0..words).map(|_| word()).collect::<Vec<_>>().join(" ")
    }
}

fn write_index(folder: &std::path::Path) {
    let writer = IndexWriter::open(folder, Segments::One).unwrap();
    let mut random = Random(1);
    for number in 0..DOCUMENTS {
        // A long text has low scores, also with all words.
        let body = if number % 100 == 0 { 600 } else { random.below(60) };
        let title = 1 + random.below(4);
        let texts = ArticleTexts {
            language: Language::Nl,
            title: random.text(title),
            summary: (random.below(3) == 0).then(|| random.text(5)),
            lead: None,
            quotes: Vec::new(),
            body: random.text(body),
            theme: String::new(),
            hashtags: Vec::new(),
        };
        let id = |key: u64| NodeId::new(NodeKind::Article, key);
        let record = record(&texts, id(number), id(DOCUMENTS));
        let body = Body { html: String::new(), text: texts.body.clone() };
        let group = (random.below(20) == 0).then(|| id(random.below(40) as u64));
        let indexed = IndexDocument {
            record: &record,
            body: Some(&body),
            linked_records: &[],
            sources: &[],
            group,
        };
        writer.put(&indexed).unwrap();
    }
    writer.finish().unwrap();
}

fn search(reader: &IndexReader, words: &str, limit: usize, total: bool) -> SearchResult {
    let cancellation = Cancellation::default();
    let (plan, _) = reader.plan(words, options(&Vocabulary::default(), &cancellation)).unwrap();
    let search = Search {
        plan: plan.as_ref(),
        filter: &SearchFilter::default(),
        preferences: &[],
        sort: SearchSort::Relevance,
        wider: false,
        now: Timestamp::UNIX_EPOCH,
        day: 0,
        limit,
        total,
        facets: false,
        cancellation: &cancellation,
    };
    reader.search(&search, &Arc::default()).unwrap()
}

#[test]
fn a_search_that_skips_documents_must_find_the_same_hits() {
    let folder = tempfile::tempdir().unwrap();
    write_index(folder.path());
    let reader = IndexReader::open(folder.path()).unwrap();
    let all = usize::try_from(DOCUMENTS).unwrap();
    for words in QUERIES {
        let expected = search(&reader, words, all, true);
        assert!(!expected.hits.is_empty(), "{words}");
        assert_eq!(expected.hits.len() as u64, expected.listed, "{words}");
        let exact = expected.hits.iter().filter(|hit| hit.class == MatchClass::Exact).count();
        assert_eq!(
            expected.total,
            if exact > 0 { exact as u64 } else { expected.listed },
            "{words}"
        );
        // Again, once the bounds of the scores are known.
        for limit in [1, 10, 99, 100, 300, 1, 10] {
            for total in [false, true] {
                let found = search(&reader, words, limit, total);
                let first = &expected.hits[..limit.min(expected.hits.len())];
                assert_eq!(found.hits, first, "{words}, {limit}");
                assert_eq!(found.wider_included, expected.wider_included, "{words}, {limit}");
                let has_more = found.listed > limit as u64;
                assert_eq!(has_more, expected.listed > limit as u64, "{words}, {limit}");
            }
        }
    }
}
