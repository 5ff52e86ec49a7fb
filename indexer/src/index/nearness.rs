//! What it adds that the words of a question stand near each other, in the order asked.

use super::{
    matches::{Matches, Sighting},
    plan::Plan,
};

/// The share that is added where all words follow each other.
const NEARNESS: f32 = 0.4;
/// Words further apart than this are not near.
const FAR: u32 = 20;
/// Questions with more words are not helped by it.
const WORDS_MAX: u32 = 4;
/// So many of the best documents are put in order by it.
pub(super) const RANKED_AGAIN: usize = 100;

/// Whether nearness can tell anything about documents for this question.
pub(super) fn applies(plan: &Plan) -> bool {
    (2..=WORDS_MAX).contains(&plan.rules.all.count_ones())
}

/// By how much the score of a document is raised.
pub(super) fn nearness(plan: &Plan, matches: &Matches) -> f32 {
    let words = plan.rules.all.count_ones() as usize;
    let mut distances = vec![FAR; words.saturating_sub(1)];
    for field in [&matches.title, &matches.text] {
        measure(plan, field, &mut distances);
    }
    let near = distances.iter().filter(|distance| **distance < FAR);
    #[expect(clippy::cast_precision_loss, reason = "there are 20 at most")]
    let sum: f32 = near.map(|distance| 1.0 / *distance as f32).sum();
    #[expect(clippy::cast_precision_loss, reason = "there are 4 at most")]
    let pairs = distances.len().max(1) as f32;
    1.0 + NEARNESS * sum / pairs
}

/// Finds the least distance of each word to the one after it. A word that comes before the one that
/// it was asked after is twice as far.
fn measure(plan: &Plan, field: &[Sighting], distances: &mut [u32]) {
    let mut last: Vec<Option<u32>> = vec![None; distances.len() + 1];
    for sighting in field {
        let bits = plan.lookups[sighting.lookup].words;
        let at = sighting.position;
        for word in (0..last.len()).filter(|word| bits >> word & 1 == 1) {
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
