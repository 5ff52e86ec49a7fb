//! Related content: documents with the same significant words, or with themes, people or
//! communities in common. Only one of the near-duplicates in one source is returned.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet},
    sync::Arc,
};

use schema::{Body, Language, NodeId, Record};
use tantivy::{
    DocId, Index, Score, Searcher, SegmentOrdinal, SegmentReader, Term,
    collector::{Collector, SegmentCollector},
    query::{BooleanQuery, BoostQuery, Occur, Query, TermQuery},
    schema::{Field, IndexRecordOption},
};

use super::{
    IndexError, collector::SegmentFastFields, document_texts, fast_fields::FastFields,
    schema::IndexSchema,
};
use crate::{
    analysis,
    analysis::{DUTCH, ENGLISH},
};

/// Maximum number of significant words of a text.
const WORDS_MAX: usize = 20;
/// Number of the most frequent words from which the significant ones are selected.
const CANDIDATES_MAX: usize = 200;
/// Maximum number of bytes of text to analyse.
const TEXT_BYTES_MAX: usize = 16 << 10;
/// Maximum number of themes, people and communities each.
const LINKED_IDS_MAX: usize = 32;
/// Weight of a word of the title relative to one of the text.
const TITLE_COUNT: u32 = 3;
/// Weight of a match in the title of another document.
const TITLE_WEIGHT: f32 = 2.0;
/// Weight of a theme, person or community in common, relative to the most significant word.
const LINKED_ID_WEIGHT: f32 = 2.0;

/// The document to find related content for.
pub(super) struct RelatedQuery<'a> {
    pub(super) record: &'a Record,
    pub(super) body: Option<&'a Body>,
    /// Its group of near-duplicates.
    pub(super) group: Option<u64>,
}

/// Ids of related documents, most similar first, at most `first`; without the document itself and
/// its near-duplicates.
pub(super) fn related(
    index: &Index,
    searcher: &Searcher,
    schema: &IndexSchema,
    segments: &Arc<[SegmentFastFields]>,
    query: &RelatedQuery<'_>,
    first: usize,
) -> Result<Vec<u64>, IndexError> {
    let Some(common) = query.record.common() else { return Ok(Vec::new()) };
    let (title, text, analyser) = match common.language {
        Language::En => (schema.title_en, schema.text_en, ENGLISH),
        Language::Nl | Language::Other => (schema.title_nl, schema.text_nl, DUTCH),
    };
    let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    let mut add = |term: Term, option, weight| {
        let boosted_term = BoostQuery::new(Box::new(TermQuery::new(term, option)), weight);
        clauses.push((Occur::Should, Box::new(boosted_term)));
    };
    let frequencies = term_frequencies(index, analyser, query);
    for (word, weight) in significant_terms(searcher, (title, text), frequencies)? {
        let option = IndexRecordOption::WithFreqs;
        add(Term::from_field_text(text, &word), option, weight);
        add(Term::from_field_text(title, &word), option, weight * TITLE_WEIGHT);
    }
    let linked_ids: [(Field, &[NodeId]); 3] = [
        (schema.themes, &common.themes),
        (schema.people, &common.people),
        (schema.communities, &common.communities),
    ];
    for (field, ids) in linked_ids {
        // A duplicate id must not count twice.
        for id in ids.iter().take(LINKED_IDS_MAX).collect::<BTreeSet<_>>() {
            let term = Term::from_field_u64(field, id.to_bits());
            add(term, IndexRecordOption::Basic, LINKED_ID_WEIGHT);
        }
    }
    if clauses.is_empty() || first == 0 {
        return Ok(Vec::new());
    }
    let collector = RelatedCollector {
        segments: Arc::clone(segments),
        own_id: common.id.to_bits(),
        group: query.group,
        limit: first,
    };
    Ok(searcher.search(&BooleanQuery::new(clauses), &collector)?)
}

/// Number of occurrences of a term in title and text.
#[derive(Debug, Clone, Copy, Default)]
struct TermFrequency {
    title: u32,
    text: u32,
}

impl TermFrequency {
    fn weighted_count(self) -> u32 {
        self.title * TITLE_COUNT + self.text
    }
}

/// Number of occurrences of each term of a document.
fn term_frequencies(
    index: &Index,
    analyser: &str,
    query: &RelatedQuery<'_>,
) -> BTreeMap<String, TermFrequency> {
    let mut frequencies: BTreeMap<String, TermFrequency> = BTreeMap::new();
    for term in analysis::terms(index, analyser, query.record.name()) {
        frequencies.entry(term).or_default().title += 1;
    }
    let body = query.body.map(|body| document_texts::body_text(query.record, body));
    let own = document_texts::field_texts(query.record).into_iter().map(|one| one.text);
    let mut room = TEXT_BYTES_MAX;
    for text in own.chain(body) {
        let slice = &text[..text.floor_char_boundary(room)];
        room -= slice.len();
        for term in analysis::terms(index, analyser, slice) {
            frequencies.entry(term).or_default().text += 1;
        }
    }
    frequencies
}

/// The most significant words by tf·idf, with their weight relative to the first. Words that occur
/// in no other document are omitted.
fn significant_terms(
    searcher: &Searcher,
    (title, text): (Field, Field),
    frequencies: BTreeMap<String, TermFrequency>,
) -> Result<Vec<(String, f32)>, IndexError> {
    let mut candidates: Vec<_> = frequencies.into_iter().collect();
    candidates.sort_by(|l, r| {
        r.1.weighted_count().cmp(&l.1.weighted_count()).then_with(|| l.0.cmp(&r.0))
    });
    candidates.truncate(CANDIDATES_MAX);
    let doc_count = searcher.num_docs();
    let mut terms = Vec::with_capacity(candidates.len());
    for (word, frequency) in candidates {
        let in_titles = searcher.doc_freq(&Term::from_field_text(title, &word))?;
        let in_texts = searcher.doc_freq(&Term::from_field_text(text, &word))?;
        let own = u64::from(frequency.title > 0) + u64::from(frequency.text > 0);
        if in_titles + in_texts > own {
            terms.push((
                word,
                tf_idf(frequency.weighted_count(), in_titles.max(in_texts), doc_count),
            ));
        }
    }
    terms.sort_by(|l, r| r.1.total_cmp(&l.1).then_with(|| l.0.cmp(&r.0)));
    terms.truncate(WORDS_MAX);
    let max_weight = terms.first().map_or(1.0, |(_, weight)| *weight);
    Ok(terms.into_iter().map(|(word, weight)| (word, weight / max_weight)).collect())
}

/// Weight of a word that occurs `count` times here and in `doc_freq` of all documents: the product
/// of both logarithms, with the idf of BM25.
#[expect(clippy::cast_precision_loss, reason = "a weight needs no more precision")]
fn tf_idf(count: u32, doc_freq: u64, doc_count: u64) -> f32 {
    let others = doc_count.saturating_sub(doc_freq) as f32;
    (1.0 + (count as f32).ln()) * (1.0 + (others + 0.5) / (doc_freq as f32 + 0.5)).ln()
}

/// Collects the best documents, with the id as tie-breaker.
struct RelatedCollector {
    segments: Arc<[SegmentFastFields]>,
    own_id: u64,
    group: Option<u64>,
    limit: usize,
}

/// Orders the best entry first: scores are not negative, so their bits have the same order.
type ScoredId = (Reverse<u32>, u64);

/// Collects one segment.
struct SegmentRelatedCollector {
    fast_fields: FastFields,
    own_id: u64,
    group: Option<u64>,
    limit: usize,
    best: BinaryHeap<ScoredId>,
    /// The best document of each group of near-duplicates.
    groups: HashMap<u64, ScoredId>,
}

impl Collector for RelatedCollector {
    type Fruit = Vec<u64>;
    type Child = SegmentRelatedCollector;

    fn for_segment(
        &self,
        segment: SegmentOrdinal,
        _reader: &SegmentReader,
    ) -> tantivy::Result<SegmentRelatedCollector> {
        Ok(SegmentRelatedCollector {
            fast_fields: self.segments[segment as usize].fast_fields.clone(),
            own_id: self.own_id,
            group: self.group,
            limit: self.limit,
            best: BinaryHeap::with_capacity(self.limit + 1),
            groups: HashMap::new(),
        })
    }

    fn requires_scoring(&self) -> bool {
        true
    }

    fn merge_fruits(&self, fruits: Vec<Vec<(ScoredId, Option<u64>)>>) -> tantivy::Result<Vec<u64>> {
        let mut best = fruits.concat();
        best.sort_unstable();
        let mut seen = HashSet::new();
        best.retain(|(_, group)| group.is_none_or(|group| seen.insert(group)));
        best.truncate(self.limit);
        Ok(best.into_iter().map(|((_, id), _)| id).collect())
    }
}

impl SegmentCollector for SegmentRelatedCollector {
    type Fruit = Vec<(ScoredId, Option<u64>)>;

    fn collect(&mut self, doc: DocId, score: Score) {
        let score = Reverse(score.max(0.0).to_bits());
        let is_full = self.best.len() >= self.limit;
        if is_full && self.best.peek().is_some_and(|(worst, _)| score > *worst) {
            return;
        }
        let entry = (score, self.fast_fields.id(doc));
        match self.fast_fields.group(doc) {
            _ if entry.1 == self.own_id => {}
            Some(group) if Some(group) == self.group => {}
            Some(group) => {
                let best = self.groups.entry(group).or_insert(entry);
                *best = entry.min(*best);
            }
            None => {
                self.best.push(entry);
                if is_full {
                    self.best.pop();
                }
            }
        }
    }

    fn harvest(self) -> Self::Fruit {
        let ungrouped = self.best.into_iter().map(|entry| (entry, None));
        ungrouped
            .chain(self.groups.into_iter().map(|(group, entry)| (entry, Some(group))))
            .collect()
    }
}
