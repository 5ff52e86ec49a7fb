//! How well documents fit the words of a question.
//!
//! The score of a document is a sum over terms and fields, each with a weight of its own:
//! `weight · tf · (K1 + 1) / (tf + K1 · (1 − B + B · length / average length))`. The sum is raised by
//! [`COORDINATION`] in proportion to how many of the words are there. Documents with too few of them
//! are left out. Postings are read window by window, each of them once.

use std::sync::Arc;

use tantivy::{
    DocId, DocSet, Score, Searcher, SegmentReader, TERMINATED, Term,
    fieldnorm::FieldNormReader,
    postings::{Postings, SegmentPostings},
    query::{EnableScoring, Explanation, PhraseQuery, Query, Scorer, Weight},
    schema::{Field, IndexRecordOption},
};

/// Beyond so many times, a word makes little difference.
const K1: f32 = 1.2;
/// How much the length of a text counts.
const B: f32 = 0.55;
/// What having all words adds to a score, as a share of it.
const COORDINATION: f32 = 0.5;
/// What puts a document with all words before all others: more than any sum.
pub(super) const ALL_WORDS: f32 = 1_000.0;
/// So many documents are scored at once.
const WINDOW: usize = 4_096;
/// Lengths are kept as one byte.
const LENGTHS: usize = 256;

/// What is looked up in one field.
#[derive(Debug, Clone)]
pub(super) struct Lookup {
    pub(super) field: Field,
    /// One term, or several that stand one after another.
    pub(super) terms: Vec<Term>,
    /// What it is worth, rareness included.
    pub(super) weight: f32,
    /// For which words of the question, as bits.
    pub(super) words: u32,
}

/// Which documents are listed, and which come first.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rules {
    /// The words that count, as bits.
    pub(super) counted: u32,
    /// A document has at least so many of them.
    pub(super) needed: u32,
    /// All of them, as bits.
    pub(super) all: u32,
    /// What documents with all words have on top.
    pub(super) bonus: f32,
}

impl Rules {
    fn admit(&self, words: u32) -> bool {
        words != 0 && (words & self.counted).count_ones() >= self.needed
    }

    /// The score of a document with these words.
    pub(super) fn score(&self, words: u32, sum: f32) -> f32 {
        let bonus = if words & self.all == self.all { self.bonus } else { 0.0 };
        sum * self.coordination(words) + bonus
    }

    /// By how much a sum is raised.
    #[expect(clippy::cast_precision_loss, reason = "there are 32 words at most")]
    pub(super) fn coordination(&self, words: u32) -> f32 {
        let all = self.all.count_ones().max(1) as f32;
        1.0 + COORDINATION * (words & self.all).count_ones() as f32 / all
    }
}

/// How lengths of fields weigh against term frequencies.
#[derive(Debug)]
pub(super) struct Norms(Vec<(Vec<Field>, [f32; LENGTHS])>);

impl Norms {
    /// Reads average lengths. Fields of one group hold the same thing in different languages.
    pub(super) fn open(searcher: &Searcher, groups: &[&[Field]]) -> tantivy::Result<Self> {
        let documents = searcher.num_docs().max(1);
        let norms = |fields: &&[Field]| {
            let mut tokens = 0;
            for segment in searcher.segment_readers() {
                for field in *fields {
                    tokens += segment.inverted_index(*field)?.total_num_tokens();
                }
            }
            Ok((fields.to_vec(), norms(tokens, documents)))
        };
        Ok(Self(groups.iter().map(norms).collect::<tantivy::Result<_>>()?))
    }

    fn of(&self, field: Field) -> [f32; LENGTHS] {
        let norms = self.0.iter().find(|(fields, _)| fields.contains(&field));
        norms.map_or([K1; LENGTHS], |(_, norms)| *norms)
    }
}

#[expect(clippy::cast_precision_loss, reason = "an average needs no more digits")]
fn norms(tokens: u64, documents: u64) -> [f32; LENGTHS] {
    let average = (tokens as f32 / documents as f32).max(1.0);
    let norm = |id| {
        let length = FieldNormReader::id_to_fieldnorm(id) as f32;
        K1 * (1.0 - B + B * length / average)
    };
    let mut norms = [0.0; LENGTHS];
    for (id, value) in (0..=u8::MAX).zip(&mut norms) {
        *value = norm(id);
    }
    norms
}

/// How rare what `found` of `documents` have is.
#[expect(clippy::cast_precision_loss, reason = "a logarithm needs no more digits")]
pub(super) fn rareness(found: u64, documents: u64) -> f32 {
    let found = found.min(documents) as f32;
    (1.0 + (documents as f32 - found + 0.5) / (found + 0.5)).ln()
}

/// Finds and scores documents by lookups.
#[derive(Debug, Clone)]
pub(super) struct WordsQuery {
    pub(super) lookups: Arc<[Lookup]>,
    pub(super) norms: Arc<Norms>,
    pub(super) rules: Rules,
}

impl Query for WordsQuery {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(WordsWeight(self.clone())))
    }
}

struct WordsWeight(WordsQuery);

impl Weight for WordsWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let WordsQuery { lookups, norms, rules } = &self.0;
        let mut readings = Vec::with_capacity(lookups.len());
        for lookup in &**lookups {
            readings.extend(Reading::open(reader, lookup, norms)?);
        }
        let mut scorer = WordsScorer {
            readings,
            rules: *rules,
            boost,
            base: 0,
            doc: 0,
            sums: vec![0.0; WINDOW].into_boxed_slice(),
            words: vec![0; WINDOW].into_boxed_slice(),
        };
        scorer.fill();
        Ok(Box::new(scorer))
    }

    fn explain(&self, _: &SegmentReader, _: DocId) -> tantivy::Result<Explanation> {
        Ok(Explanation::new("see `index::matches`", 0.0))
    }
}

/// One lookup in one segment.
pub(super) struct Reading {
    found: Found,
    lengths: FieldNormReader,
    norms: [f32; LENGTHS],
    weight: f32,
    words: u32,
}

enum Found {
    Term(Box<SegmentPostings>),
    Phrase(Box<dyn Scorer>),
}

impl Reading {
    /// Begins to read; `None` where the segment has nothing of it.
    pub(super) fn open(
        segment: &SegmentReader,
        lookup: &Lookup,
        norms: &Norms,
    ) -> tantivy::Result<Option<Self>> {
        let found = if let [term] = lookup.terms.as_slice() {
            let index = segment.inverted_index(lookup.field)?;
            let postings = index.read_postings(term, IndexRecordOption::WithFreqs)?;
            let Some(postings) = postings else { return Ok(None) };
            Found::Term(Box::new(postings))
        } else {
            let phrase = PhraseQuery::new(lookup.terms.clone());
            let schema = segment.schema();
            let weight = phrase.weight(EnableScoring::disabled_from_schema(schema))?;
            Found::Phrase(weight.scorer(segment, 1.0)?)
        };
        let lengths = segment.get_fieldnorms_reader(lookup.field)?;
        let (weight, words) = (lookup.weight * (K1 + 1.0), lookup.words);
        Ok(Some(Self { found, lengths, norms: norms.of(lookup.field), weight, words }))
    }

    fn doc(&self) -> DocId {
        match &self.found {
            Found::Term(postings) => postings.doc(),
            Found::Phrase(phrase) => phrase.doc(),
        }
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc() >= target {
            return self.doc();
        }
        match &mut self.found {
            Found::Term(postings) => postings.seek(target),
            Found::Phrase(phrase) => phrase.seek(target),
        }
    }

    /// What it is worth in a document; `None` where that has nothing of it. Documents are asked for
    /// in order.
    pub(super) fn worth(&mut self, doc: DocId) -> Option<f32> {
        (self.seek(doc) == doc).then(|| self.value())
    }

    /// What it is worth in the document that it stands at.
    #[expect(clippy::cast_precision_loss, reason = "a text has fewer than 2^24 words")]
    fn value(&self) -> f32 {
        let (doc, times) = match &self.found {
            Found::Term(postings) => (postings.doc(), postings.term_freq() as f32),
            Found::Phrase(phrase) => (phrase.doc(), 1.0),
        };
        let norm = self.norms[usize::from(self.lengths.fieldnorm_id(doc))];
        self.weight * times / (times + norm)
    }

    /// Adds what it is worth to all documents of a window.
    fn add(&mut self, base: DocId, sums: &mut [f32], words: &mut [u32]) {
        loop {
            let at = (self.doc() - base) as usize;
            let (Some(sum), Some(words)) = (sums.get_mut(at), words.get_mut(at)) else { return };
            *sum += self.value();
            *words |= self.words;
            match &mut self.found {
                Found::Term(postings) => postings.advance(),
                Found::Phrase(phrase) => phrase.advance(),
            };
        }
    }
}

/// The documents of one segment.
struct WordsScorer {
    readings: Vec<Reading>,
    rules: Rules,
    boost: Score,
    /// First document of the window.
    base: DocId,
    doc: DocId,
    /// By document of the window.
    sums: Box<[f32]>,
    words: Box<[u32]>,
}

impl WordsScorer {
    /// Goes to the first document of the next window that has one.
    fn fill(&mut self) {
        loop {
            self.base = self.readings.iter().map(Reading::doc).min().unwrap_or(TERMINATED);
            if self.base == TERMINATED {
                self.doc = TERMINATED;
                return;
            }
            self.sums.fill(0.0);
            self.words.fill(0);
            for reading in &mut self.readings {
                reading.add(self.base, &mut self.sums, &mut self.words);
            }
            if self.find(0) {
                return;
            }
        }
    }

    /// Goes to the first document at or after a place in the window; whether there is one.
    fn find(&mut self, place: usize) -> bool {
        let rest = self.words.get(place..).unwrap_or_default();
        let found = rest.iter().position(|words| self.rules.admit(*words));
        if let Some(at) = found.and_then(|at| DocId::try_from(place + at).ok()) {
            self.doc = self.base + at;
        }
        found.is_some()
    }
}

impl DocSet for WordsScorer {
    fn advance(&mut self) -> DocId {
        if self.doc != TERMINATED && !self.find((self.doc - self.base) as usize + 1) {
            self.fill();
        }
        self.doc
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc >= target {
            return self.doc;
        }
        let place = (target - self.base) as usize;
        if !self.find(place) {
            for reading in &mut self.readings {
                reading.seek(target);
            }
            self.fill();
        }
        self.doc
    }

    fn doc(&self) -> DocId {
        self.doc
    }

    fn size_hint(&self) -> u32 {
        let size = |reading: &Reading| match &reading.found {
            Found::Term(postings) => postings.size_hint(),
            Found::Phrase(phrase) => phrase.size_hint(),
        };
        self.readings.iter().map(size).fold(0, u32::saturating_add)
    }
}

impl Scorer for WordsScorer {
    fn score(&mut self) -> Score {
        let at = (self.doc - self.base) as usize;
        self.rules.score(self.words[at], self.sums[at]) * self.boost
    }
}
