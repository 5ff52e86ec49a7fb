//! Positions and scores of the terms of a query in given documents. Uses only postings; no text is
//! read or analysed.

use schema::MatchClass;
use tantivy::{
    DocAddress, DocId, DocSet, Searcher, SegmentReader, Term,
    postings::Postings,
    schema::{Field, IndexRecordOption},
};

use super::{
    index_term::IndexTerm,
    planner::Plan,
    postings::PostingsCursor,
    scorer::{Norms, QueryTerm},
    terms::FieldGroup,
};

/// An occurrence of a query term in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TermPosition {
    /// Position of the word in the field.
    pub(crate) position: u32,
    /// Index in [`Plan::terms`].
    pub(crate) term_index: usize,
}

/// The matches of a query in one document.
#[derive(Debug, Clone, Default)]
pub(crate) struct Matches {
    /// Positions in the title.
    pub(crate) title: Vec<TermPosition>,
    /// Positions in all texts, concatenated.
    pub(crate) text: Vec<TermPosition>,
    /// Positions in the names of linked records, concatenated.
    pub(crate) names: Vec<TermPosition>,
    /// Positions in title and all texts, concatenated; only for terms of a prefix.
    pub(crate) exact: Vec<TermPosition>,
    /// Scores parallel to [`Plan::terms`], and how closely each term matches; empty if the detail
    /// excludes them or none matches.
    pub(crate) scores: Vec<(f32, MatchClass)>,
}

impl Matches {
    /// The positions of a field; `None` if the field is indexed without positions.
    fn positions_mut(&mut self, field_group: FieldGroup) -> Option<&mut Vec<TermPosition>> {
        match field_group {
            FieldGroup::Title => Some(&mut self.title),
            FieldGroup::Text => Some(&mut self.text),
            FieldGroup::Names => Some(&mut self.names),
            FieldGroup::Exact => Some(&mut self.exact),
            FieldGroup::Lead | FieldGroup::Kind => None,
        }
    }
}

/// Level of detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MatchDetail {
    /// Every position.
    Positions,
    /// Every position and the score of every term.
    PositionsAndScores,
    /// Positions in title and texts only, for proximity.
    Proximity,
}

/// Documents of each segment, ascending, each with its place in a list.
pub(crate) struct ListedDocuments {
    by_segment: Vec<Vec<(DocId, usize)>>,
    count: usize,
}

impl ListedDocuments {
    /// The documents with these ids.
    pub(crate) fn by_id(searcher: &Searcher, field: Field, ids: &[u64]) -> tantivy::Result<Self> {
        let segments = searcher.segment_readers().iter();
        let by_segment = segments.map(|segment| docs_by_id(segment, field, ids));
        Ok(Self { by_segment: by_segment.collect::<tantivy::Result<_>>()?, count: ids.len() })
    }

    /// The documents at these addresses.
    pub(crate) fn at(searcher: &Searcher, addresses: &[DocAddress]) -> Self {
        let mut by_segment = vec![Vec::new(); searcher.segment_readers().len()];
        for (place, address) in addresses.iter().enumerate() {
            by_segment[address.segment_ord as usize].push((address.doc_id, place));
        }
        for docs in &mut by_segment {
            docs.sort_unstable();
        }
        Self { by_segment, count: addresses.len() }
    }
}

/// The matches of a plan in documents, in the order of their list.
pub(crate) fn matches(
    searcher: &Searcher,
    norms: &Norms,
    plan: &Plan,
    documents: &ListedDocuments,
    detail: MatchDetail,
) -> tantivy::Result<Vec<Matches>> {
    let mut found = vec![Matches::default(); documents.count];
    for (segment, docs) in searcher.segment_readers().iter().zip(&documents.by_segment) {
        if docs.is_empty() {
            continue;
        }
        for (term_index, (query_term, origin)) in plan.terms.iter().zip(&plan.origins).enumerate() {
            plan.cancellation.check()?;
            let needs_positions = match detail {
                MatchDetail::Proximity => {
                    matches!(origin.field_group, FieldGroup::Title | FieldGroup::Text)
                }
                // Every exact form is also matched by its stem in the other fields.
                _ if origin.field_group == FieldGroup::Exact => plan.is_prefix(term_index),
                _ => !matches!(origin.field_group, FieldGroup::Lead | FieldGroup::Kind),
            };
            if needs_positions && !query_term.words.is_empty() {
                for terms in [&query_term.terms[..], query_term.component.as_slice()] {
                    visit_positions(segment, docs, terms, |id_index, position| {
                        if let Some(positions) = found[id_index].positions_mut(origin.field_group) {
                            positions.push(TermPosition { position, term_index });
                        }
                    })?;
                }
            }
            if detail == MatchDetail::PositionsAndScores {
                visit_scores(segment, docs, (query_term, norms), |id_index, score| {
                    let scores = &mut found[id_index].scores;
                    scores.resize(plan.terms.len(), (0.0, MatchClass::Exact));
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

/// The documents of a segment with these ids, ascending, each with its index in `ids`.
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

/// Visits the positions of a term; for a phrase, only where its terms are adjacent.
fn visit_positions(
    segment: &SegmentReader,
    docs: &[(DocId, usize)],
    terms: &[IndexTerm],
    mut visit: impl FnMut(usize, u32),
) -> tantivy::Result<()> {
    let option = IndexRecordOption::WithFreqsAndPositions;
    // Positions at which the whole phrase starts, by document.
    let mut starts: Vec<Vec<u32>> = vec![Vec::new(); docs.len()];
    let mut buffer = Vec::new();
    for (offset, term) in (0..).zip(terms) {
        let Some(mut postings) = term.postings(segment, option)? else { return Ok(()) };
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
            (start..).zip(terms).for_each(|(position, _)| visit(*id_index, position));
        }
    }
    Ok(())
}

fn visit_scores(
    segment: &SegmentReader,
    docs: &[(DocId, usize)],
    (query_term, norms): (&QueryTerm, &Norms),
    mut visit: impl FnMut(usize, (f32, MatchClass)),
) -> tantivy::Result<()> {
    let Some(mut cursor) = PostingsCursor::open(segment, query_term, norms)? else { return Ok(()) };
    for (doc, id_index) in docs {
        if let Some(score) = cursor.score_at(*doc) {
            visit(*id_index, score);
        }
    }
    Ok(())
}
