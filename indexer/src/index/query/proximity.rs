//! What it adds that the words of a question stand near each other, in the order asked.

use super::{
    matches::{Matches, TermPosition},
    planner::Plan,
};

/// The share that is added where all words follow each other.
const MAX_BOOST: f32 = 0.4;
/// Words further apart than this are not near.
const MAX_DISTANCE: u32 = 20;
/// Questions with more words are not helped by it.
const WORDS_MAX: u32 = 4;
/// So many of the best documents are put in order by it.
pub(crate) const RERANK_DEPTH: usize = 100;

/// Whether nearness can tell anything about documents for this question.
pub(crate) fn applies(plan: &Plan) -> bool {
    (2..=WORDS_MAX).contains(&plan.rules.all_mask.count_ones())
}

/// By how much the score of a document is raised.
pub(crate) fn boost(plan: &Plan, matches: &Matches) -> f32 {
    let words = plan.rules.all_mask.count_ones() as usize;
    let mut distances = vec![MAX_DISTANCE; words.saturating_sub(1)];
    for field in [&matches.title, &matches.text] {
        update_distances(plan, field, &mut distances);
    }
    let near = distances.iter().filter(|distance| **distance < MAX_DISTANCE);
    #[expect(clippy::cast_precision_loss, reason = "there are 20 at most")]
    let sum: f32 = near.map(|distance| 1.0 / *distance as f32).sum();
    #[expect(clippy::cast_precision_loss, reason = "there are 4 at most")]
    let pairs = distances.len().max(1) as f32;
    1.0 + MAX_BOOST * sum / pairs
}

/// Finds the least distance of each word to the one after it. A word that comes before the one that
/// it was asked after is twice as far.
fn update_distances(plan: &Plan, field: &[TermPosition], distances: &mut [u32]) {
    let mut last: Vec<Option<u32>> = vec![None; distances.len() + 1];
    for term_position in field {
        let word_mask = plan.terms[term_position.term_index].word_mask;
        let at = term_position.position;
        for word in (0..last.len()).filter(|word| word_mask >> word & 1 == 1) {
            if let Some(before) = word.checked_sub(1)
                && let Some(position) = last[before]
            {
                distances[before] = distances[before].min((at - position).max(1));
            }
            if let Some(Some(position)) = last.get(word + 1) {
                distances[word] = distances[word].min(2 * (at - position) + 1);
            }
            last[word] = Some(at);
        }
    }
}
