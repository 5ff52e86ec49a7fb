//! Highlights: maps word positions in the index to byte ranges of the indexed texts.
//!
//! Texts are tokenised only up to the last matching word. Only matching words are analysed, to
//! highlight the matching component of a compound.

pub(super) mod fragments;

use std::{iter::Peekable, ops::Range};

use schema::{Body, Highlight, MatchClass, MatchKind, PartPosition, Record, SearchField, Span};

use super::{
    document_texts::{self, FieldText},
    highlight::fragments::{AnnotatedText, MatchSpan, best_fragments, whole_text},
    query::{
        matches::{Matches, TermPosition},
        planner::Plan,
        terms::TermOrigin,
        word_set::{MatchedWords, WordSet},
    },
};
use crate::{analysis, analysis::WordTerms};

/// Maximum number of bytes of a body to highlight; later matches count but are not displayed.
pub(super) const BODY_BYTES_MAX: usize = 64 << 10;
/// Maximum number of fragments of the other texts.
pub(super) const FRAGMENTS_MAX: usize = 3;
/// Maximum number of names.
const NAMES_MAX: usize = 10;

/// Texts of a record that are stored separately; read only if they contain a match.
pub(crate) trait DocumentTexts {
    /// Reason why the texts cannot be read.
    type Error;

    /// The body.
    fn body(&self) -> Result<Option<Body>, Self::Error>;

    /// All linked records, as at the time of indexing.
    fn linked_records(&self) -> Result<Vec<Record>, Self::Error>;
}

/// Where the words of a query occur in a record.
#[derive(Debug, Default)]
pub(crate) struct Highlights {
    /// For fields with a match only.
    pub(crate) fields: Vec<Highlight>,
    /// The part that matches most words, if it matches a word that the title does not.
    pub(crate) part: Option<PartPosition>,
}

/// Highlights of a record.
pub(crate) fn highlights<B: DocumentTexts>(
    record: &Record,
    (plan, matches): (&Plan, &Matches),
    document_texts: &B,
) -> Result<Highlights, B::Error> {
    let Some(common) = record.common() else { return Ok(Highlights::default()) };
    let mut highlights = Vec::new();
    let mut put = |field, fragments: Vec<Vec<Span>>| {
        if !fragments.is_empty() {
            highlights.push(Highlight { field, fragments });
        }
    };
    let (in_title, in_text) = title_and_text_positions(&common.title, matches);
    let mut title_highlighter = FieldHighlighter::new(plan, &in_title);
    let title = title_highlighter.annotate(&common.title);
    put(SearchField::Title, title.iter().map(whole_text).collect());

    let mut highlighter = FieldHighlighter::new(plan, &in_text);
    let (mut leads, mut others) = (Vec::new(), Vec::new());
    let mut parts = MatchedParts::default();
    for FieldText { field, text, part } in document_texts::field_texts(record) {
        let Some(annotated) = highlighter.annotate(text) else { continue };
        if let Some(part) = part {
            parts.add(part, annotated.words());
        }
        if field == SearchField::Lead { leads.push(annotated) } else { others.push(annotated) }
    }
    let words_of_title = title.map(|title| title.words()).unwrap_or_default();
    // The lead is highlighted only if the summary contains no match.
    leads.truncate(1);
    put(SearchField::Lead, best_fragments(&leads, 1));
    let body = if highlighter.is_done() { None } else { document_texts.body()? };
    if let Some(body) = &body {
        let text = document_texts::body_text(record, body);
        let shown = &text[..text.floor_char_boundary(BODY_BYTES_MAX)];
        others.extend(highlighter.annotate(shown));
    }
    put(SearchField::Body, best_fragments(&others, FRAGMENTS_MAX));

    if !matches.names.is_empty() {
        let linked_records = document_texts.linked_records()?;
        let mut highlighter = FieldHighlighter::new(plan, &matches.names);
        let annotated = document_texts::linked_names(common, &linked_records)
            .filter_map(|name| highlighter.annotate(name));
        put(
            SearchField::Names,
            annotated.take(NAMES_MAX).map(|annotated| whole_text(&annotated)).collect(),
        );
    }
    Ok(Highlights { fields: highlights, part: parts.best(words_of_title) })
}

/// The words that each part of a record matches; the texts of a part are adjacent.
#[derive(Default)]
struct MatchedParts(Vec<(PartPosition, MatchedWords)>);

impl MatchedParts {
    fn add(&mut self, part: PartPosition, words: MatchedWords) {
        match self.0.last_mut() {
            Some((last, last_words)) if *last == part => *last_words |= words,
            _ => self.0.push((part, words)),
        }
    }

    /// The first of the parts that match most words, if it matches more than the title.
    fn best(self, title: MatchedWords) -> Option<PartPosition> {
        let parts = self.0.into_iter().rev();
        let best = parts.max_by_key(|(_, words)| (words.exact.len(), words.any.len()));
        let is_more = |words: &MatchedWords| {
            !words.any.is_subset(title.any) || !words.exact.is_subset(title.exact)
        };
        best.filter(|(_, words)| is_more(words)).map(|(part, _)| part)
    }
}

/// Positions in the title and in the texts. The `exact` field numbers both consecutively, so its
/// positions are split.
pub(super) fn title_and_text_positions(
    title: &str,
    matches: &Matches,
) -> (Vec<TermPosition>, Vec<TermPosition>) {
    let (mut in_title, mut in_text) = (matches.title.clone(), matches.text.clone());
    let text_start = position_after(title, 0);
    for term_position in &matches.exact {
        match term_position.position.checked_sub(text_start) {
            None => in_title.push(*term_position),
            Some(position) => in_text.push(TermPosition { position, ..*term_position }),
        }
    }
    in_title.sort_unstable();
    in_text.sort_unstable();
    (in_title, in_text)
}

/// Position of the first word after a text that starts at position `start`. The engine skips one
/// position between two texts.
pub(super) fn position_after(text: &str, start: u32) -> u32 {
    let words = (start..).zip(analysis::words(text));
    let last = words.filter(|(_, range)| analysis::is_indexed(range)).last();
    last.map_or(start, |(position, _)| position + 1) + 1
}

/// Annotates the texts of a field in index order.
struct FieldHighlighter<'a> {
    plan: &'a Plan,
    /// Positions that have not been reached.
    pending: &'a [TermPosition],
    /// Position of the first word of the next text.
    next_position: u32,
}

impl<'a> FieldHighlighter<'a> {
    fn new(plan: &'a Plan, positions: &'a [TermPosition]) -> Self {
        Self { plan, pending: positions, next_position: 0 }
    }

    /// Whether no further text has a match.
    fn is_done(&self) -> bool {
        self.pending.is_empty()
    }

    /// Annotates the next text; `None` if it has no match.
    fn annotate<'t>(&mut self, text: &'t str) -> Option<AnnotatedText<'t>> {
        if self.is_done() {
            return None;
        }
        let mut match_spans: Vec<MatchSpan> = Vec::new();
        let mut next = self.next_position;
        let mut words = (self.next_position..).zip(analysis::words(text)).peekable();
        while let Some((position, range)) = words.next() {
            if !analysis::is_indexed(&range) {
                continue;
            }
            next = position + 1;
            let due =
                self.pending.iter().take_while(|term_position| term_position.position <= position);
            let (due, rest) = self.pending.split_at(due.count());
            self.pending = rest;
            let mut new_spans: Vec<MatchSpan> = due
                .iter()
                .filter(|term_position| term_position.position == position)
                .map(|term_position| self.match_span(term_position, text, &range, &mut words))
                .collect();
            new_spans.sort_by_key(|match_span| (match_span.range.start, match_span.range.end));
            for match_span in new_spans {
                push_merged(&mut match_spans, match_span);
            }
            if self.is_done() {
                break;
            }
        }
        self.next_position = next + 1;
        (!match_spans.is_empty()).then_some(AnnotatedText { text, match_spans })
    }

    /// The byte range of a match in a word of a text.
    fn match_span(
        &self,
        term_position: &TermPosition,
        text: &str,
        range: &Range<usize>,
        words: &mut Peekable<impl Iterator<Item = (u32, Range<usize>)>>,
    ) -> MatchSpan {
        let word = &text[range.clone()];
        let word_start = range.start;
        let term = &self.plan.terms[term_position.term_index];
        let (words_matched, class) = (term.words, term.class);
        let origin: &TermOrigin = &self.plan.origins[term_position.term_index];
        let terms = WordTerms::of(origin.language, word);
        let mut origin_terms = origin.term.split(' ');
        let bytes = match origin.kind {
            MatchKind::Prefix => Some(0..word.len()),
            _ => origin_terms.find_map(|term| terms.bytes_of(word, term)),
        };
        let range = match (bytes, words.peek()) {
            (Some(bytes), _) => range.start + bytes.start..range.start + bytes.end,
            // A hyphenated compound has a term of its own.
            (None, Some((_, next))) if analysis::is_hyphenated(text, range, next) => {
                range.start..next.end
            }
            (None, _) => range.clone(),
        };
        let is_whole = range.start <= word_start && range.end >= word_start + word.len();
        let is_exact = is_whole && class == MatchClass::Exact;
        let exact = if is_exact { words_matched } else { WordSet::EMPTY };
        MatchSpan { range, words: words_matched, exact }
    }
}

/// Adds a span and merges it with the last one if they overlap.
fn push_merged(match_spans: &mut Vec<MatchSpan>, match_span: MatchSpan) {
    match match_spans.last_mut() {
        Some(last) if match_span.range.start < last.range.end => {
            last.range.end = last.range.end.max(match_span.range.end);
            last.words |= match_span.words;
            last.exact |= match_span.exact;
        }
        _ => match_spans.push(match_span),
    }
}
