//! Which documents of other sources have passages in common with a text.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

use tantivy::{DocAddress, DocSet, Searcher, TERMINATED, Term, schema::IndexRecordOption};

use super::{collect::SegmentColumns, layout::Layout};

/// What more documents have is no passage that somebody took over, but a frame around texts.
const SHARING_MAX: usize = 1_000;

/// The ids of the documents that have most of `prints` and none of `sources`, at most `limit`; of
/// near-duplicates in one source only one.
pub(super) fn sharing(
    (searcher, layout): (&Searcher, &Layout),
    segments: &[SegmentColumns],
    prints: &[u64],
    sources: &[u64],
    limit: usize,
) -> tantivy::Result<Vec<u64>> {
    let mut counts: HashMap<DocAddress, u32> = HashMap::new();
    for print in prints {
        for address in having(searcher, &Term::from_field_u64(layout.prints, *print))? {
            *counts.entry(address).or_default() += 1;
        }
    }
    let mut found = Vec::new();
    for (address, count) in counts {
        let columns = &segments[address.segment_ord as usize].columns;
        let mut theirs = columns.sources.values_for_doc(address.doc_id);
        if !theirs.any(|source| sources.contains(&source)) {
            let id = columns.id(address.doc_id);
            found.push((Reverse(count), id, columns.group(address.doc_id)));
        }
    }
    found.sort_unstable();
    let mut seen = HashSet::new();
    found.retain(|(_, _, group)| group.is_none_or(|group| seen.insert(group)));
    found.truncate(limit);
    Ok(found.into_iter().map(|(_, id, _)| id).collect())
}

/// The documents that have a print; none where too many have it.
fn having(searcher: &Searcher, print: &Term) -> tantivy::Result<Vec<DocAddress>> {
    let mut found = Vec::new();
    for (segment_ord, segment) in (0..).zip(searcher.segment_readers()) {
        let index = segment.inverted_index(print.field())?;
        let Some(mut postings) = index.read_postings(print, IndexRecordOption::Basic)? else {
            continue;
        };
        while postings.doc() != TERMINATED {
            if segment.alive_bitset().is_none_or(|alive| alive.is_alive(postings.doc())) {
                found.push(DocAddress { segment_ord, doc_id: postings.doc() });
            }
            if found.len() > SHARING_MAX {
                return Ok(Vec::new());
            }
            postings.advance();
        }
    }
    Ok(found)
}
