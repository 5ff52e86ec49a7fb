//! Proximity boost: query words that are close together, in the order of the query.

use super::{
    matches::{Matches, TermPosition},
    planner::Plan,
};

/// Maximum boost as a share of the score, if all words are adjacent.
const MAX_BOOST: f32 = 0.4;
/// The factor for a document in which all words are adjacent.
pub(crate) const MAX_FACTOR: f32 = 1.0 + MAX_BOOST;
/// Distance in words from which two words get no boost.
const MAX_DISTANCE: u32 = 20;
/// Maximum number of words of a query that gets a proximity boost.
const WORDS_MAX: u32 = 4;
/// Number of best hits to rerank by proximity.
pub(crate) const RERANK_DEPTH: usize = 100;

/// Whether proximity affects the ranking for this query.
pub(crate) fn applies(plan: &Plan) -> bool {
    (2..=WORDS_MAX).contains(&plan.rules.all.len())
}

/// The factor by which proximity increases the score of a document.
pub(crate) fn boost(plan: &Plan, matches: &Matches) -> f32 {
    let words = plan.rules.all.len() as usize;
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

/// Lowers the distance between consecutive query words to the minimum in a field. In reverse order,
/// a distance counts twice.
fn update_distances(plan: &Plan, field: &[TermPosition], distances: &mut [u32]) {
    let mut last: Vec<Option<u32>> = vec![None; distances.len() + 1];
    for term_position in field {
        let at = term_position.position;
        for word in plan.terms[term_position.term_index].words.iter() {
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
