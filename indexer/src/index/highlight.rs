//! Highlights: from the numbers of words in the index back to bytes of the texts that were indexed.
//!
//! Texts are only split into words, as far as the last word that is needed; only the words that are
//! marked are analysed, to find the part of a compound that was asked for.

use std::{iter::Peekable, ops::Range};

use schema::{Body, Highlight, MatchKind, Record, SearchField, Span};

use super::{
    fragment::{Mark, Marked, best, whole},
    lookups::Way,
    matches::{Matches, Sighting},
    plan::Plan,
    texts,
};
use crate::language::{self, WordTerms};

/// So many bytes of one long text are looked at; what stands further on is found but not shown.
pub(super) const BODY_BYTES_MAX: usize = 64 << 10;
/// So many stretches of the other texts are shown.
pub(super) const FRAGMENTS_MAX: usize = 3;
/// So many names are shown.
const NAMES_MAX: usize = 10;

/// What a record shows besides itself, read only where a word stands in it.
pub(crate) trait Beside {
    /// Why it cannot be read.
    type Error;

    /// Its long text.
    fn body(&self) -> Result<Option<Body>, Self::Error>;

    /// Everything it is linked to, as when it was indexed.
    fn about(&self) -> Result<Vec<Record>, Self::Error>;
}

/// Where the words stand in a record: only the fields that have any.
pub(crate) fn highlights<B: Beside>(
    record: &Record,
    (plan, matches): (&Plan, &Matches),
    beside: &B,
) -> Result<Vec<Highlight>, B::Error> {
    let Some(common) = record.common() else { return Ok(Vec::new()) };
    let mut highlights = Vec::new();
    let mut put = |field, fragments: Vec<Vec<Span>>| {
        if !fragments.is_empty() {
            highlights.push(Highlight { field, fragments });
        }
    };
    let (in_title, in_text) = placed(&common.title, matches);
    let mut title = Walk::new(plan, &in_title);
    put(SearchField::Title, title.marked(&common.title).iter().map(whole).collect());

    let mut walk = Walk::new(plan, &in_text);
    let (mut leads, mut others) = (Vec::new(), Vec::new());
    for (field, text) in texts::own(record) {
        let marked = walk.marked(text);
        if field == SearchField::Lead { leads.extend(marked) } else { others.extend(marked) }
    }
    // The summary comes first; the opening stands in where the summary has none of the words.
    leads.truncate(1);
    put(SearchField::Lead, best(&leads, 1));
    let body = if walk.is_done() { None } else { beside.body()? };
    if let Some(body) = &body {
        let shown = &body.text[..body.text.floor_char_boundary(BODY_BYTES_MAX)];
        others.extend(walk.marked(shown));
    }
    put(SearchField::Body, best(&others, FRAGMENTS_MAX));

    if !matches.names.is_empty() {
        let about = beside.about()?;
        let mut walk = Walk::new(plan, &matches.names);
        let marked = texts::names(common, &about).filter_map(|name| walk.marked(name));
        put(SearchField::Names, marked.take(NAMES_MAX).map(|marked| whole(&marked)).collect());
    }
    Ok(highlights)
}

/// Where things stand in the title and in the texts: what the index numbers over both of them is
/// told apart.
pub(super) fn placed(title: &str, matches: &Matches) -> (Vec<Sighting>, Vec<Sighting>) {
    let (mut in_title, mut in_text) = (matches.title.clone(), matches.text.clone());
    let text = beyond(title, 0);
    for sighting in &matches.exact {
        match sighting.position.checked_sub(text) {
            None => in_title.push(*sighting),
            Some(position) => in_text.push(Sighting { position, ..*sighting }),
        }
    }
    in_title.sort_unstable();
    in_text.sort_unstable();
    (in_title, in_text)
}

/// Number of the first word after a text whose first word has the number `start`. Between two texts
/// the engine leaves out one number.
pub(super) fn beyond(text: &str, start: u32) -> u32 {
    let words = (start..).zip(language::words(text));
    let last = words.filter(|(_, range)| language::is_indexed(range)).last();
    last.map_or(start, |(position, _)| position + 1) + 1
}

/// Walks through the texts of a field in the order in which they were indexed.
struct Walk<'a> {
    plan: &'a Plan,
    /// What was not reached yet.
    pending: &'a [Sighting],
    /// Number of the next text's first word.
    position: u32,
}

impl<'a> Walk<'a> {
    fn new(plan: &'a Plan, sightings: &'a [Sighting]) -> Self {
        Self { plan, pending: sightings, position: 0 }
    }

    /// Whether no other text has a word of the question.
    fn is_done(&self) -> bool {
        self.pending.is_empty()
    }

    /// Goes through the next text; `None` where it has no word of the question.
    fn marked<'t>(&mut self, text: &'t str) -> Option<Marked<'t>> {
        if self.is_done() {
            return None;
        }
        let mut marks: Vec<Mark> = Vec::new();
        let mut next = self.position;
        let mut words = (self.position..).zip(language::words(text)).peekable();
        while let Some((position, range)) = words.next() {
            if !language::is_indexed(&range) {
                continue;
            }
            next = position + 1;
            let due = self.pending.iter().take_while(|sighting| sighting.position <= position);
            let (due, rest) = self.pending.split_at(due.count());
            self.pending = rest;
            let mut found: Vec<Mark> = due
                .iter()
                .filter(|sighting| sighting.position == position)
                .map(|sighting| self.mark(sighting, text, &range, &mut words))
                .collect();
            found.sort_by_key(|mark| (mark.range.start, mark.range.end));
            for mark in found {
                join(&mut marks, mark);
            }
            if self.is_done() {
                break;
            }
        }
        self.position = next + 1;
        (!marks.is_empty()).then_some(Marked { text, marks })
    }

    /// The bytes that a lookup stands for in a word of a text.
    fn mark(
        &self,
        sighting: &Sighting,
        text: &str,
        range: &Range<usize>,
        words: &mut Peekable<impl Iterator<Item = (u32, Range<usize>)>>,
    ) -> Mark {
        let word = &text[range.clone()];
        let bits = self.plan.lookups[sighting.lookup].words;
        let way: &Way = &self.plan.ways[sighting.lookup];
        let terms = WordTerms::of(way.tongue, word);
        let mut term = way.term.split(' ');
        let bytes = match way.kind {
            MatchKind::Prefix => Some(0..word.len()),
            _ => term.find_map(|term| terms.bytes_of(word, term)),
        };
        let range = match (bytes, words.peek()) {
            (Some(bytes), _) => range.start + bytes.start..range.start + bytes.end,
            // What a hyphen joins has a term of its own.
            (None, Some((_, next))) if language::is_joined(text, range, next) => {
                range.start..next.end
            }
            (None, _) => range.clone(),
        };
        Mark { range, word: bits }
    }
}

/// Adds a mark to those before it; what overlaps becomes one.
fn join(marks: &mut Vec<Mark>, mark: Mark) {
    match marks.last_mut() {
        Some(last) if mark.range.start < last.range.end => {
            last.range.end = last.range.end.max(mark.range.end);
            last.word |= mark.word;
        }
        _ => marks.push(mark),
    }
}
