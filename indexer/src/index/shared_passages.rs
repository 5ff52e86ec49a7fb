//! Documents of other sources that have passages in common with a text.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

use tantivy::{DocAddress, DocSet, Searcher, TERMINATED, Term, schema::IndexRecordOption};

use super::{collector::SegmentFastFields, schema::IndexSchema};

/// Maximum number of documents with a fingerprint; more frequent ones are boilerplate.
const FINGERPRINT_DOCS_MAX: usize = 1_000;

/// Ids of the documents with the most `fingerprints` and none of `sources`, at most `limit`; only
/// one of the near-duplicates in one source.
pub(super) fn with_shared_fingerprints(
    (searcher, schema): (&Searcher, &IndexSchema),
    segments: &[SegmentFastFields],
    fingerprints: &[u64],
    sources: &[u64],
    limit: usize,
) -> tantivy::Result<Vec<u64>> {
    let mut counts: HashMap<DocAddress, u32> = HashMap::new();
    for fingerprint in fingerprints {
        for address in docs_with_fingerprint(
            searcher,
            &Term::from_field_u64(schema.fingerprints, *fingerprint),
        )? {
            *counts.entry(address).or_default() += 1;
        }
    }
    let mut found = Vec::new();
    for (address, count) in counts {
        let fast_fields = &segments[address.segment_ord as usize].fast_fields;
        let mut theirs = fast_fields.sources.values_for_doc(address.doc_id);
        if !theirs.any(|source| sources.contains(&source)) {
            let id = fast_fields.id(address.doc_id);
            found.push((Reverse(count), id, fast_fields.group(address.doc_id)));
        }
    }
    found.sort_unstable();
    let mut seen = HashSet::new();
    found.retain(|(_, _, group)| group.is_none_or(|group| seen.insert(group)));
    found.truncate(limit);
    Ok(found.into_iter().map(|(_, id, _)| id).collect())
}

/// The documents with a fingerprint; empty if there are too many.
fn docs_with_fingerprint(
    searcher: &Searcher,
    fingerprint: &Term,
) -> tantivy::Result<Vec<DocAddress>> {
    let mut found = Vec::new();
    for (segment_ord, segment) in (0..).zip(searcher.segment_readers()) {
        let index = segment.inverted_index(fingerprint.field())?;
        let Some(mut postings) = index.read_postings(fingerprint, IndexRecordOption::Basic)? else {
            continue;
        };
        while postings.doc() != TERMINATED {
            if segment.alive_bitset().is_none_or(|alive| alive.is_alive(postings.doc())) {
                found.push(DocAddress { segment_ord, doc_id: postings.doc() });
            }
            if found.len() > FINGERPRINT_DOCS_MAX {
                return Ok(Vec::new());
            }
            postings.advance();
        }
    }
    Ok(found)
}
