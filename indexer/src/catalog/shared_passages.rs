//! Passages that a record shares with records of other sources.

use schema::{NodeId, SharedPassage};

use super::{CatalogError, open_generation::OpenGeneration};
use crate::{
    analysis::{PASSAGE_WORDS, TextOverlap, WordHashes},
    cancellation::Cancellation,
    index,
    store::sources,
};

/// Maximum number of records in a result.
pub const SHARED_PASSAGES_MAX: usize = 20;
/// Maximum number of records to compare, those with the most shared fingerprints first.
const COMPARED_MAX: usize = 40;
/// Maximum length of a passage in bytes.
const PASSAGE_BYTES_MAX: usize = 600;

/// Records without a common source that share passages with `id`, most shared words first.
pub(super) fn shared_passages(
    generation: &OpenGeneration,
    id: NodeId,
    first: usize,
    cancellation: &Cancellation,
) -> Result<Vec<SharedPassage>, CatalogError> {
    let id = generation.store.resolve(id)?;
    let Some(record) = generation.store.record(id)?.filter(|record| record.common().is_some())
    else {
        return Ok(Vec::new());
    };
    let body = generation.store.body(id)?;
    let sources = sources(&generation.store.provenance(id)?);
    let text = index::all_texts(&record, body.as_ref()).collect::<Vec<_>>().join("\n\n");
    let fingerprints = WordHashes::of([text.as_str()]).fingerprints();
    let mut passages = Vec::new();
    for bits in generation.index.with_shared_fingerprints(&fingerprints, &sources, COMPARED_MAX)? {
        if cancellation.is_cancelled() {
            break;
        }
        let other = NodeId::from_bits(bits)?;
        let Some(record) = generation.store.record(other)? else { continue };
        let body = generation.store.body(other)?;
        let other_fingerprint = WordHashes::of(index::all_texts(&record, body.as_ref()));
        let passage = TextOverlap::between(&text, &other_fingerprint);
        if passage.shared_words >= PASSAGE_WORDS {
            passages.push((passage, other));
        }
    }
    passages.sort_by(|(left, left_id), (right, right_id)| {
        right.shared_words.cmp(&left.shared_words).then_with(|| left_id.cmp(right_id))
    });
    passages.truncate(first.min(SHARED_PASSAGES_MAX));
    Ok(passages.into_iter().map(|(passage, id)| shared_passage(&text, &passage, id)).collect())
}

fn shared_passage(text: &str, passage: &TextOverlap, id: NodeId) -> SharedPassage {
    let range = passage.longest.as_ref().map_or(0..0, |(range, _)| range.clone());
    let ends =
        text[range.end..].chars().take_while(|sign| ['.', '!', '?', '”', '’'].contains(sign));
    let end = range.end + ends.map(char::len_utf8).sum::<usize>();
    let longest = &text[range.start..end];
    let mut excerpt = String::new();
    for word in longest.split_whitespace() {
        if excerpt.len() + word.len() > PASSAGE_BYTES_MAX {
            excerpt.push('…');
            break;
        }
        if !excerpt.is_empty() {
            excerpt.push(' ');
        }
        excerpt.push_str(word);
    }
    #[expect(clippy::cast_precision_loss, reason = "a share needs no more precision")]
    let share = passage.shared_words as f32 / passage.total_words.max(1) as f32;
    SharedPassage { id, share, text: excerpt }
}
