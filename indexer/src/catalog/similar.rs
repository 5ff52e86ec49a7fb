//! Passages that a thing has in common with things of other sources.

use schema::{NodeId, SharedPassage};

use super::{CatalogError, snapshot::Inside};
use crate::{
    index,
    language::{Fingerprint, PASSAGE_WORDS, Passage},
    store::sources,
};

/// No more than so many are found for one thing.
pub const SIMILAR_MAX: usize = 20;
/// So many things, those that share most prints, are compared with it.
const COMPARED_MAX: usize = 40;
/// So many bytes of a passage are told.
const PASSAGE_BYTES_MAX: usize = 600;

/// What has passages in common with `id` and no source, what has most of them first.
pub(super) fn similar_elsewhere(
    inside: &Inside,
    id: NodeId,
    first: usize,
) -> Result<Vec<SharedPassage>, CatalogError> {
    let id = inside.store.resolve(id)?;
    let Some(record) = inside.store.record(id)?.filter(|record| record.common().is_some()) else {
        return Ok(Vec::new());
    };
    let body = inside.store.body(id)?;
    let sources = sources(&inside.store.provenance(id)?);
    let text = index::all_texts(&record, body.as_ref()).collect::<Vec<_>>().join("\n\n");
    let prints = Fingerprint::of([text.as_str()]).prints();
    let mut found = Vec::new();
    for bits in inside.index.sharing(&prints, &sources, COMPARED_MAX)? {
        let other = NodeId::from_bits(bits).map_err(|e| CatalogError::Engine(e.to_string()))?;
        let Some(record) = inside.store.record(other)? else { continue };
        let body = inside.store.body(other)?;
        let theirs = Fingerprint::of(index::all_texts(&record, body.as_ref()));
        let passage = Passage::shared(&text, &theirs);
        if passage.words >= PASSAGE_WORDS {
            found.push((passage, other));
        }
    }
    found.sort_by(|(left, one), (right, other)| {
        right.words.cmp(&left.words).then_with(|| one.cmp(other))
    });
    found.truncate(first.min(SIMILAR_MAX));
    Ok(found.into_iter().map(|(passage, id)| shared(&text, &passage, id)).collect())
}

fn shared(text: &str, passage: &Passage, id: NodeId) -> SharedPassage {
    let place = passage.longest.as_ref().map_or(0..0, |(place, _)| place.clone());
    let ends =
        text[place.end..].chars().take_while(|sign| ['.', '!', '?', '”', '’'].contains(sign));
    let end = place.end + ends.map(char::len_utf8).sum::<usize>();
    let longest = &text[place.start..end];
    let mut told = String::new();
    for word in longest.split_whitespace() {
        if told.len() + word.len() > PASSAGE_BYTES_MAX {
            told.push('…');
            break;
        }
        if !told.is_empty() {
            told.push(' ');
        }
        told.push_str(word);
    }
    #[expect(clippy::cast_precision_loss, reason = "a share needs no more precision")]
    let share = passage.words as f32 / passage.of.max(1) as f32;
    SharedPassage { id, share, text: told }
}
