//! One pass over the documents of a segment that match a query.
//!
//! Documents are processed in windows. Scores that are too low for the result are not computed in
//! full (MaxScore): the scores of terms have upper bounds, so that a document must contain one of the
//! terms with the highest bounds. Likewise, a document that must match two of three words contains
//! one of the two rarest. The postings of such *essential* terms are read completely; the others only
//! for documents with an essential term that can still reach the lowest useful score.

use schema::MatchClass;
use tantivy::{DocId, DocSet, Score, SegmentReader, TERMINATED, query::Scorer};

use super::{
    postings::PostingsCursor,
    scorer::{COORDINATION, MatchRules},
    window::{Scores, Window},
    word_set::WordSet,
};
use crate::cancellation::Cancellation;

/// Postings are read completely if they have fewer documents than this per document to be found.
const SEEK_COST: usize = 6;
/// Terms are selected again if the lowest useful score rises by this factor.
const SELECTION_STEP: f32 = 1.05;
/// Reduces a bound, so that rounding does not exclude a document.
const ROUNDING: f64 = 1.0 - 1e-5;

/// A document that matches a query.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Match {
    pub(crate) doc: DocId,
    pub(crate) class: MatchClass,
    /// 0 in a pass without scores.
    pub(crate) score: Score,
}

/// One pass over the matching documents of a segment, in ascending order.
pub(crate) struct Scan {
    essential: Vec<PostingsCursor>,
    /// By descending score per posting.
    others: Vec<PostingsCursor>,
    /// The documents that meet the conditions of the query; `None` without conditions.
    filter: Option<Box<dyn Scorer>>,
    rules: MatchRules,
    cancellation: Cancellation,
    max_doc: DocId,
    /// First document after the last window.
    next: DocId,
    score_min: Score,
    /// The score for which `essential` was selected.
    selected_for: Score,
    window: Window,
    docs: Vec<DocId>,
    matches: Vec<Match>,
}

impl Scan {
    /// A pass over documents that match the words of `rules` and meet `filter`. Without required
    /// words, `filter` selects the documents.
    pub(crate) fn new(
        segment: &SegmentReader,
        cursors: Vec<PostingsCursor>,
        filter: Option<Box<dyn Scorer>>,
        rules: MatchRules,
        scores: Scores,
        cancellation: &Cancellation,
    ) -> Self {
        let mut scan = Self {
            essential: Vec::new(),
            others: cursors,
            filter,
            rules,
            cancellation: cancellation.clone(),
            max_doc: segment.max_doc(),
            next: 0,
            score_min: 0.0,
            selected_for: 0.0,
            window: Window::new(segment.max_doc(), scores),
            docs: Vec::new(),
            matches: Vec::new(),
        };
        scan.select_essential();
        scan
    }

    /// The matches of the next window. Matches with a score below `score_min`, which must not
    /// decrease, may be missing. `None` at the end, and if the search is cancelled.
    pub(crate) fn next_window(&mut self, score_min: Score) -> Option<&[Match]> {
        self.score_min = score_min.max(self.score_min);
        if self.score_min > self.selected_for * SELECTION_STEP {
            self.select_essential();
        }
        let base = self.next_doc();
        if self.cancellation.is_cancelled() {
            return None;
        }
        if base >= self.max_doc {
            self.essential.iter().for_each(PostingsCursor::finish);
            return None;
        }
        self.window.move_to(base);
        self.next = self.window.end();
        for cursor in &mut self.essential {
            cursor.seek(base);
            cursor.add_all(&mut self.window);
        }
        self.find_docs();
        self.add_others();
        self.collect_matches();
        Some(&self.matches)
    }

    /// Whether words select the documents, and not the filter alone.
    fn has_required_words(&self) -> bool {
        !self.rules.required.is_empty()
    }

    /// The lowest sum of scores that results in `score_min`. A document with all words may have any
    /// sum, unless only such documents reach `score_min`.
    fn sum_min(&self) -> f64 {
        let boost = f64::from(self.rules.all_terms_boost);
        (f64::from(self.score_min) * ROUNDING - boost) * ROUNDING / f64::from(1.0 + COORDINATION)
    }

    /// Whether only documents with all words reach `score_min`.
    fn needs_all_words(&self) -> bool {
        self.rules.all_terms_boost > 0.0 && self.score_min >= self.rules.all_terms_boost
    }

    /// Selects the terms of which each useful document contains one: those with high scores for few
    /// postings, or those of the rarest words, whichever have fewer postings.
    fn select_essential(&mut self) {
        self.selected_for = self.score_min;
        let mut cursors = std::mem::take(&mut self.others);
        cursors.append(&mut self.essential);
        if !self.has_required_words() {
            self.others = cursors;
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "an order needs no more digits")]
        let score_per_posting = |cursor: &PostingsCursor| cursor.score_max() / cursor.cost() as f64;
        cursors.sort_by(|left, right| score_per_posting(right).total_cmp(&score_per_posting(left)));
        let (mut bound, sum_min) = (0.0, self.sum_min());
        let light = cursors.iter().rev().take_while(|cursor| {
            bound += cursor.score_max();
            bound < sum_min
        });
        let heavy = cursors.len() - light.count();
        let rarest = self.rarest_words(&cursors);
        let has_rarest = |cursor: &PostingsCursor| {
            cursor.adds_matches && !cursor.words.intersection(rarest).is_empty()
        };
        let heavy_cost: usize = cursors[..heavy].iter().map(PostingsCursor::cost).sum();
        let rarest_cost: usize =
            cursors.iter().filter(|cursor| has_rarest(cursor)).map(PostingsCursor::cost).sum();
        if heavy_cost < rarest_cost {
            self.others = cursors.split_off(heavy);
            self.essential = cursors;
        } else {
            (self.essential, self.others) = cursors.into_iter().partition(has_rarest);
        }
    }

    /// The rarest words of which each document contains one. A document with two of three words
    /// contains one of any two.
    fn rarest_words(&self, cursors: &[PostingsCursor]) -> WordSet {
        let (words, min) = if self.needs_all_words() {
            (self.rules.all, self.rules.all.len())
        } else {
            (self.rules.required, self.rules.min_should_match)
        };
        let doc_freq = |word: &usize| -> usize {
            let adds_word =
                |cursor: &&PostingsCursor| cursor.adds_matches && cursor.words.contains(*word);
            cursors.iter().filter(adds_word).map(PostingsCursor::cost).sum()
        };
        let mut by_frequency: Vec<usize> = words.iter().collect();
        by_frequency.sort_by_cached_key(doc_freq);
        let count = (words.len() + 1).saturating_sub(min) as usize;
        by_frequency.into_iter().take(count).map(WordSet::single).collect()
    }

    /// The first document of the next window.
    fn next_doc(&mut self) -> DocId {
        let mut next = self.next;
        if self.has_required_words() {
            self.essential.iter_mut().for_each(|cursor| cursor.seek(next));
            next = self.essential.iter().map(PostingsCursor::doc).min().unwrap_or(TERMINATED);
        }
        let Some(filter) = &mut self.filter else { return next };
        if filter.doc() < next {
            filter.seek(next);
        }
        filter.doc()
    }

    /// Finds the documents with essential terms that meet the filter and can reach `score_min`.
    fn find_docs(&mut self) {
        if self.has_required_words() {
            let rest: f64 = self.others.iter().map(PostingsCursor::score_max).sum();
            self.window.find(self.sum_min() - rest, &mut self.docs);
            if let Some(filter) = &mut self.filter {
                self.docs.retain(|doc| {
                    filter.doc() == *doc || (filter.doc() < *doc && filter.seek(*doc) == *doc)
                });
            }
        } else if let Some(filter) = &mut self.filter {
            self.docs.clear();
            while filter.doc() < self.next {
                self.docs.push(filter.doc());
                filter.advance();
            }
        }
    }

    /// Adds the other terms to the documents, and drops documents that can no longer reach
    /// `score_min`.
    fn add_others(&mut self) {
        let sum_min = self.sum_min();
        let mut rest: f64 = self.others.iter().map(PostingsCursor::score_max).sum();
        let window_len = (self.next - self.window.base()) as usize;
        for cursor in &mut self.others {
            if self.docs.is_empty() {
                return;
            }
            let postings = cursor.doc_freq * window_len / self.max_doc as usize;
            if self.docs.len() * SEEK_COST < postings {
                cursor.add_at(&self.docs, &mut self.window);
            } else {
                cursor.seek(self.window.base());
                cursor.add_all(&mut self.window);
            }
            rest -= cursor.score_max();
            if sum_min > 0.0 {
                self.docs.retain(|doc| self.window.sum(*doc) + rest >= sum_min);
            }
        }
    }

    fn collect_matches(&mut self) {
        self.matches.clear();
        for doc in &self.docs {
            let words = self.window.words(*doc);
            let (class, score) = match self.rules.class(words) {
                Some(class) if self.window.is_scored() => {
                    (class, self.rules.score(words.any, self.window.sum(*doc)))
                }
                Some(class) => (class, 0.0),
                None if self.has_required_words() => continue,
                None => (MatchClass::Exact, 0.0),
            };
            self.matches.push(Match { doc: *doc, class, score });
        }
    }
}
