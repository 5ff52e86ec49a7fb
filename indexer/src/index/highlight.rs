//! Highlights: from the numbers of words in the index back to bytes of the texts that were indexed.
//!
//! Texts are only split into words, as far as the last word that is needed; only the words that are
//! marked are analysed, to find the part of a compound that was asked for.

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

/// So many bytes of one long text are looked at; what stands further on is found but not shown.
pub(super) const BODY_BYTES_MAX: usize = 64 << 10;
/// So many stretches of the other texts are shown.
pub(super) const FRAGMENTS_MAX: usize = 3;
/// So many names are shown.
const NAMES_MAX: usize = 10;

/// What a record shows besides itself, read only where a word stands in it.
pub(crate) trait DocumentTexts {
    /// Why it cannot be read.
    type Error;

    /// Its long text.
    fn body(&self) -> Result<Option<Body>, Self::Error>;

    /// Everything it is linked to, as when it was indexed.
    fn linked_records(&self) -> Result<Vec<Record>, Self::Error>;
}

/// Where the words stand in a record: only the fields that have any.
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
    // The summary comes first; the opening stands in where the summary has none of the words.
    leads.truncate(1);
    put(SearchField::Lead, best_fragments(&leads, 1));
    let body = if highlighter.is_done() { None } else { document_texts.body()? };
    if let Some(body) = &body {
        let shown = &body.text[..body.text.floor_char_boundary(BODY_BYTES_MAX)];
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

/// Where things stand in the title and in the texts: what the index numbers over both of them is
/// told apart.
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

/// Number of the first word after a text whose first word has the number `start`. Between two texts
/// the engine leaves out one number.
pub(super) fn position_after(text: &str, start: u32) -> u32 {
    let words = (start..).zip(analysis::words(text));
    let last = words.filter(|(_, range)| analysis::is_indexed(range)).last();
    last.map_or(start, |(position, _)| position + 1) + 1
}

/// Walks through the texts of a field in the order in which they were indexed.
struct FieldHighlighter<'a> {
    plan: &'a Plan,
    /// What was not reached yet.
    pending: &'a [TermPosition],
    /// Number of the next text's first word.
    next_position: u32,
}

impl<'a> FieldHighlighter<'a> {
    fn new(plan: &'a Plan, positions: &'a [TermPosition]) -> Self {
        Self { plan, pending: positions, next_position: 0 }
    }

    /// Whether no other text has a word of the question.
    fn is_done(&self) -> bool {
        self.pending.is_empty()
    }

    /// Goes through the next text; `None` where it has no word of the question.
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

    /// The bytes that a lookup stands for in a word of a text.
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
            // What a hyphen joins has a term of its own.
            (None, Some((_, next))) if analysis::is_hyphenated(text, range, next) => {
                range.start..next.end
            }
            (None, _) => range.clone(),
        };
        MatchSpan { range, words: words_matched }
    }
}

/// Adds a mark to those before it; what overlaps becomes one.
fn push_merged(match_spans: &mut Vec<MatchSpan>, match_span: MatchSpan) {
    match match_spans.last_mut() {
        Some(last) if match_span.range.start < last.range.end => {
            last.range.end = last.range.end.max(match_span.range.end);
            last.words |= match_span.words;
        }
        _ => match_spans.push(match_span),
    }
}
