//! Highlights: maps word positions in the index to byte ranges of the indexed texts.
//!
//! Texts are tokenised only up to the last matching word. Only matching words are analysed, to
//! highlight the matching component of a compound.

pub(super) mod fragments;

use std::{iter::Peekable, ops::Range};

use schema::{Body, Highlight, MatchKind, Record, SearchField, Span};

use super::{
    document_texts,
    highlight::fragments::{AnnotatedText, MatchSpan, best_fragments, whole_text},
    query::{
        matches::{Matches, TermPosition},
        planner::Plan,
        terms::TermOrigin,
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

/// Highlights of a record, for fields with a match only.
pub(crate) fn highlights<B: DocumentTexts>(
    record: &Record,
    (plan, matches): (&Plan, &Matches),
    document_texts: &B,
) -> Result<Vec<Highlight>, B::Error> {
    let Some(common) = record.common() else { return Ok(Vec::new()) };
    let mut highlights = Vec::new();
    let mut put = |field, fragments: Vec<Vec<Span>>| {
        if !fragments.is_empty() {
            highlights.push(Highlight { field, fragments });
        }
    };
    let (in_title, in_text) = title_and_text_positions(&common.title, matches);
    let mut title_highlighter = FieldHighlighter::new(plan, &in_title);
    put(
        SearchField::Title,
        title_highlighter.annotate(&common.title).iter().map(whole_text).collect(),
    );

    let mut highlighter = FieldHighlighter::new(plan, &in_text);
    let (mut leads, mut others) = (Vec::new(), Vec::new());
    for (field, text) in document_texts::field_texts(record) {
        let annotated = highlighter.annotate(text);
        if field == SearchField::Lead { leads.extend(annotated) } else { others.extend(annotated) }
    }
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
    Ok(highlights)
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
        let words_matched = self.plan.terms[term_position.term_index].words;
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
        MatchSpan { range, words: words_matched }
    }
}

/// Adds a span and merges it with the last one if they overlap.
fn push_merged(match_spans: &mut Vec<MatchSpan>, match_span: MatchSpan) {
    match match_spans.last_mut() {
        Some(last) if match_span.range.start < last.range.end => {
            last.range.end = last.range.end.max(match_span.range.end);
            last.words |= match_span.words;
        }
        _ => match_spans.push(match_span),
    }
}
