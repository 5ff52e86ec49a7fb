//! Highlights and explanations: from the numbers of words in the index back to bytes of the texts
//! that were indexed.
//!
//! Texts are only split into words, as far as the last word that is needed; nothing is stemmed.

use schema::{Body, Explanation, Highlight, Record, SearchField, Span, WordMatch};

use super::{
    fragment::{Mark, Marked, best, whole},
    matches::{Matches, Sighting},
    texts,
    words::Words,
};
use crate::language;

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
    matches: &Matches,
    beside: &B,
) -> Result<Vec<Highlight>, B::Error> {
    let Some(common) = record.common() else { return Ok(Vec::new()) };
    let mut highlights = Vec::new();
    let mut put = |field, fragments: Vec<Vec<Span>>| {
        if !fragments.is_empty() {
            highlights.push(Highlight { field, fragments });
        }
    };
    let mut title = Walk::new(&matches.title);
    put(SearchField::Title, title.marked(&common.title).iter().map(whole).collect());

    let mut walk = Walk::new(&matches.text);
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
        let mut walk = Walk::new(&matches.names);
        let marked = texts::names(common, &about).filter_map(|name| walk.marked(name));
        put(SearchField::Names, marked.take(NAMES_MAX).map(|marked| whole(&marked)).collect());
    }
    Ok(highlights)
}

/// Why a record was found.
pub(crate) fn explanation(record: &Record, words: &Words, matches: &Matches) -> Explanation {
    let mut leads = Walk::new(&matches.text);
    for (_, text) in texts::own(record).iter().filter(|(field, _)| *field == SearchField::Lead) {
        leads.marked(text);
    }
    let is_lead = |sighting: &Sighting| sighting.position < leads.position;
    let word_match = |(number, word): (usize, &super::words::Word)| {
        let of_word = |sighting: &&Sighting| sighting.word == number;
        let mut text = matches.text.iter().filter(of_word);
        let mut fields = Vec::new();
        if matches.title.iter().any(|s| of_word(&s)) {
            fields.push(SearchField::Title);
        }
        if text.clone().any(is_lead) {
            fields.push(SearchField::Lead);
        }
        if text.any(|s| !is_lead(s)) {
            fields.push(SearchField::Body);
        }
        if matches.names.iter().any(|s| of_word(&s)) {
            fields.push(SearchField::Names);
        }
        let score = matches.scores.get(number).copied().unwrap_or_default();
        WordMatch { word: word.typed.clone(), fields, score }
    };
    let words: Vec<_> = words.each().iter().enumerate().map(word_match).collect();
    Explanation { all_words: words.iter().all(|word| !word.fields.is_empty()), words }
}

/// Walks through the texts of a field in the order in which they were indexed.
struct Walk<'a> {
    /// What was not reached yet.
    pending: &'a [Sighting],
    /// Number of the next text's first word.
    position: u32,
}

impl<'a> Walk<'a> {
    fn new(sightings: &'a [Sighting]) -> Self {
        Self { pending: sightings, position: 0 }
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
        // Between two texts the engine leaves out one number.
        let mut next = self.position;
        for (position, range) in (self.position..).zip(language::words(text)) {
            if !language::is_indexed(&range) {
                continue;
            }
            next = position + 1;
            while let Some((sighting, rest)) = self.pending.split_first()
                && sighting.position <= position
            {
                self.pending = rest;
                let word = 1 << sighting.word;
                match marks.last_mut() {
                    Some(mark) if mark.range == range => mark.word |= word,
                    _ if sighting.position == position => {
                        marks.push(Mark { range: range.clone(), word });
                    }
                    _ => {}
                }
            }
            if self.is_done() {
                break;
            }
        }
        self.position = next + 1;
        (!marks.is_empty()).then_some(Marked { text, marks })
    }
}
