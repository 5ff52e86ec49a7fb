//! Where the words of a question stand in documents that were found, by the numbers that the index
//! gave to words, and what each brings to the score. No text is read or stemmed for it.

use tantivy::{
    DocId, DocSet, Searcher, SegmentReader, Term,
    postings::Postings,
    schema::{Field, IndexRecordOption},
};

use crate::index::{
    query::{
        planner::Plan,
        scorer::{Norms, PostingsCursor, QueryTerm},
        terms::FieldGroup,
    },
    schema::IndexSchema,
};

/// A place in a field at which something that was looked up stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TermPosition {
    /// The number of the word in the field.
    pub(crate) position: u32,
    /// Which lookup of the plan.
    pub(crate) term_index: usize,
}

/// What one document has of a question.
#[derive(Debug, Clone, Default)]
pub(crate) struct Matches {
    /// In its title.
    pub(crate) title: Vec<TermPosition>,
    /// In all its texts, one after another.
    pub(crate) text: Vec<TermPosition>,
    /// In the names of what it is linked to, one after another.
    pub(crate) names: Vec<TermPosition>,
    /// In its title and all its texts, one after another: only what begins with something typed.
    pub(crate) exact: Vec<TermPosition>,
    /// What each lookup brings to its score, where that was wanted.
    pub(crate) scores: Vec<f32>,
}

impl Matches {
    /// Those of a field; `None` where the index does not number its words.
    fn positions_mut(&mut self, field_group: FieldGroup) -> Option<&mut Vec<TermPosition>> {
        match field_group {
            FieldGroup::Title => Some(&mut self.title),
            FieldGroup::Text => Some(&mut self.text),
            FieldGroup::Names => Some(&mut self.names),
            FieldGroup::Exact => Some(&mut self.exact),
            FieldGroup::Lead => None,
        }
    }
}

/// What to look for in documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MatchDetail {
    /// Where everything stands.
    Positions,
    /// The same, and what each lookup brings to the score.
    PositionsAndScores,
    /// Only how near the words stand to each other in title and texts.
    Proximity,
}

/// Looks a question up in the documents with these ids; in their order.
pub(crate) fn matches(
    searcher: &Searcher,
    (schema, norms): (&IndexSchema, &Norms),
    plan: &Plan,
    ids: &[u64],
    detail: MatchDetail,
) -> tantivy::Result<Vec<Matches>> {
    let mut found = vec![Matches::default(); ids.len()];
    for segment in searcher.segment_readers() {
        let docs = docs_by_id(segment, schema.id, ids)?;
        if docs.is_empty() {
            continue;
        }
        for (term_index, (query_term, origin)) in plan.terms.iter().zip(&plan.origins).enumerate() {
            let needs_positions = match detail {
                MatchDetail::Proximity => {
                    matches!(origin.field_group, FieldGroup::Title | FieldGroup::Text)
                }
                // Every form has its stem in the other fields as well.
                _ if origin.field_group == FieldGroup::Exact => plan.is_prefix(term_index),
                _ => origin.field_group != FieldGroup::Lead,
            };
            if needs_positions && query_term.word_mask != 0 {
                visit_positions(segment, &docs, query_term, |id_index, position| {
                    if let Some(positions) = found[id_index].positions_mut(origin.field_group) {
                        positions.push(TermPosition { position, term_index: term_index });
                    }
                })?;
            }
            if detail == MatchDetail::PositionsAndScores {
                visit_scores(segment, &docs, (query_term, norms), |id_index, score| {
                    let scores = &mut found[id_index].scores;
                    scores.resize(plan.terms.len(), 0.0);
                    scores[term_index] = score;
                })?;
            }
        }
    }
    for matches in &mut found {
        for field_group in
            [FieldGroup::Title, FieldGroup::Text, FieldGroup::Names, FieldGroup::Exact]
        {
            if let Some(positions) = matches.positions_mut(field_group) {
                positions.sort_unstable();
            }
        }
    }
    Ok(found)
}

/// The documents of a segment that have these ids, in order, each with its place among the ids.
pub(crate) fn docs_by_id(
    segment: &SegmentReader,
    field: Field,
    ids: &[u64],
) -> tantivy::Result<Vec<(DocId, usize)>> {
    let index = segment.inverted_index(field)?;
    let mut docs = Vec::new();
    for (id_index, id) in ids.iter().enumerate() {
        let term = Term::from_field_u64(field, *id);
        let Some(mut postings) = index.read_postings(&term, IndexRecordOption::Basic)? else {
            continue;
        };
        while postings.doc() != tantivy::TERMINATED {
            if !segment.is_deleted(postings.doc()) {
                docs.push((postings.doc(), id_index));
            }
            postings.advance();
        }
    }
    docs.sort_unstable();
    Ok(docs)
}

/// Tells where one lookup stands. Terms of a phrase are told only where they follow each other.
fn visit_positions(
    segment: &SegmentReader,
    docs: &[(DocId, usize)],
    query_term: &QueryTerm,
    mut visit: impl FnMut(usize, u32),
) -> tantivy::Result<()> {
    let index = segment.inverted_index(query_term.field)?;
    let option = IndexRecordOption::WithFreqsAndPositions;
    // Where the whole phrase begins, document by document.
    let mut starts: Vec<Vec<u32>> = vec![Vec::new(); docs.len()];
    let mut buffer = Vec::new();
    for (offset, term) in (0..).zip(&query_term.terms) {
        let Some(mut postings) = index.read_postings(term, option)? else { return Ok(()) };
        for ((doc, _), starts) in docs.iter().zip(&mut starts) {
            if postings.doc() < *doc {
                postings.seek(*doc);
            }
            if postings.doc() != *doc {
                starts.clear();
            } else if offset == 0 {
                postings.positions(starts);
            } else if !starts.is_empty() {
                postings.positions(&mut buffer);
                starts.retain(|start| buffer.binary_search(&(start + offset)).is_ok());
            }
        }
    }
    for ((_, id_index), starts) in docs.iter().zip(starts) {
        for start in starts {
            (start..).zip(&query_term.terms).for_each(|(position, _)| visit(*id_index, position));
        }
    }
    Ok(())
}

fn visit_scores(
    segment: &SegmentReader,
    docs: &[(DocId, usize)],
    (query_term, norms): (&QueryTerm, &Norms),
    mut visit: impl FnMut(usize, f32),
) -> tantivy::Result<()> {
    let Some(mut cursor) = PostingsCursor::open(segment, query_term, norms)? else { return Ok(()) };
    for (doc, id_index) in docs {
        if let Some(score) = cursor.score_at(*doc) {
            visit(*id_index, score);
        }
    }
    Ok(())
}
