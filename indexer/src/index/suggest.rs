//! Completions of a typed prefix, from titles and from words of texts.
//!
//! The terms are indexed with each document, so an incremental build costs no more than its
//! changes. Every matching title is compared by its length and its ordinal; no title is read,
//! because the caller has the records. Words are indexed by length, so the first ones read are the
//! best.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use tantivy::{
    DocId, DocSet, Searcher, SegmentReader, TERMINATED,
    columnar::Column,
    index::InvertedIndexReader,
    postings::SegmentPostings,
    schema::{Field, IndexRecordOption},
    termdict::TermStreamer,
};

use super::{collector::SegmentFastFields, fast_fields::FastFields, schema::IndexSchema};
use crate::analysis;

/// Maximum number of letters of a completed word.
const LETTERS_MAX: usize = 63;

/// A title that completes a query.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SuggestedTitle {
    /// Whether the query matches within the title rather than at its start.
    pub(crate) inside: bool,
    /// Number of characters.
    pub(crate) length: u64,
    /// Id of the record.
    pub(crate) id: u64,
}

/// A word that completes a query.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SuggestedWord {
    /// The folded word.
    pub(crate) folded: String,
    /// The most frequent original spelling.
    pub(crate) shown: String,
}

/// A typed query, folded: complete words, and the prefix of the last word.
pub(crate) struct CompletionQuery<'a> {
    pub(crate) text: &'a str,
    pub(crate) complete_words: Vec<&'a str>,
    pub(crate) prefix: &'a str,
}

impl<'a> CompletionQuery<'a> {
    /// Splits a folded text; `None` if it has no word.
    pub(crate) fn parse(folded: &'a str) -> Option<Self> {
        let mut complete_words: Vec<_> = analysis::folded_words(folded).collect();
        let prefix = complete_words.pop()?;
        let text = folded.trim_matches(|letter: char| !letter.is_alphanumeric());
        Some(Self { text, complete_words, prefix })
    }
}

/// The best titles, at most `first` per segment, without duplicates within a segment. Titles that
/// start with the query come first, then shorter ones; the order of equally long titles is
/// undefined, but no omitted title ranks above the last one.
pub(super) fn titles(
    searcher: &Searcher,
    schema: &IndexSchema,
    segments: &[SegmentFastFields],
    query: &CompletionQuery<'_>,
    first: usize,
) -> tantivy::Result<Vec<SuggestedTitle>> {
    let mut best = Vec::new();
    for (segment, opened) in searcher.segment_readers().iter().zip(segments) {
        best.extend(titles_of(segment, schema, &opened.fast_fields, query, first)?);
    }
    best.sort_unstable();
    Ok(best)
}

fn titles_of(
    segment: &SegmentReader,
    schema: &IndexSchema,
    fast_fields: &FastFields,
    query: &CompletionQuery<'_>,
    first: usize,
) -> tantivy::Result<Vec<SuggestedTitle>> {
    let Some(order) = &fast_fields.title_order else { return Ok(Vec::new()) };
    let lengths: Column<u64> = segment.fast_fields().u64("title_length")?;
    let docs = docs_with_title_words(segment, schema.title_words, query)?;
    if docs.is_empty() {
        return Ok(Vec::new());
    }
    let beginning = {
        let to = successor(query.text);
        let to = to.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        order.dictionary().term_bounds_to_ord(Bound::Included(query.text.as_bytes()), to)?
    };
    let begins = |ordinal: u64| std::ops::RangeBounds::contains(&beginning, &ordinal);
    // Within a segment, ordinals have the order of the titles.
    let mut best: BTreeMap<(bool, u64, u64), u64> = BTreeMap::new();
    let mut worst = (true, u64::MAX, u64::MAX);
    for doc in docs {
        let Some(ordinal) = order.ords().first(doc) else { continue };
        let inside = !begins(ordinal);
        if inside && !worst.0 {
            continue;
        }
        let key = (inside, lengths.first(doc).unwrap_or_default(), ordinal);
        if key > worst {
            continue;
        }
        let id = fast_fields.id(doc);
        best.entry(key).and_modify(|best_id| *best_id = id.min(*best_id)).or_insert(id);
        if best.len() > first {
            best.pop_last();
        }
        if let Some((last, _)) = best.last_key_value().filter(|_| best.len() >= first) {
            worst = *last;
        }
    }
    let title = |((inside, length, _), id)| SuggestedTitle { inside, length, id };
    Ok(best.into_iter().map(title).collect())
}

/// The documents whose titles contain all complete words, and a word with the prefix.
fn docs_with_title_words(
    segment: &SegmentReader,
    field: Field,
    query: &CompletionQuery<'_>,
) -> tantivy::Result<Vec<DocId>> {
    let index = segment.inverted_index(field)?;
    let mut docs = Vec::new();
    if let Some(prefix_term) = analysis::short_prefix_term(query.prefix) {
        if let Some(postings) = postings(&index, &prefix_term)? {
            push_live_docs(segment, postings, &mut docs);
        }
    } else {
        let mut terms = stream_terms_with_prefix(&index, query.prefix)?;
        while terms.advance() {
            let postings =
                index.read_postings_from_terminfo(terms.value(), IndexRecordOption::Basic)?;
            push_live_docs(segment, postings, &mut docs);
        }
        docs.sort_unstable();
        docs.dedup();
    }
    for word in &query.complete_words {
        let Some(mut postings) = postings(&index, word)? else { return Ok(Vec::new()) };
        docs.retain(|doc| {
            if postings.doc() < *doc {
                postings.seek(*doc);
            }
            postings.doc() == *doc
        });
    }
    Ok(docs)
}

fn postings(index: &InvertedIndexReader, term: &str) -> tantivy::Result<Option<SegmentPostings>> {
    let info = index.terms().get(term)?;
    let read = |info| index.read_postings_from_terminfo(&info, IndexRecordOption::Basic);
    Ok(info.map(read).transpose()?)
}

/// Adds the documents that have not been deleted.
fn push_live_docs(segment: &SegmentReader, mut postings: SegmentPostings, docs: &mut Vec<DocId>) {
    while postings.doc() != TERMINATED {
        if !segment.is_deleted(postings.doc()) {
            docs.push(postings.doc());
        }
        postings.advance();
    }
}

/// The best words, shorter ones first.
pub(super) fn words(
    searcher: &Searcher,
    schema: &IndexSchema,
    prefix: &str,
    first: usize,
) -> tantivy::Result<Vec<SuggestedWord>> {
    let mut found = Vec::new();
    for letters in prefix.chars().count()..=LETTERS_MAX {
        let Some(term_prefix) = analysis::word_term_prefix(letters, prefix) else { break };
        // Words of all segments, with the frequency of each spelling.
        let mut words: BTreeMap<String, BTreeMap<String, u32>> = BTreeMap::new();
        for segment in searcher.segment_readers() {
            words_of(
                segment,
                schema.completion_words,
                &term_prefix,
                first - found.len(),
                &mut words,
            )?;
        }
        for (folded, spellings) in words.into_iter().take(first - found.len()) {
            let most = spellings.into_iter().max_by(|l, r| l.1.cmp(&r.1).then(r.0.cmp(&l.0)));
            let shown = most.map_or_else(|| folded.clone(), |(shown, _)| shown);
            found.push(SuggestedWord { folded, shown });
        }
        if found.len() >= first {
            break;
        }
    }
    Ok(found)
}

/// The first words of a segment that begin with `prefix`, without those of deleted documents only.
fn words_of(
    segment: &SegmentReader,
    field: Field,
    prefix: &str,
    first: usize,
    words: &mut BTreeMap<String, BTreeMap<String, u32>>,
) -> tantivy::Result<()> {
    let index = segment.inverted_index(field)?;
    let mut terms = stream_terms_with_prefix(&index, prefix)?;
    let mut own = BTreeSet::new();
    while terms.advance() {
        let Ok(term) = std::str::from_utf8(terms.key()) else { continue };
        let (folded, shown) = analysis::split_word_term(term);
        if own.len() >= first && !own.contains(folded) {
            break;
        }
        let documents = terms.value().doc_freq;
        if segment.has_deletes() {
            let mut postings =
                index.read_postings_from_terminfo(terms.value(), IndexRecordOption::Basic)?;
            while postings.doc() != TERMINATED && segment.is_deleted(postings.doc()) {
                postings.advance();
            }
            if postings.doc() == TERMINATED {
                continue;
            }
        }
        own.insert(folded.to_owned());
        let spellings = words.entry(folded.to_owned()).or_default();
        *spellings.entry(shown.to_owned()).or_default() += documents;
    }
    Ok(())
}

fn stream_terms_with_prefix<'a>(
    index: &'a InvertedIndexReader,
    prefix: &str,
) -> tantivy::Result<TermStreamer<'a>> {
    let mut range = index.terms().range().ge(prefix);
    if let Some(after) = successor(prefix) {
        range = range.lt(after);
    }
    Ok(range.into_stream()?)
}

/// The first byte string after all those that begin with `prefix`.
fn successor(prefix: &str) -> Option<Vec<u8>> {
    let mut bytes = prefix.as_bytes().to_vec();
    while let Some(last) = bytes.last_mut() {
        if *last < u8::MAX {
            *last += 1;
            return Some(bytes);
        }
        bytes.pop();
    }
    None
}
