//! Score explanations: the contributions of query words, stop words, proximity and recency.

use schema::{
    Explanation, MatchClass, MatchKind, MatchReason, NodeId, Record, SearchField, TermMatch,
};

use super::{
    document_texts,
    highlight::{position_after, title_and_text_positions},
    query::{
        matches::{Matches, TermPosition},
        planner::Plan,
        scorer::MatchRules,
        word_set::WordSet,
    },
};

/// The factors of a score that do not depend on the words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ScoreFactors {
    pub(crate) recency: f32,
    pub(crate) preference: f32,
}

/// Explains the score of a record.
pub(crate) fn explanation(
    record: &Record,
    (plan, matches): (&Plan, &Matches),
    (score, factors): (f32, ScoreFactors),
) -> Explanation {
    let field_words = field_words(record, plan, matches);
    let coordination = plan.rules.coordination(matched_words(plan, matches));
    let words: Vec<TermMatch> = (0..)
        .zip(&plan.words)
        .map(|(word, typed)| {
            let (reasons, sum) = reasons(plan, matches, word);
            let fields = field_words.iter().filter(|(_, words)| words.contains(word));
            TermMatch {
                word: typed.clone(),
                fields: fields.map(|(field, _)| *field).collect(),
                reasons,
                score: sum * coordination,
            }
        })
        .collect();
    let stop_words = plan
        .terms
        .iter()
        .zip(&matches.scores)
        .filter(|(term, _)| term.words.is_empty())
        .map(|(_, (score, _))| score * coordination)
        .fold(0.0, |sum, score| sum + score);
    let sum = words.iter().map(|word| word.score).sum::<f32>() + stop_words;
    let ScoreFactors { recency, preference } = factors;
    let proximity = score - sum * recency * preference;
    Explanation {
        all_words: words.iter().all(|word| !word.reasons.is_empty()),
        words,
        stop_words,
        proximity: if proximity > ROUNDING_ERROR { proximity } else { 0.0 },
        recency: sum * (recency - 1.0),
        preference: sum * recency * (preference - 1.0),
    }
}

/// The query words that each field of a record contains.
fn field_words(record: &Record, plan: &Plan, matches: &Matches) -> [(SearchField, WordSet); 4] {
    let title = record.common().map_or("", |common| common.title.as_str());
    let (in_title, in_text) = title_and_text_positions(title, matches);
    let body_start = document_texts::field_texts(record)
        .into_iter()
        .filter(|one| one.field == SearchField::Lead)
        .fold(0, |position, one| position_after(one.text, position));
    let (in_lead, in_body) = in_text
        .split_at(in_text.partition_point(|term_position| term_position.position < body_start));
    let words = |positions: &[TermPosition]| {
        positions.iter().map(|term_position| plan.terms[term_position.term_index].words).collect()
    };
    [
        (SearchField::Title, words(&in_title)),
        (SearchField::Lead, words(in_lead)),
        (SearchField::Body, words(in_body)),
        (SearchField::Names, words(&matches.names)),
    ]
}

/// The query words that contribute to the score of a document.
fn matched_words(plan: &Plan, matches: &Matches) -> WordSet {
    let terms = plan.terms.iter().zip(&matches.scores);
    terms.filter(|(_, (score, _))| *score > 0.0).map(|(term, _)| term.words).collect()
}

/// Rounding error of a single-precision score that included the boost for all words.
const ROUNDING_ERROR: f32 = 0.005;

/// Reason why the results of a query do not list a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotListedReason {
    /// No required word matches in any form.
    NoTermMatched,
    /// Fewer required words match than `min_should_match`.
    TooFewTermsMatched {
        /// Number of matching required words.
        matched: u32,
        /// Minimum number of matching words.
        required: u32,
        /// Number of required words of the query.
        total: u32,
    },
    /// Enough words match, but a phrase, an excluded word or a field filter excludes the document.
    Excluded,
    /// A near-duplicate of the same source is listed instead.
    DuplicateOf(NodeId),
}

/// Reason why `rules` exclude a document.
pub(super) fn not_listed_reason(
    plan: &Plan,
    rules: MatchRules,
    matches: &Matches,
) -> NotListedReason {
    let words = matched_words(plan, matches);
    let MatchRules { required, min_should_match, .. } = rules;
    match words.intersection(required).len() {
        count if count >= min_should_match && !words.is_empty() => NotListedReason::Excluded,
        0 => NotListedReason::NoTermMatched,
        count => NotListedReason::TooFewTermsMatched {
            matched: count,
            required: min_should_match,
            total: required.len(),
        },
    }
}

/// The reasons why one word matched, highest score first, and the sum of their scores.
fn reasons(plan: &Plan, matches: &Matches, word: usize) -> (Vec<MatchReason>, f32) {
    let mut reasons: Vec<(MatchReason, f32)> = Vec::new();
    let terms = plan.terms.iter().zip(&plan.origins).zip(&matches.scores);
    for ((query_term, origin), (score, class)) in terms {
        if !query_term.words.contains(word) || *score <= 0.0 {
            continue;
        }
        #[expect(clippy::cast_precision_loss, reason = "there are 32 words at most")]
        let score = score / query_term.words.len() as f32;
        let (text, rule) = (origin.text.clone(), origin.rule.clone());
        let kind = match (origin.kind, class) {
            (MatchKind::Word, MatchClass::Wider) => MatchKind::Part,
            (kind, _) => kind,
        };
        let reason = MatchReason { kind, text, rule };
        match reasons.iter_mut().find(|(other, _)| *other == reason) {
            Some((_, sum)) => *sum += score,
            None => reasons.push((reason, score)),
        }
    }
    // Not `sum`, which is −0 without reasons.
    let sum = reasons.iter().fold(0.0, |sum, (_, score)| sum + score);
    reasons.sort_by(|(_, left), (_, right)| right.total_cmp(left));
    (reasons.into_iter().map(|(reason, _)| reason).collect(), sum)
}
