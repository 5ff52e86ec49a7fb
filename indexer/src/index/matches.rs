//! Where the words of a question stand in documents that were found, by the numbers that the index
//! gave to words. No text is read or stemmed for it.

use tantivy::{
    DocId, DocSet, Searcher, SegmentReader, Term,
    postings::Postings,
    query::{EnableScoring, Weight},
    schema::{Field, IndexRecordOption},
};

use super::{
    layout::Layout,
    words::{Part, Word, Words},
};

/// A place in a field at which a word of the question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sighting {
    /// The number of the word in the field.
    pub(super) position: u32,
    /// Which word of the question.
    pub(super) word: usize,
}

/// What one document has of the words of a question.
#[derive(Debug, Clone, Default)]
pub(crate) struct Matches {
    /// In its title.
    pub(super) title: Vec<Sighting>,
    /// In all its texts, one after another.
    pub(super) text: Vec<Sighting>,
    /// In the names of what it is linked to, one after another.
    pub(super) names: Vec<Sighting>,
    /// What each word brings to its score, where that was wanted.
    pub(super) scores: Vec<f32>,
}

impl Matches {
    fn of(&mut self, part: Part) -> &mut Vec<Sighting> {
        match part {
            Part::Title => &mut self.title,
            Part::Text => &mut self.text,
            Part::Names => &mut self.names,
        }
    }
}

/// Whether to compute what each word brings to the score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scores {
    Wanted,
    Unwanted,
}

/// Looks the words up in the documents with these ids; in their order.
pub(super) fn matches(
    searcher: &Searcher,
    layout: &Layout,
    words: &Words,
    ids: &[u64],
    scores: Scores,
) -> tantivy::Result<Vec<Matches>> {
    let mut found = vec![Matches::default(); ids.len()];
    let mut weights = Vec::new();
    if scores == Scores::Wanted {
        for word in words.each() {
            weights.push(word.query.weight(EnableScoring::enabled_from_searcher(searcher))?);
        }
        for matches in &mut found {
            matches.scores = vec![0.0; weights.len()];
        }
    }
    for segment in searcher.segment_readers() {
        let docs = documents(segment, layout.id, ids)?;
        if docs.is_empty() {
            continue;
        }
        for (number, word) in words.each().iter().enumerate() {
            see(segment, &docs, (number, word), &mut found)?;
            if let Some(weight) = weights.get(number) {
                score(segment, &docs, weight.as_ref(), |place, score| {
                    found[place].scores[number] = score;
                })?;
            }
        }
    }
    for matches in &mut found {
        for sightings in [&mut matches.title, &mut matches.text, &mut matches.names] {
            sightings.sort_unstable();
        }
    }
    Ok(found)
}

/// The documents of a segment that have these ids, in order, each with its place among the ids.
fn documents(
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

/// Notes where one word stands. A word of several terms stands in a field that has them all.
fn see(
    segment: &SegmentReader,
    docs: &[(DocId, usize)],
    (number, word): (usize, &Word),
    found: &mut [Matches],
) -> tantivy::Result<()> {
    let mut buffer = Vec::new();
    for (part, field, terms) in &word.terms {
        let index = segment.inverted_index(*field)?;
        let mut seen: Vec<(usize, Vec<u32>)> = vec![(0, Vec::new()); docs.len()];
        for term in terms {
            let term = Term::from_field_text(*field, term);
            let option = IndexRecordOption::WithFreqsAndPositions;
            let Some(mut postings) = index.read_postings(&term, option)? else { break };
            for ((doc, _), (terms_seen, positions)) in docs.iter().zip(&mut seen) {
                if postings.doc() < *doc {
                    postings.seek(*doc);
                }
                if postings.doc() == *doc {
                    postings.positions(&mut buffer);
                    positions.append(&mut buffer);
                    *terms_seen += 1;
                }
            }
        }
        for ((_, place), (terms_seen, positions)) in docs.iter().zip(seen) {
            if terms_seen == terms.len() {
                let sighting = |position| Sighting { position, word: number };
                found[*place].of(*part).extend(positions.into_iter().map(sighting));
            }
        }
    }
    Ok(())
}

fn score(
    segment: &SegmentReader,
    docs: &[(DocId, usize)],
    weight: &dyn Weight,
    mut put: impl FnMut(usize, f32),
) -> tantivy::Result<()> {
    let mut scorer = weight.scorer(segment, 1.0)?;
    for (doc, place) in docs {
        if scorer.doc() < *doc {
            scorer.seek(*doc);
        }
        if scorer.doc() == *doc {
            put(*place, scorer.score());
        }
    }
    Ok(())
}
