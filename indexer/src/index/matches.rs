//! Where the words of a question stand in documents that were found, by the numbers that the index
//! gave to words, and what each brings to the score. No text is read or stemmed for it.

use tantivy::{
    DocId, DocSet, Searcher, SegmentReader, Term,
    postings::Postings,
    schema::{Field, IndexRecordOption},
};

use super::{
    layout::Layout,
    lookups::Part,
    plan::Plan,
    score::{Lookup, Norms, Reading},
};

/// A place in a field at which something that was looked up stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sighting {
    /// The number of the word in the field.
    pub(super) position: u32,
    /// Which lookup of the plan.
    pub(super) lookup: usize,
}

/// What one document has of a question.
#[derive(Debug, Clone, Default)]
pub(crate) struct Matches {
    /// In its title.
    pub(super) title: Vec<Sighting>,
    /// In all its texts, one after another.
    pub(super) text: Vec<Sighting>,
    /// In the names of what it is linked to, one after another.
    pub(super) names: Vec<Sighting>,
    /// In its title and all its texts, one after another: only what begins with something typed.
    pub(super) exact: Vec<Sighting>,
    /// What each lookup brings to its score, where that was wanted.
    pub(super) worth: Vec<f32>,
}

impl Matches {
    /// Those of a field; `None` where the index does not number its words.
    fn of(&mut self, part: Part) -> Option<&mut Vec<Sighting>> {
        match part {
            Part::Title => Some(&mut self.title),
            Part::Text => Some(&mut self.text),
            Part::Names => Some(&mut self.names),
            Part::Exact => Some(&mut self.exact),
            Part::Lead => None,
        }
    }
}

/// What to look for in documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Where everything stands.
    Places,
    /// The same, and what each lookup brings to the score.
    PlacesAndScores,
    /// Only how near the words stand to each other in title and texts.
    Nearness,
}

/// Looks a question up in the documents with these ids; in their order.
pub(super) fn matches(
    searcher: &Searcher,
    (layout, norms): (&Layout, &Norms),
    plan: &Plan,
    ids: &[u64],
    look: Look,
) -> tantivy::Result<Vec<Matches>> {
    let mut found = vec![Matches::default(); ids.len()];
    for segment in searcher.segment_readers() {
        let docs = documents(segment, layout.id, ids)?;
        if docs.is_empty() {
            continue;
        }
        for (number, (lookup, way)) in plan.lookups.iter().zip(&plan.ways).enumerate() {
            let is_seen = match look {
                Look::Nearness => matches!(way.part, Part::Title | Part::Text),
                // Every form has its stem in the other fields as well.
                _ if way.part == Part::Exact => plan.is_prefix(number),
                _ => way.part != Part::Lead,
            };
            if is_seen && lookup.words != 0 {
                see(segment, &docs, lookup, |place, position| {
                    if let Some(sightings) = found[place].of(way.part) {
                        sightings.push(Sighting { position, lookup: number });
                    }
                })?;
            }
            if look == Look::PlacesAndScores {
                weigh(segment, &docs, (lookup, norms), |place, worth| {
                    let worths = &mut found[place].worth;
                    worths.resize(plan.lookups.len(), 0.0);
                    worths[number] = worth;
                })?;
            }
        }
    }
    for matches in &mut found {
        for part in [Part::Title, Part::Text, Part::Names, Part::Exact] {
            if let Some(sightings) = matches.of(part) {
                sightings.sort_unstable();
            }
        }
    }
    Ok(found)
}

/// The documents of a segment that have these ids, in order, each with its place among the ids.
pub(super) fn documents(
    segment: &SegmentReader,
    field: Field,
    ids: &[u64],
) -> tantivy::Result<Vec<(DocId, usize)>> {
    let index = segment.inverted_index(field)?;
    let mut docs = Vec::new();
    for (place, id) in ids.iter().enumerate() {
        let term = Term::from_field_u64(field, *id);
        let Some(mut postings) = index.read_postings(&term, IndexRecordOption::Basic)? else {
            continue;
        };
        while postings.doc() != tantivy::TERMINATED {
            if !segment.is_deleted(postings.doc()) {
                docs.push((postings.doc(), place));
            }
            postings.advance();
        }
    }
    docs.sort_unstable();
    Ok(docs)
}

/// Tells where one lookup stands. Terms of a phrase are told only where they follow each other.
fn see(
    segment: &SegmentReader,
    docs: &[(DocId, usize)],
    lookup: &Lookup,
    mut tell: impl FnMut(usize, u32),
) -> tantivy::Result<()> {
    let index = segment.inverted_index(lookup.field)?;
    let option = IndexRecordOption::WithFreqsAndPositions;
    // Where the whole phrase begins, document by document.
    let mut begins: Vec<Vec<u32>> = vec![Vec::new(); docs.len()];
    let mut buffer = Vec::new();
    for (offset, term) in (0..).zip(&lookup.terms) {
        let Some(mut postings) = index.read_postings(term, option)? else { return Ok(()) };
        for ((doc, _), begins) in docs.iter().zip(&mut begins) {
            if postings.doc() < *doc {
                postings.seek(*doc);
            }
            if postings.doc() != *doc {
                begins.clear();
            } else if offset == 0 {
                postings.positions(begins);
            } else if !begins.is_empty() {
                postings.positions(&mut buffer);
                begins.retain(|begin| buffer.binary_search(&(begin + offset)).is_ok());
            }
        }
    }
    for ((_, place), begins) in docs.iter().zip(begins) {
        for begin in begins {
            (begin..).zip(&lookup.terms).for_each(|(position, _)| tell(*place, position));
        }
    }
    Ok(())
}

fn weigh(
    segment: &SegmentReader,
    docs: &[(DocId, usize)],
    (lookup, norms): (&Lookup, &Norms),
    mut put: impl FnMut(usize, f32),
) -> tantivy::Result<()> {
    let Some(mut reading) = Reading::open(segment, lookup, norms)? else { return Ok(()) };
    for (doc, place) in docs {
        if let Some(worth) = reading.worth(*doc) {
            put(*place, worth);
        }
    }
    Ok(())
}
