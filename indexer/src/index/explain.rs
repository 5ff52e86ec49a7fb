//! Why a document was found: what each word of the question brought to it.

use schema::{Explanation, MatchReason, NodeId, Record, SearchField, TermMatch};

use super::{
    document_texts,
    highlight::{position_after, title_and_text_positions},
    query::{
        matches::{Matches, TermPosition},
        planner::Plan,
        scorer::MatchRules,
    },
};

/// Why a record was found that has this score, which its age has raised to `raised` times as much.
pub(crate) fn explanation(
    record: &Record,
    (plan, matches): (&Plan, &Matches),
    (score, recency_boost): (f32, f32),
) -> Explanation {
    let title = record.common().map_or("", |common| common.title.as_str());
    let (in_title, in_text) = title_and_text_positions(title, matches);
    let leads = document_texts::field_texts(record)
        .into_iter()
        .filter(|(field, _)| *field == SearchField::Lead);
    let body_start = leads.fold(0, |position, (_, text)| position_after(text, position));
    let has = |positions: &[TermPosition], word_mask: u32, test: &dyn Fn(u32) -> bool| {
        positions.iter().any(|term_position| {
            plan.terms[term_position.term_index].word_mask & word_mask != 0
                && test(term_position.position)
        })
    };
    let matched_terms = plan.terms.iter().zip(&matches.scores).filter(|(_, score)| **score > 0.0);
    let word_mask = matched_terms.fold(0, |mask, (query_term, _)| mask | query_term.word_mask);
    let coordination = plan.rules.coordination(word_mask);
    let word_match = |(number, word): (usize, &String)| {
        let word_mask = 1 << number;
        let fields = [
            (SearchField::Title, has(&in_title, word_mask, &|_| true)),
            (SearchField::Lead, has(&in_text, word_mask, &|position| position < body_start)),
            (SearchField::Body, has(&in_text, word_mask, &|position| position >= body_start)),
            (SearchField::Names, has(&matches.names, word_mask, &|_| true)),
        ];
        let fields = fields.into_iter().filter(|(_, is_matched)| *is_matched);
        let (reasons, sum) = reasons(plan, matches, word_mask);
        TermMatch {
            word: word.clone(),
            fields: fields.map(|(field, _)| field).collect(),
            reasons,
            score: sum * coordination,
        }
    };
    let words: Vec<_> = plan.words.iter().enumerate().map(word_match).collect();
    let sum: f32 = words.iter().map(|word| word.score).sum();
    Explanation {
        all_words: words.iter().all(|word| !word.reasons.is_empty()),
        words,
        proximity: Some(score - sum * recency_boost)
            .filter(|rest| *rest > ROUNDING_ERROR)
            .unwrap_or_default(),
        recency: sum * (recency_boost - 1.0),
    }
}

/// Less than this is what single precision loses of a score that had the bonus for all words.
const ROUNDING_ERROR: f32 = 0.005;

/// Why a document is not listed for a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotListedReason {
    /// It has none of the words that count, in no form.
    NoTermMatched,
    /// It has too few of them.
    TooFewTermsMatched {
        /// So many it has.
        matched: u32,
        /// So many it would need.
        required: u32,
        /// So many there are.
        total: u32,
    },
    /// It has enough words; a phrase, an excluded word or a field rules it out.
    Excluded,
    /// A near-duplicate of the same source is listed in its place.
    DuplicateOf(NodeId),
}

/// Why a document that is not listed by `rules` is not.
pub(super) fn not_listed_reason(
    plan: &Plan,
    rules: MatchRules,
    matches: &Matches,
) -> NotListedReason {
    let matched_terms = plan.terms.iter().zip(&matches.scores).filter(|(_, score)| **score > 0.0);
    let word_mask = matched_terms.fold(0, |mask, (query_term, _)| mask | query_term.word_mask);
    let (matched, total) =
        ((word_mask & rules.required_mask).count_ones(), rules.required_mask.count_ones());
    match matched {
        _ if matched >= rules.min_should_match && word_mask != 0 => NotListedReason::Excluded,
        0 => NotListedReason::NoTermMatched,
        _ => {
            NotListedReason::TooFewTermsMatched { matched, required: rules.min_should_match, total }
        }
    }
}

/// How one word was found, the way that brought most first, and what they brought in all.
fn reasons(plan: &Plan, matches: &Matches, word_mask: u32) -> (Vec<MatchReason>, f32) {
    let mut reasons: Vec<(MatchReason, f32)> = Vec::new();
    for ((query_term, origin), score) in plan.terms.iter().zip(&plan.origins).zip(&matches.scores) {
        if query_term.word_mask & word_mask == 0 || *score <= 0.0 {
            continue;
        }
        #[expect(clippy::cast_precision_loss, reason = "there are 32 words at most")]
        let score = score / query_term.word_mask.count_ones() as f32;
        let reason = MatchReason { kind: origin.kind, text: origin.text.clone() };
        match reasons.iter_mut().find(|(other, _)| *other == reason) {
            Some((_, sum)) => *sum += score,
            None => reasons.push((reason, score)),
        }
    }
    let sum = reasons.iter().map(|(_, score)| score).sum();
    reasons.sort_by(|(_, left), (_, right)| right.total_cmp(left));
    (reasons.into_iter().map(|(reason, _)| reason).collect(), sum)
}
