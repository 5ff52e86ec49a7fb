//! Words of a query that say what its user prefers, or that only frame a question.

use schema::Preference;

use super::Planner;
use crate::{analysis, analysis::WordUse, index::query::query_words::QueryWord};

impl Planner<'_> {
    /// How each word of a run is searched for. Adds the preferences that the words state to the
    /// interpretation.
    pub(super) fn word_uses(&mut self, run: &[QueryWord], is_required: bool) -> Vec<WordUse> {
        let literal = vec![WordUse::Required; run.len()];
        let Some(today) = self.today else { return literal };
        if !is_required || run.is_empty() {
            return literal;
        }
        let words: Vec<&str> = run.iter().map(|word| word.dutch.folded.as_str()).collect();
        let is_first = self.words.is_empty();
        let (beginning, end) = if is_first { analysis::query_frame(&words) } else { (0, 0) };
        let mut uses = literal.clone();
        uses[..beginning].fill(WordUse::Frame);
        uses[run.len() - end..].fill(WordUse::Frame);
        for numbered in Self::numbered_words(run) {
            if Self::other_form(words[numbered.start]).is_some() {
                uses[numbered.end - 1] = WordUse::Optional;
            }
        }
        for stated in analysis::stated_preferences(&words, today) {
            let typed = stated.words.iter().map(|(at, _)| run[*at].typed.text.as_str());
            let typed = typed.collect::<Vec<_>>().join(" ");
            stated.words.iter().for_each(|(at, word_use)| uses[*at] = *word_use);
            self.interpretation.preferences.push(Preference { typed, filter: stated.filter });
        }
        let has_subject = !is_first
            || self.has_operand
            || uses.iter().zip(&words).any(|(word_use, word)| {
                *word_use == WordUse::Required && !analysis::is_stop_word(word)
            });
        if has_subject { uses } else { literal }
    }
}
