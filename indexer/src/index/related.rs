//! What is like a document: it has the words that tell most about it, or themes, people or
//! communities in common with it. Of near-duplicates in one source, one is enough.

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

use super::{IndexError, collect::SegmentColumns, columns::Columns, layout::Layout, texts};
use crate::language::{self, DUTCH, ENGLISH};

/// So many words stand for a text.
const WORDS_MAX: usize = 20;
/// So many words, the most frequent ones, are looked at to choose from.
const CANDIDATES_MAX: usize = 200;
/// So many bytes of a text are looked at.
const TEXT_BYTES_MAX: usize = 16 << 10;
/// So many themes, people or communities each.
const THINGS_MAX: usize = 32;
/// A word of the title counts as so many words of the text.
const TITLE_COUNT: u32 = 3;
/// What a word is worth in the title of another document.
const TITLE_WEIGHT: f32 = 2.0;
/// What a theme, person or community in common is worth, against the most telling word.
const THING_WEIGHT: f32 = 2.0;

/// A document to find others for.
pub(super) struct Asked<'a> {
    pub(super) record: &'a Record,
    pub(super) body: Option<&'a Body>,
    /// The near-duplicates that it is one of.
    pub(super) group: Option<u64>,
}

/// The ids of what is like a document, the most alike first, at most `first`; never itself or its
/// near-duplicates.
pub(super) fn related(
    index: &Index,
    searcher: &Searcher,
    layout: &Layout,
    segments: &Arc<[SegmentColumns]>,
    asked: &Asked<'_>,
    first: usize,
) -> Result<Vec<u64>, IndexError> {
    let Some(common) = asked.record.common() else { return Ok(Vec::new()) };
    let (title, text, analyser) = match common.language {
        Language::En => (layout.title_en, layout.text_en, ENGLISH),
        Language::Nl | Language::Other => (layout.title_nl, layout.text_nl, DUTCH),
    };
    let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    let mut add = |term: Term, option, weight| {
        let query = BoostQuery::new(Box::new(TermQuery::new(term, option)), weight);
        clauses.push((Occur::Should, Box::new(query)));
    };
    let counts = counts(index, analyser, asked);
    for (word, weight) in telling(searcher, (title, text), counts)? {
        let option = IndexRecordOption::WithFreqs;
        add(Term::from_field_text(text, &word), option, weight);
        add(Term::from_field_text(title, &word), option, weight * TITLE_WEIGHT);
    }
    let things: [(Field, &[NodeId]); 3] = [
        (layout.themes, &common.themes),
        (layout.people, &common.people),
        (layout.communities, &common.communities),
    ];
    for (field, ids) in things {
        // A thing that is named twice tells no more.
        for id in ids.iter().take(THINGS_MAX).collect::<BTreeSet<_>>() {
            let term = Term::from_field_u64(field, id.to_bits());
            add(term, IndexRecordOption::Basic, THING_WEIGHT);
        }
    }
    if clauses.is_empty() || first == 0 {
        return Ok(Vec::new());
    }
    let nearest = Nearest {
        segments: Arc::clone(segments),
        itself: common.id.to_bits(),
        group: asked.group,
        limit: first,
    };
    Ok(searcher.search(&BooleanQuery::new(clauses), &nearest)?)
}

/// How often a term stands in a document.
#[derive(Debug, Clone, Copy, Default)]
struct Occurs {
    title: u32,
    text: u32,
}

impl Occurs {
    fn count(self) -> u32 {
        self.title * TITLE_COUNT + self.text
    }
}

/// How often each term stands in a document.
fn counts(index: &Index, analyser: &str, asked: &Asked<'_>) -> BTreeMap<String, Occurs> {
    let mut counts: BTreeMap<String, Occurs> = BTreeMap::new();
    for term in language::terms(index, analyser, asked.record.name()) {
        counts.entry(term).or_default().title += 1;
    }
    let body = asked.body.map(|body| body.text.as_str());
    let own = texts::own(asked.record).into_iter().map(|(_, text)| text);
    let mut room = TEXT_BYTES_MAX;
    for text in own.chain(body) {
        let looked_at = &text[..text.floor_char_boundary(room)];
        room -= looked_at.len();
        for term in language::terms(index, analyser, looked_at) {
            counts.entry(term).or_default().text += 1;
        }
    }
    counts
}

/// The words that tell most by how often they stand here and how seldom elsewhere (tf·idf), with
/// what each is worth against the first. Words that nothing else has are left out.
fn telling(
    searcher: &Searcher,
    (title, text): (Field, Field),
    counts: BTreeMap<String, Occurs>,
) -> Result<Vec<(String, f32)>, IndexError> {
    let mut candidates: Vec<_> = counts.into_iter().collect();
    candidates.sort_by(|l, r| r.1.count().cmp(&l.1.count()).then_with(|| l.0.cmp(&r.0)));
    candidates.truncate(CANDIDATES_MAX);
    let documents = searcher.num_docs();
    let mut telling = Vec::with_capacity(candidates.len());
    for (word, occurs) in candidates {
        let in_titles = searcher.doc_freq(&Term::from_field_text(title, &word))?;
        let in_texts = searcher.doc_freq(&Term::from_field_text(text, &word))?;
        let own = u64::from(occurs.title > 0) + u64::from(occurs.text > 0);
        if in_titles + in_texts > own {
            telling.push((word, tf_idf(occurs.count(), in_titles.max(in_texts), documents)));
        }
    }
    telling.sort_by(|l, r| r.1.total_cmp(&l.1).then_with(|| l.0.cmp(&r.0)));
    telling.truncate(WORDS_MAX);
    let most = telling.first().map_or(1.0, |(_, worth)| *worth);
    Ok(telling.into_iter().map(|(word, worth)| (word, worth / most)).collect())
}

/// How much a word tells that stands `count` times here and in `having` of all documents: the
/// logarithm of both, as BM25 has it.
#[expect(clippy::cast_precision_loss, reason = "a weight needs no more precision")]
fn tf_idf(count: u32, having: u64, documents: u64) -> f32 {
    let others = documents.saturating_sub(having) as f32;
    (1.0 + (count as f32).ln()) * (1.0 + (others + 0.5) / (having as f32 + 0.5)).ln()
}

/// Collects the best documents; those that score the same by their ids.
struct Nearest {
    segments: Arc<[SegmentColumns]>,
    itself: u64,
    group: Option<u64>,
    limit: usize,
}

/// The worst comes last: scores are positive, so their bits are in order.
type Entry = (Reverse<u32>, u64);

/// Collects one segment.
struct SegmentNearest {
    columns: Columns,
    itself: u64,
    group: Option<u64>,
    limit: usize,
    best: BinaryHeap<Entry>,
    /// The best of each group of near-duplicates.
    groups: HashMap<u64, Entry>,
}

impl Collector for Nearest {
    type Fruit = Vec<u64>;
    type Child = SegmentNearest;

    fn for_segment(
        &self,
        segment: SegmentOrdinal,
        _reader: &SegmentReader,
    ) -> tantivy::Result<SegmentNearest> {
        Ok(SegmentNearest {
            columns: self.segments[segment as usize].columns.clone(),
            itself: self.itself,
            group: self.group,
            limit: self.limit,
            best: BinaryHeap::with_capacity(self.limit + 1),
            groups: HashMap::new(),
        })
    }

    fn requires_scoring(&self) -> bool {
        true
    }

    fn merge_fruits(&self, fruits: Vec<Vec<(Entry, Option<u64>)>>) -> tantivy::Result<Vec<u64>> {
        let mut best = fruits.concat();
        best.sort_unstable();
        let mut seen = HashSet::new();
        best.retain(|(_, group)| group.is_none_or(|group| seen.insert(group)));
        best.truncate(self.limit);
        Ok(best.into_iter().map(|((_, id), _)| id).collect())
    }
}

impl SegmentCollector for SegmentNearest {
    type Fruit = Vec<(Entry, Option<u64>)>;

    fn collect(&mut self, doc: DocId, score: Score) {
        let score = Reverse(score.max(0.0).to_bits());
        let is_full = self.best.len() >= self.limit;
        if is_full && self.best.peek().is_some_and(|(worst, _)| score > *worst) {
            return;
        }
        let entry = (score, self.columns.id(doc));
        match self.columns.group(doc) {
            _ if entry.1 == self.itself => {}
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
        let single = self.best.into_iter().map(|entry| (entry, None));
        single.chain(self.groups.into_iter().map(|(group, entry)| (entry, Some(group)))).collect()
    }
}
